"""What to do with stock that will not sell in time: by how much to reduce it, and what that brings.

Numbers in, numbers out: a receipt's inputs are enough to compute it again.
"""

from __future__ import annotations

import math
from typing import Any

DAYS_PER_YEAR = 365
STEPS = tuple(range(5, 75, 5))  # per cent off that a shop would write on a label
# A mean from three quantiles. Source: Swanson's rule (30 % P10, 40 % P50, 30 % P90), Hurst, Brown &
# Swanson, AAPG Bulletin 84 (2000).
SWANSON = (0.3, 0.4, 0.3)
FIGURES = (("units", ""), ("proceeds", "_minor"), ("gain", "_minor"))


def excess_units(available: float, needed_units: float) -> int:
    """Whole units beyond what demand needs; 0 when there are none."""
    return max(math.floor(available - needed_units + 1e-9), 0)


def units_at_risk(batches: list[tuple[int, float]]) -> list[int]:
    """Units of each batch that will not sell before they expire; first expired, first out.

    batches: (on hand, demand from today until it expires), the earliest expiry first. What an
    earlier batch loses is gone and takes no demand from a later one.
    """
    lost: list[int] = []
    sold_before = 0.0
    for on_hand, demand in batches:
        sold = min(on_hand, max(demand - sold_before, 0.0))
        sold_before += sold
        lost.append(math.floor(on_hand - sold + 1e-9))
    return lost


def value_kept(units: float, terms: dict[str, Any], daily_units: float) -> float:
    """What units that are left after the sale are worth, minor units.

    They sell at the full price, one after the other at `daily_units`, until `dead_after_days`; each
    costs holding until then. What is left after that is worth `salvage_rate` of its cost.
    """
    sellable = min(units, daily_units * terms["dead_after_days"])
    wait_days = sellable / 2 / daily_units if daily_units > 0 else 0.0
    holding = terms["cost_minor"] * terms["holding_rate"] * wait_days / DAYS_PER_YEAR
    dead = (units - sellable) * terms["cost_minor"] * terms["salvage_rate"]
    return sellable * (terms["price_minor"] - holding) + dead


def sold_units(line: dict[str, Any], percent: int, case: tuple[int, int]) -> float:
    """Units sold while the sale runs. case: place of (demand, response), 0 low, 1 middle, 2 high."""
    demand, response = case
    units = line["demand_units"][demand]
    if percent:
        lift = line["elasticity"][response] * -math.log(1 - percent / 100)
        units *= math.exp(lift + line["promotion_log"][response])
    return min(units, line["units"])


def outcome(line: dict[str, Any], percent: int) -> dict[str, Any]:
    """Units, proceeds_minor, gain_minor over doing nothing, each with _low and _high, of nine cases.

    The sale's price holds for everybody, so what would have sold at the full price is counted off.
    """
    price = reduced_price(line["price_minor"], percent)
    cases = []
    for demand in range(3):
        daily = line["demand_units"][demand] / line["days"]
        before = sold_units(line, 0, (demand, 1))
        kept = line["price_minor"] * before + value_kept(line["units"] - before, line, daily)
        for response in range(3):
            sold = sold_units(line, percent, (demand, response))
            proceeds = price * sold
            gain = proceeds + value_kept(line["units"] - sold, line, daily) - kept
            cases.append((SWANSON[demand] * SWANSON[response], sold, proceeds, gain))
    found: dict[str, Any] = {"percent": percent, "price_minor": price}
    for place, (name, unit) in enumerate(FIGURES, start=1):
        for part, value in zip(("", "_low", "_high"), _spread(cases, place), strict=True):
            found[f"{name}{part}{unit}"] = round(value) if unit else round(value, 1)
    return found


def plan_clearance(line: dict[str, Any]) -> dict[str, Any]:
    """The reduction that earns most above the margin floor; percent 0 = leave the price alone.

    line: units (for sale), days (of the sale), demand_units [low, mean, high] of those days at the
    full price, elasticity and promotion_log [low, middle, high], price_minor, cost_minor,
    floor_rate (least margin over cost, may be below 0), holding_rate (of cost, per year),
    dead_after_days, salvage_rate (of cost).
    returns: the chosen outcome, all options, floor_minor, and `bound_by` ["margin floor"] where a
    deeper reduction would have earned more. A reduction that loses in the low case is no clear
    gain, and the price is left alone.
    """
    floor = math.ceil(line["cost_minor"] * (1 + line["floor_rate"]) - 1e-9)
    options = [outcome(line, percent) for percent in STEPS]
    allowed = [one for one in options if one["price_minor"] >= floor]
    nothing = outcome(line, 0)
    best = max(allowed, key=_earns, default=nothing)
    if best["gain_minor"] <= 0 or best["gain_low_minor"] < 0:
        best = nothing
    free = max(options, key=_earns)
    bound = ["margin floor"] if free not in allowed and _earns(free) > _earns(best) else []
    return best | {"options": [nothing, *options], "floor_minor": floor, "bound_by": bound}


def reduced_price(price_minor: int, percent: int) -> int:
    """Rounded down to a whole minor unit, never dearer than the label says."""
    return price_minor * (100 - percent) // 100


def _earns(one: dict[str, Any]) -> tuple[int, int]:
    """Mean gain; of equal ones the smaller reduction."""
    return one["gain_minor"], -one["percent"]


def _spread(cases: list[tuple], place: int) -> tuple[float, float, float]:
    """Mean, 0.1 and 0.9 quantile of weighted cases."""
    mean = sum(case[0] * case[place] for case in cases)
    ordered = sorted((case[place], case[0]) for case in cases)
    return mean, _quantile(ordered, 0.1), _quantile(ordered, 0.9)


def _quantile(ordered: list[tuple[float, float]], level: float) -> float:
    reached = 0.0
    for value, weight in ordered:
        reached += weight
        if reached >= level - 1e-9:
            return value
    return ordered[-1][0]
