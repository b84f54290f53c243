"""Reads for the variants of a campaign: wave by wave, who was drawn for which and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef

from inventory.profit_frames import ArmSums, Members, Window, arm_sums
from marketing.frames.effects import BEFORE, HOLDOUT
from marketing.models import AudienceMember, Campaign, CopyWave, Send, SendState

LEFT = (SendState.SENDING, SendState.SENT, SendState.UNKNOWN)
JOINT = ":"


@dataclass(frozen=True)
class Wave:
    """One wave as it stands. sums: variant, or `holdout`, → what its customers brought; with
    languages `B:zh`. written_to: variant → customers to whom a message left."""

    number: int
    shares: dict[str, float]
    sums: dict[str, ArmSums]
    written_to: dict[str, int] = field(default_factory=dict)

    @property
    def customers(self) -> int:
        return sum(one.customers for one in self.sums.values())


def waves_of(campaign: Campaign) -> list[CopyWave]:
    """Those that have begun, the first one first."""
    if campaign.audience_id is None:
        return []
    return list(CopyWave.objects.filter(audience=campaign.audience_id).order_by("number"))


def began(campaign: Campaign, wave: CopyWave) -> datetime:
    """The first one begins with the campaign, which a person may approve days after the draw."""
    if wave.number == 1 and campaign.started_at is not None:
        return campaign.started_at
    return wave.began_at


def wave_sums(campaign: Campaign, until: datetime, languages: Sequence[str] = ()) -> list[Wave]:
    """Each begun wave, its orders counted from its own beginning for the campaign's window, or until
    `until`. languages: those that have a text; then each variant is split by what its readers get."""
    counts = written_to(campaign)
    found = []
    for wave in waves_of(campaign):
        start = began(campaign, wave)
        if start >= until:
            continue
        window = Window(min(until, start + campaign.window), (start - BEFORE, start))
        sums = arm_sums(_members(campaign, wave, start, languages), window)
        found.append(Wave(wave.number, wave.shares, sums, counts.get(wave.number, {})))
    return found


def written_to(campaign: Campaign) -> dict[int, dict[str, int]]:
    """Wave → variant → customers to whom a message left."""
    return _counted(campaign, Send.objects.filter(state__in=LEFT))


def clicked(campaign: Campaign) -> dict[int, dict[str, int]]:
    """Wave → variant → customers who clicked."""
    return _counted(campaign, Send.objects.filter(clicked_at__isnull=False))


def drawn(campaign: Campaign) -> dict[int, dict[str, int]]:
    """Wave → variant → customers drawn for it."""
    rows = _people(campaign).values_list("wave", "arm").annotate(people=Count("pk"))
    return _nested(rows)


def _counted(campaign: Campaign, sends: Any) -> dict[int, dict[str, int]]:
    of_hers = sends.filter(campaign=campaign, customer=OuterRef("customer"))
    rows = (
        _people(campaign)
        .filter(Exists(of_hers))
        .values_list("wave", "arm")
        .annotate(people=Count("pk"))
    )
    return _nested(rows)


def _people(campaign: Campaign) -> Any:
    return AudienceMember.objects.filter(audience=campaign.audience_id).exclude(arm="").order_by()


def _nested(rows: Any) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for wave, arm, people in rows:
        found.setdefault(wave, {})[arm] = people
    return found


def _members(
    campaign: Campaign, wave: CopyWave, start: datetime, languages: Sequence[str]
) -> Members:
    """Everybody drawn in the wave, written to or skipped, and its holdout."""
    arm = f"CASE WHEN m.is_holdout THEN '{HOLDOUT}' ELSE m.arm END"
    join, params = "", []
    if languages:
        own = sorted(languages)
        marks = ", ".join(["%s"] * len(own))
        arm += f" || '{JOINT}' || CASE WHEN who.language IN ({marks}) THEN who.language ELSE %s END"
        join = "JOIN shop_customer who ON who.id = m.customer_id "
        params = [*own, campaign.language]
    sql = (
        f"SELECT m.customer_id, {arm} AS arm FROM marketing_audiencemember m {join}"
        "WHERE m.audience_id = %s AND m.wave = %s AND NOT m.is_left_out "
        "AND (m.is_holdout OR m.arm <> '')"
    )
    return Members(sql, [*params, campaign.audience_id, wave.number], start)
