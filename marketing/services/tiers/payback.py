"""What a tier brought: who just passed its threshold at the first look beside who just missed it.

Members buy more than others because that is how one becomes a member. Just under and just above the
threshold people are alike, so a jump of what they brought afterwards is the tier's own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import OuterRef, Subquery

from decisions.services.experiments import WINSOR_QUANTILE
from inventory.profit_frames import Members, Window, arm_sums, person_profits
from marketing.frames.behaviour import known_orders
from marketing.frames.tiers import measured
from marketing.models import Tier, TierFigure, TierMove, TierProgramme

if TYPE_CHECKING:
    import numpy as np

AFTER = timedelta(days=90)
COUNTED_EVERY = timedelta(days=7)
CHUNK = 2_000
MOST_CUSTOMERS = 300_000
BUNCHED = 0.01


def count_payback(programme: TierProgramme, at: datetime) -> bool:
    """Written where it is due: the time after the first look is over, or was not when it was last
    counted. Run twice it writes the same. Returns whether it counted."""
    start = programme.first_checked_at
    if start is None or start + AFTER > at:
        return False
    if programme.payback_at and at - programme.payback_at < COUNTED_EVERY:
        return False
    found = payback(programme, start)
    TierProgramme.objects.filter(pk=programme.pk).update(payback=found, payback_at=at)
    programme.payback, programme.payback_at = found, at
    return True


def payback(programme: TierProgramme, start: datetime) -> dict[str, Any]:
    """Per tier the jump in profit within 90 days, minor units per customer, or why nobody can tell.

    The thresholds are those of the first look, from the ledger where they have changed since.
    """
    import numpy as np  # not before the night

    base = {"from": start.isoformat(), "days": AFTER.days}
    if programme.figure == TierFigure.VALUE_LOW:
        return base | {"refused": "not_kept", "tiers": []}
    members = _ordered_before(programme, start)
    window = Window(until=start + AFTER, before=(start - AFTER, start))
    if any(one.unknown_cost_units for one in arm_sums(members, window).values()):
        return base | {"refused": "unknown_costs", "tiers": []}
    people = _people(programme, start)
    if len(people) > MOST_CUSTOMERS:
        return base | {"refused": "too_many", "tiers": []}
    known = _figures(programme, people, start)
    figures = np.array([known[pk] for pk in people], dtype=float)
    after = _profits(people, person_profits(members, window))
    earlier = Window(start, (start - 2 * AFTER, start - AFTER))
    before = _profits(people, person_profits(_at(members, start - AFTER), earlier))
    steps = _thresholds(programme, start)
    rows = [
        _tier_row(tier, steps, (figures, after, before), _entered_later(tier, start, people))
        for tier in programme.tiers.order_by("rank")
        if tier.code in steps
    ]
    return base | {"refused": "", "customers": len(people), "tiers": rows}


def _people(programme: TierProgramme, start: datetime) -> list[int]:
    since = start - timedelta(days=programme.window_days)
    rows = known_orders(start).filter(placed_at__gte=since).order_by("customer_id")
    return list(rows.values_list("customer_id", flat=True).distinct()[: MOST_CUSTOMERS + 1])


def _figures(programme: TierProgramme, people: list[int], start: datetime) -> dict[int, int]:
    found: dict[int, int] = {}
    for place in range(0, len(people), CHUNK):
        chunk = people[place : place + CHUNK]
        found |= {pk: one.value or 0 for pk, one in measured(programme, chunk, start).items()}
    return found


def _ordered_before(programme: TierProgramme, start: datetime) -> Members:
    return Members(
        "SELECT DISTINCT customer_id, 'all' AS arm FROM shop_order "
        "WHERE customer_id IS NOT NULL AND currency = %s AND placed_at >= %s AND placed_at < %s",
        [settings.SHOP_CURRENCY, start - timedelta(days=programme.window_days), start],
        start,
    )


def _at(members: Members, since: datetime) -> Members:
    return Members(members.sql, members.params, since)


def _profits(people: list[int], found: dict[int, float]) -> np.ndarray:
    """Zeros included; one bulk buyer counts as the 99.x % spender at most."""
    import numpy as np

    values = np.array([found.get(pk, 0.0) for pk in people])
    spent = values[values > 0]
    limit = float(np.quantile(spent, WINSOR_QUANTILE)) if len(spent) else 0.0
    return np.clip(values, -limit, limit)


def _thresholds(programme: TierProgramme, start: datetime) -> dict[str, int]:
    """Tier → what won it at the first look, by what its first moves say."""
    first = TierMove.objects.filter(programme=programme, to_tier=OuterRef("pk"), at=start)
    rows = Tier.objects.filter(programme=programme).annotate(
        said=Subquery(first.order_by("pk").values("trace")[:1])
    )
    found: dict[str, int] = {}
    for tier in rows.order_by("rank"):
        steps = {one["tier"]: one["enter_at"] for one in (tier.said or {}).get("thresholds", [])}
        if tier.code in steps:
            found[tier.code] = steps[tier.code]
    return found


def _entered_later(tier: Tier, start: datetime, people: list[int]) -> set[int]:
    """Of those who were under it at first, who came into it within the time all the same."""
    moves = TierMove.objects.filter(
        programme=tier.programme_id,
        to_tier__rank__gte=tier.rank,
        at__gt=start,
        at__lte=start + AFTER,
    )
    return set(moves.values_list("customer_id", flat=True)) & set(people)


def _tier_row(
    tier: Tier,
    steps: dict[str, int],
    columns: tuple[np.ndarray, np.ndarray, np.ndarray],
    later: set[int],
) -> dict[str, Any]:
    """Between the thresholds of its neighbours: beyond them another tier begins."""
    from marketing.ml.discontinuity import Refused, bunching, jump_at

    threshold = steps[tier.code]
    low = max((one for one in steps.values() if one < threshold), default=0)
    high = min((one for one in steps.values() if one > threshold), default=None)
    figures, after, before = columns
    mine = (figures >= low) & (figures > 0)
    if high is not None:
        mine &= figures < high
    row: dict[str, Any] = {"tier": tier.code, "threshold": threshold, "entered_later": len(later)}
    found = jump_at(figures[mine], after[mine], threshold)
    if isinstance(found, Refused):
        return row | {"refused": found.reason, "below": found.below, "above": found.above}
    earlier = jump_at(figures[mine], before[mine], threshold, bandwidth=found.bandwidth)
    below, above, chance = bunching(figures[mine], threshold, found.bandwidth)
    row |= {
        "value": found.value, "low": found.low, "high": found.high, "below": found.below,
        "above": found.above, "bandwidth": found.bandwidth, "mean_below": found.mean_below,
        "mean_above": found.mean_above, "strip": [below, above], "bunching_p": chance,
    }  # fmt: skip
    if not isinstance(earlier, Refused):
        row |= {"before": earlier.value, "before_low": earlier.low, "before_high": earlier.high}
        if earlier.low > 0 or earlier.high < 0:
            return row | {"refused": "differed_before"}
    return row | {"refused": "bunched" if chance < BUNCHED else ""}
