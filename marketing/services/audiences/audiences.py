"""Freeze who is meant, draw who gets nothing, and leave out whom the message does not pay with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop

from decisions.services.experiments import in_global_holdout, in_share
from marketing.definitions.readers import meant_by, rule_of
from marketing.definitions.rules import reachable
from marketing.models import Audience, AudienceMember, Campaign
from marketing.services.audiences.exclusion import taken_members
from marketing.services.audiences.targeting import Targeting, held_out_rate

MANY = 10_000  # customers
ROWS_PER_TRANSACTION = 500


class NobodyReachableError(Exception):
    """The segment holds nobody who may be written to."""


class NobodyMovedError(Exception):
    """Everybody may be written to, and the message pays with none of them."""


@dataclass
class _Counts:
    customers: int = 0
    held_out: int = 0
    left_out: int = 0
    explored: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, members: Sequence[AudienceMember]) -> None:
        on_list = [one for one in members if not one.is_left_out]
        self.customers += len(on_list)
        self.held_out += sum(one.is_holdout for one in on_list)
        self.left_out += len(members) - len(on_list)
        self.explored += sum((one.expected_minor or 0) < 0 for one in on_list)
        lines = (f"{m.customer_id}:{m.is_holdout:d}{'x' * m.is_left_out}\n" for m in members)
        self.digest.update("".join(lines).encode())


def freeze_audience(
    campaign: Campaign,
    targeting: Targeting | None = None,
    progress: Callable[..., None] | None = None,
) -> Audience:
    """A new list of everybody reachable in the segment, or on the kept list that the campaign is for,
    in chunks, the holdout drawn by hash.

    Both arms are reachable people, so what differs between them is the message. Who is kept out of
    everything (EXPERIMENT_HOLDOUT_RATE) is in neither: she never got the messages before, either. A worker that
    dies in between leaves an incomplete list that no campaign points at.

    With `targeting`, those with an expected profit below 0 are left out, except for a random share
    that explores; every row keeps its chance of getting the message. A targeting that leaves nobody
    out only notes what the message is expected to bring, by which they are sent to.
    Raises NobodyReachableError, NobodyMovedError.
    """
    source = campaign.frozen_audience
    audience = Audience.objects.create(
        segment=source.segment if source else campaign.segment,
        rule=rule_of(campaign),
        channel=campaign.channel,
        source=source,
        holdout_rate=held_out_rate(campaign),
    )
    customers = reachable(meant_by(campaign), campaign.channel)
    taken = taken_members(campaign, audience.frozen_at)
    if campaign.exclusion_group:
        customers = customers.filter(~Exists(taken.filter(customer=OuterRef("pk"))))
    counts, last = _Counts(), 0
    while chunk := list(
        customers.filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", "code")[:ROWS_PER_TRANSACTION]
    ):
        last = chunk[-1][0]
        meant = [(pk, code) for pk, code in chunk if not in_global_holdout(f"customer:{pk}")]
        arms = _Arms(campaign, [pk for pk, _code in meant])
        members = _members(audience, arms, meant, targeting)
        with transaction.atomic():
            AudienceMember.objects.bulk_create(members)
        counts.add(members)
        if progress:
            progress(counts.customers, 0, gettext_noop("drawing the list"))
    if counts.customers - counts.held_out < 1:
        audience.delete()
        raise NobodyMovedError if counts.left_out else NobodyReachableError
    audience.customer_count, audience.holdout_count = counts.customers, counts.held_out
    audience.left_out_count = counts.left_out
    if targeting and targeting.leaves_out:
        audience.targeting = targeting.as_json() | {
            "explored": counts.explored,
            "exploration_rate": campaign.exploration_rate,
        }
    audience.members_sha256, audience.is_complete = counts.digest.hexdigest(), True
    audience.save()
    if counts.customers > MANY:
        analyze_members()
    return audience


def analyze_members() -> None:
    """After many were written: by the statistics of before, PostgreSQL would sort the whole list for
    each page of it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {AudienceMember._meta.db_table}")


class _Arms:
    """Who of a chunk is held out: as the kept list drew it, else drawn by the campaign's own hash."""

    def __init__(self, campaign: Campaign, customers: Sequence[int]):
        self.campaign, self.rate = campaign, held_out_rate(campaign)
        self._of_list: frozenset[int] | None = None
        if campaign.frozen_audience and campaign.frozen_audience.holdout_rate:
            held = AudienceMember.objects.filter(
                audience=campaign.frozen_audience, is_holdout=True, customer__in=customers
            )
            self._of_list = frozenset(held.values_list("customer_id", flat=True))

    def is_held(self, customer_id: int, code: str) -> bool:
        if self._of_list is not None:
            return customer_id in self._of_list
        return in_share(f"campaign:{self.campaign.pk}", code, self.rate)


def _members(
    audience: Audience,
    arms: _Arms,
    meant: Sequence[tuple[int, str]],
    targeting: Targeting | None,
) -> list[AudienceMember]:
    if targeting is None or not meant:
        return [_member(audience, arms, pk, code, None) for pk, code in meant]
    expected = targeting.expected_minor([pk for pk, _code in meant])
    rows = zip(meant, expected, strict=True)
    if targeting.leaves_out:
        return [_member(audience, arms, pk, code, float(money)) for (pk, code), money in rows]
    found = []
    for (pk, code), money in rows:
        member = _member(audience, arms, pk, code, None)
        member.expected_minor = float(money)
        found.append(member)
    return found


def _member(
    audience: Audience, arms: _Arms, customer_id: int, code: str, expected: float | None
) -> AudienceMember:
    campaign, held = arms.campaign, arms.is_held(customer_id, code)
    pays = expected is None or expected >= 0
    explored = not pays and in_share(f"explore:{campaign.pk}", code, campaign.exploration_rate)
    is_left_out = not (pays or explored)
    chance = (1 - arms.rate) * (1 if pays else campaign.exploration_rate)
    return AudienceMember(
        audience=audience,
        customer_id=customer_id,
        is_holdout=held and not is_left_out,
        is_left_out=is_left_out,
        propensity=chance,
        expected_minor=expected,
    )
