"""What of an experiment's figures stock decided: SKUs that ran out while it ran.

From the moment on when a SKU ran out its sales count in no arm: whoever was shown the arm that sold it
has it, and the others could not buy it any more, or come back for it later. And what was sold before
is looked at apart: arms draw on one shelf, so what one of them takes the other cannot sell, and for
everybody the shelf would be empty sooner. Source: Johari, Li, Liskovich & Weintraub, Experimental
Design in Two-Sided Platforms: An Analysis of Bias, Management Science 68 (2022).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from decisions.services import experiments as statistics
from inventory.profit_frames import (
    ArmSums,
    Members,
    Window,
    arm_sums,
    line_revenue,
    sold_units,
)
from recommendations import trial_frames
from shop.models import Variant

MOST_NAMED = 5
SCARCE = "scarce"


@dataclass(frozen=True)
class Figures:
    """arms: arm → moments per person; strata: batch → the same, where shares change, else empty."""

    arms: dict[str, statistics.Moments]
    strata: dict[str, dict[str, statistics.Moments]]


@dataclass(frozen=True)
class RanOut:
    """units: arm → sold before `at`. left_out_units: sold from then on, in all arms."""

    sku: str
    at: datetime
    units: dict[str, int]
    left_out_units: int


@dataclass(frozen=True)
class Stock:
    """skus: how many ran out, of those that people of the experiment bought. named: the first
    MOST_NAMED by units. left_out_units: not counted. scarce: what was sold of them before, per person,
    in money after discounts (purchases where the figure is that). without: the experiment's own figure
    as if none of these SKUs were there."""

    skus: int
    named: list[RanOut]
    left_out_units: int
    scarce: Figures
    without: Figures


def window_of(members: Members, begin: datetime, until: datetime) -> Window:
    """The experiment's, with what ran out in it of what its people bought."""
    window = trial_frames.window_of(begin, until, {})
    bought = {sku for _arm, sku in sold_units(members, window)}
    return trial_frames.window_of(begin, until, trial_frames.ran_out(bought, begin, until))


def stock_of(members: Members, window: Window, *, is_revenue: bool) -> Stock | None:
    """Of the figure that counts all orders. None where nothing ran out."""
    if not window.gone:
        return None
    never = replace(window, gone=dict.fromkeys(window.gone, window.before[1]))
    left = arm_sums(members, never)
    sold = line_revenue(members, window, {SCARCE: sorted(window.gone)})
    units: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    after: dict[int, int] = defaultdict(int)
    for (arm, sku), (before, later) in sold_units(members, window).items():
        if sku in window.gone:
            units[sku][arm.partition(trial_frames.JOINT)[0]] += before
            after[sku] += later
    return Stock(
        len(window.gone),
        named(window.gone, units, after),
        sum(after.values()),
        figures({arm: one for (arm, group), one in sold.items() if group == SCARCE}),
        figures({arm: money_of(one, is_revenue) for arm, one in left.items()}),
    )


def named(
    gone: Mapping[int, datetime], units: Mapping[int, Mapping[str, int]], after: Mapping[int, int]
) -> list[RanOut]:
    """The SKUs of which most was sold, most first."""

    def sold(sku: int) -> int:
        return sum(units.get(sku, {}).values()) + after.get(sku, 0)

    first = sorted(gone, key=lambda sku: (-sold(sku), gone[sku], sku))[:MOST_NAMED]
    codes = dict(Variant.objects.filter(pk__in=first).values_list("pk", "sku"))
    return [
        RanOut(codes[sku], gone[sku], dict(units.get(sku, {})), after.get(sku, 0))
        for sku in first
        if sku in codes
    ]


def figures(found: Mapping[str, statistics.Moments]) -> Figures:
    """From `arm` or `arm␟batch` → moments."""
    strata: dict[str, dict[str, statistics.Moments]] = defaultdict(dict)
    whole: dict[str, statistics.Moments] = {}
    for name, moments in found.items():
        arm, _joint, batch = name.partition(trial_frames.JOINT)
        strata[batch][arm] = moments
        whole[arm] = whole[arm] + moments if arm in whole else moments
    return Figures(whole, dict(strata) if len(strata) > 1 else {})


def money_of(sums: ArmSums, is_revenue: bool) -> statistics.Moments:
    """Profit; revenue for all arms as soon as one sold unit has no cost."""
    return sums.money(is_revenue=is_revenue)


def effect_between(found: Figures, arm: str, control: str) -> statistics.Effect:
    """What was spent before is taken out; batches with shares of their own are judged apart."""
    both = [
        statistics.adjusted_effect(one[arm], one[control])[0]
        for one in found.strata.values()
        if min((one[name].n if name in one else 0) for name in (arm, control)) > 1
    ]
    if both:
        return statistics.pooled_effect(both)
    return statistics.adjusted_effect(found.arms[arm], found.arms[control])[0]
