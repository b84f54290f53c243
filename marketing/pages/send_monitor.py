"""The send monitor of a campaign: what has left, what waits and why, how fast, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from decisions.text import render
from marketing.models import (
    Campaign,
    CampaignState,
    ChannelHealth,
    Refusal,
    SendState,
    SkipReason,
)
from shop.models import CouponState

RATE_MINUTES = 5
ERRORS_SHOWN = 10
LIVE = (CampaignState.APPROVED, CampaignState.SENDING)


@dataclass(frozen=True)
class Pace:
    """per_minute: over the last minutes. ends_at: None where nothing tells, or nothing is left.
    again: of those who wait, how many were refused before."""

    per_minute: float
    left: int
    asleep: int
    again: int
    wakes_at: datetime | None
    ends_at: datetime | None


def monitor_page(campaign: Campaign, at: datetime | None = None) -> dict[str, Any]:
    """Five queries, however many recipients there are; one more where it gives coupons."""
    at = at or timezone.now()
    rows = campaign.sends.order_by().values_list("state", "reason").annotate(n=Count("pk"))
    states: dict[str, int] = dict.fromkeys(SendState.values, 0)
    reasons: dict[str, int] = {}
    for state, reason, count in rows:
        states[state] += count
        if state == SendState.SKIPPED:
            reasons[reason] = count
    total = campaign.audience.recipient_count if campaign.audience else 0
    known = sum(states.values())
    done = known - states[SendState.CLAIMED] - states[SendState.SENDING]
    words, closed = dict(SkipReason.choices), _closed(campaign, at)
    return {
        "campaign": campaign,
        "note": render(campaign.state_note),
        "at": at,
        "is_live": campaign.state in LIVE,
        "total": total,
        "done": done,
        "percent": round(100 * done / total) if total else 0,
        "states": _states(states, max(0, total - known)),
        "reasons": sorted(
            ((words[SkipReason(reason)], count) for reason, count in reasons.items()),
            key=lambda pair: -pair[1],
        ),
        "errors": _errors(campaign),
        "pace": _pace(campaign, max(0, total - known), at, closed),
        "closed": closed,
        "held_coupons": _held_coupons(campaign),
    }


def _states(states: dict[str, int], unclaimed: int) -> list[dict[str, Any]]:
    labels = dict(SendState.choices)
    labels[SendState.CLAIMED] = _("waiting")
    labels[SendState.UNKNOWN] = _("unknown, not repeated")
    counts = states | {SendState.CLAIMED: states[SendState.CLAIMED] + unclaimed}
    return [
        {"name": state, "label": labels[state], "count": counts[state]}
        for state in SendState.values
        if counts[state] or state in (SendState.SENT, SendState.CLAIMED)
    ]


def _errors(campaign: Campaign) -> list[tuple[str, int]]:
    """What the other side said, with what that is about."""
    found = campaign.sends.exclude(error="").order_by().values_list("refusal", "error")
    rows = found.annotate(n=Count("pk")).order_by("-n", "error")[:ERRORS_SHOWN]
    labels = dict(Refusal.choices)
    return [
        (f"{labels[Refusal(refusal)]}: {error}" if refusal else error, count)
        for refusal, error, count in rows
    ]


def _closed(campaign: Campaign, at: datetime) -> ChannelHealth | None:
    """The channel's row while nothing leaves on it."""
    row = ChannelHealth.objects.filter(pk=campaign.channel).first()
    return row if row and row.is_closed(at) else None


def _held_coupons(campaign: Campaign) -> int:
    """Open coupons of messages of which nobody knows whether they left."""
    if campaign.coupon_offer_id is None:
        return 0
    lost = campaign.sends.filter(state=SendState.UNKNOWN, coupon__state=CouponState.OPEN)
    return lost.count()


def _pace(campaign: Campaign, unclaimed: int, at: datetime, closed: ChannelHealth | None) -> Pace:
    """Rate of the last minutes, and when those who are left will have been dealt with."""
    since = max(at - timedelta(minutes=RATE_MINUTES), campaign.started_at or at)
    waiting = Q(state=SendState.CLAIMED)
    found = campaign.sends.aggregate(
        gone=Count("pk", filter=Q(handed_over_at__gt=since)),
        left=Count("pk", filter=waiting & (Q(due_at=None) | Q(due_at__lte=at))),
        asleep=Count("pk", filter=waiting & Q(due_at__gt=at)),
        again=Count("pk", filter=waiting & Q(attempts__gt=0)),
        wakes_at=Min("due_at", filter=waiting & Q(due_at__gt=at)),
        last_at=Max("due_at", filter=waiting & Q(due_at__gt=at)),
    )
    minutes = max((at - since).total_seconds() / 60, 1 / 60)
    rate, left = found["gone"] / minutes, found["left"] + unclaimed
    if campaign.per_minute:
        rate = min(rate, campaign.per_minute) or campaign.per_minute
    ends_at = None
    if campaign.state in LIVE and (left or found["asleep"]):
        if rate:
            ends_at = at + timedelta(minutes=left / rate)
        if found["last_at"]:
            ends_at = max(ends_at or at, found["last_at"])
        if ends_at and closed and closed.closed_until:
            ends_at = max(ends_at, closed.closed_until)
    return Pace(rate, left, found["asleep"], found["again"], found["wakes_at"], ends_at)
