"""How many to order, when at the latest, and what it earns. Numbers in, numbers out: replayable."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

DAYS_PER_YEAR = 365


def round_to_lot(units: float, *, moq: int, pack_size: int) -> int:
    """The smallest whole number of packs that is at least `units` and at least the MOQ; 0 for 0."""
    if units <= 0:
        return 0
    return math.ceil(max(math.ceil(units), moq) / pack_size) * pack_size


def normal_safety_stock(
    daily_sd_units: float,
    daily_mean_units: float,
    *,
    lead_time_days: float,
    lead_time_sd_days: float,
    cycle_service_level: float,
) -> float:
    """Safety stock for normal demand and lead time: z · sqrt(L·σ_d² + d²·σ_L²), in units.

    The plan itself uses simulated distributions; this is the textbook's figure to hold it against.
    Source: Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains, 4th ed.
    """
    from scipy.special import ndtri

    variance = lead_time_days * daily_sd_units**2 + daily_mean_units**2 * lead_time_sd_days**2
    return float(ndtri(cycle_service_level) * math.sqrt(variance))


def plan_line(line: dict[str, Any], terms: dict[str, Any]) -> dict[str, Any]:
    """One SKU's order from what is known of it; units 0 when nothing is to be ordered.

    line:  lead_units, cycle_units (20 quantiles at equal chances), cover_units, review_mean_units
           (see lead_time.Protection); on_hand, on_order, allocated; moq, pack_size;
           unit_margin_minor, unit_cost_minor (None = unknown); planned_units where the plan of all
           SKUs has decided, else the policy's own number; holding_rate where its class has one.
    terms: review_period_days, holding_rate (per year, of the unit cost).
    The policy is (R, s, S): at a review, order up to S when the position is at or below s.
    reorder_point s = what covers lead time + review period with the cycle service level;
    order_up_to_level S = s + the mean demand of one review period.
    Source: Silver, Pyke & Thomas, 4th ed., ch. 6 (periodic review).
    """
    position = line["on_hand"] + line["on_order"] - line["allocated"]
    cover = line["cover_units"]
    reorder_point = math.ceil(cover[-1] - 1e-9)
    up_to = math.ceil(reorder_point + line["review_mean_units"] - 1e-9)
    short = up_to - position if position <= reorder_point and up_to > 0 else 0
    units = line.get("planned_units")
    if units is None:
        units = round_to_lot(short, moq=line["moq"], pack_size=line["pack_size"])
    return {
        "sku": line["sku"],
        "units": units,
        "inventory_position": position,
        "reorder_point": reorder_point,
        "order_up_to_level": up_to,
        "safety_stock": reorder_point - round(float(np.mean(line["cycle_units"]))),
        "order_by_days": days_to_spare(position, cover),
        "bound_by": _bound_by(short, line),
        **line_money(line, terms, position=position, units=units),
        **next_unit(line, terms, position=position, units=units),
        **doing_nothing(line, position=position),
    }


def days_to_spare(position: float, cover_units: list[float]) -> int:
    """Days that ordering may wait: −1 when it is too late already, at most the review period."""
    safe = [delay for delay, cover in enumerate(cover_units) if cover <= position]
    return max(safe, default=-1)


def line_money(
    line: dict[str, Any], terms: dict[str, Any], *, position: float, units: int
) -> dict[str, int | None]:
    """What ordering earns until the next order could arrive, minor units; None = margin unknown.

    Without the order, demand above the position is lost between arrival and the next arrival.
    Each saved unit earns its margin; each unit left over is held for a review period.
    Low and high are the means of the worst and of the best fifth of cases: unlike the 10 % and
    90 % quantiles they hold the mean between them also where one case in twenty brings it all.
    Source: tail means are coherent, Acerbi & Tasche, Journal of Banking & Finance 26 (2002).
    """
    if line["unit_margin_minor"] is None or line["unit_cost_minor"] is None:
        return {"expected_minor": None, "expected_low_minor": None, "expected_high_minor": None}
    saved = np.minimum(_lost(line, position), units)
    holding = (units - saved) * _holding(line, terms)
    earned = np.sort(saved * line["unit_margin_minor"] - holding)
    fifth = max(len(earned) // 5, 1)
    return {
        "expected_minor": round(float(earned.mean())),
        "expected_low_minor": round(float(earned[:fifth].mean())),
        "expected_high_minor": round(float(earned[-fifth:].mean())),
    }


def next_unit(
    line: dict[str, Any], terms: dict[str, Any], *, position: float, units: int
) -> dict[str, int | None]:
    """Expected money of one unit more than `units`: saved where it is wanted, else held."""
    if line["unit_margin_minor"] is None or line["unit_cost_minor"] is None:
        return {"next_unit_minor": None}
    more = np.clip(_lost(line, position) - units, 0, 1)
    earned = more * line["unit_margin_minor"] - (1 - more) * _holding(line, terms)
    return {"next_unit_minor": round(float(earned.mean()))}


def doing_nothing(line: dict[str, Any], *, position: float) -> dict[str, Any]:
    """Units and margin lost until the next chance to order has come and arrived."""
    lost = float(_lost(line, position).mean())
    margin = line["unit_margin_minor"]
    return {
        "without_units": round(lost, 3),
        "without_minor": None if margin is None else round(lost * margin),
    }


def _lost(line: dict[str, Any], position: float) -> np.ndarray:
    """(20,) units lost between this delivery and the next one if it does not come."""
    lead, cycle = np.array(line["lead_units"]), np.array(line["cycle_units"])
    lost = np.maximum(cycle - position, 0) - np.maximum(lead - position, 0)
    return np.maximum(lost, 0)


def _holding(line: dict[str, Any], terms: dict[str, Any]) -> float:
    """Money of one unit in stock for a review period."""
    rate = line.get("holding_rate", terms["holding_rate"])
    return float(line["unit_cost_minor"] * rate * terms["review_period_days"] / DAYS_PER_YEAR)


def plan_order(inputs: dict[str, Any]) -> dict[str, Any]:
    """Every line of one supplier and warehouse, most money first; lines of 0 units are left out.

    inputs: {"lines": […], "terms": {review_period_days, holding_rate, order_cost_minor,
    minimum_order_minor, currency_is_shop_currency}}. Totals are None when any line's money is.
    Low and high are sums of the lines' lows and highs: as if all SKUs sold badly or well together.
    """
    terms = inputs["terms"]
    lines = [plan_line(line, terms) for line in inputs["lines"]]
    lines = [line for line in lines if line["units"] > 0]
    lines.sort(key=lambda line: (-(line["expected_minor"] or 0), line["sku"]))
    costs = {line["sku"]: line["unit_cost_minor"] for line in inputs["lines"]}
    return {
        "lines": lines,
        "units": sum(line["units"] for line in lines),
        "order_by_days": min((line["order_by_days"] for line in lines), default=None),
        "value_minor": _total([_times(costs[line["sku"]], line["units"]) for line in lines]),
        **{
            name: _less(_total([line[name] for line in lines]), terms["order_cost_minor"])
            for name in ("expected_minor", "expected_low_minor", "expected_high_minor")
        },
        "lines_without_money": sum(line["expected_minor"] is None for line in lines),
    }


def _bound_by(short: float, line: dict[str, Any]) -> list[str]:
    if short <= 0:
        return []
    bounds = []
    if math.ceil(short) < line["moq"]:
        bounds.append("moq")
    if max(math.ceil(short), line["moq"]) % line["pack_size"]:
        bounds.append("pack_size")
    return bounds


def _times(cost_minor: int | None, units: int) -> int | None:
    return None if cost_minor is None else cost_minor * units


def _total(amounts: list[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _less(amount: int | None, cost: int) -> int | None:
    return None if amount is None else amount - cost
