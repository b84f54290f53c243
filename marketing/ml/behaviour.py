"""What customers did before a moment, as numbers: the inputs of propensity and personas.

Everything here was known at `as_of`; the frames see to that, this file refuses what is later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DAY = 86_400.0
NAMES = (
    "recency_days", "tenure_days", "orders", "revenue_minor", "margin_minor", "margin_rate",
    "refund_rate", "mean_gap_days", "gap_variation", "silence_over_gap", "orders_30", "orders_90",
    "orders_365", "trend", "categories", "main_category_share", "price_band", "evening_share",
    "weekend_share", "channels", "discount_share", "tickets_180", "views_7", "views_30",
    "cart_adds_30", "searches_30", "opens_90", "links_90", "quiet_days",
)  # fmt: skip
EVENT_WINDOWS = (
    ("view", 7), ("view", 30), ("cart_add", 30), ("search", 30), ("open", 90), ("link", 90),
)  # fmt: skip


@dataclass(frozen=True)
class Orders:
    """Parallel arrays, one entry per order.

    customer: row of the wanted customers; at: epoch seconds; day: days since 1970 in the shop's
    time zone; hour 0–23 and weekday 0–6 (Monday 0) there; revenue_minor: without taxes, less the
    refunds and the cancelled rests known by then; margin_minor: that less the units' cost, NaN where a cost is unknown;
    paid_minor and refund_minor: before and of the refunds of what came back, without taxes; channel: key, −1 without.
    """

    customer: np.ndarray
    at: np.ndarray
    day: np.ndarray
    hour: np.ndarray
    weekday: np.ndarray
    revenue_minor: np.ndarray
    margin_minor: np.ndarray
    paid_minor: np.ndarray
    refund_minor: np.ndarray
    channel: np.ndarray


@dataclass(frozen=True)
class Lines:
    """One entry per bought line: category key (−1 without), units, price per unit, discount."""

    customer: np.ndarray
    category: np.ndarray
    units: np.ndarray
    unit_price_minor: np.ndarray
    discount_minor: np.ndarray


@dataclass(frozen=True)
class Facts:
    """customers: keys, ascending, row i everywhere. events: (customers, 6) counts in the order of
    EVENT_WINDOWS; last_event_at: epoch seconds, NaN without; tickets: opened within 180 days."""

    customers: np.ndarray
    orders: Orders
    lines: Lines
    events: np.ndarray
    last_event_at: np.ndarray
    tickets: np.ndarray
    as_of: float


def behaviour_features(facts: Facts) -> np.ndarray:
    """(customers, len(NAMES)) float; NaN where a figure does not exist: no order, no second one.

    Raises ValueError for an order at or after `as_of`.
    """
    orders, now, n = facts.orders, facts.as_of, facts.customers.size
    if orders.at.size and orders.at.max() >= now:
        raise ValueError("an order lies at or after as_of")
    columns = _rhythm(orders, n, now) | _money(orders, n) | _habits(orders, facts.lines, n)
    columns["tickets_180"] = facts.tickets.astype(float)
    for place, (kind, days) in enumerate(EVENT_WINDOWS):
        columns[f"{PLURALS[kind]}_{days}"] = facts.events[:, place].astype(float)
    columns["quiet_days"] = (now - facts.last_event_at) / DAY
    return np.column_stack([columns[name] for name in NAMES]).reshape(n, len(NAMES))


PLURALS = {
    "view": "views", "cart_add": "cart_adds", "search": "searches", "open": "opens", "link": "links",
}  # fmt: skip


def _sums(rows: np.ndarray, values: np.ndarray | None, n: int) -> np.ndarray:
    return np.bincount(rows, weights=values, minlength=n).astype(float)


def _over(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """above / below, NaN where below is 0."""
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _rhythm(orders: Orders, n: int, now: float) -> dict[str, np.ndarray]:
    who, at = orders.customer, orders.at
    count = _sums(who, None, n)
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(first, who, at)
    np.maximum.at(last, who, at)
    some = count > 0
    recency, tenure = np.full(n, np.nan), np.full(n, np.nan)
    recency[some], tenure[some] = (now - last[some]) / DAY, (now - first[some]) / DAY
    order = np.lexsort((at, who))
    same = np.diff(who[order]) == 0
    gaps, owner = np.diff(at[order])[same] / DAY, who[order][1:][same]
    number = _sums(owner, None, n)
    mean = _over(_sums(owner, gaps, n), number)
    spread = np.sqrt(np.maximum(_over(_sums(owner, gaps**2, n), number) - mean**2, 0))
    recent = {days: _sums(who[at >= now - days * DAY], None, n) for days in (30, 90, 180, 365)}
    earlier = recent[180] - recent[90]
    return {
        "recency_days": recency,
        "tenure_days": tenure,
        "orders": count,
        "mean_gap_days": mean,
        "gap_variation": np.where(number > 1, _over(spread, mean), np.nan),
        "silence_over_gap": _over(recency, np.nan_to_num(mean)),
        **{f"orders_{days}": recent[days] for days in (30, 90, 365)},
        "trend": np.log((recent[90] + 0.5) / (earlier + 0.5)),
    }


def _money(orders: Orders, n: int) -> dict[str, np.ndarray]:
    who = orders.customer
    revenue = _sums(who, orders.revenue_minor, n)
    margin = _sums(who, orders.margin_minor, n)  # NaN where a cost is unknown
    return {
        "revenue_minor": revenue,
        "margin_minor": margin,
        "margin_rate": _over(margin, revenue),
        "refund_rate": _over(_sums(who, orders.refund_minor, n), _sums(who, orders.paid_minor, n)),
    }


def _habits(orders: Orders, lines: Lines, n: int) -> dict[str, np.ndarray]:
    who, count = orders.customer, _sums(orders.customer, None, n)
    evening = (orders.hour >= 18) | (orders.hour < 4)
    units = _sums(lines.customer, lines.units, n)
    asked = lines.unit_price_minor * lines.units
    logs = np.log(np.maximum(lines.unit_price_minor, 1.0)) * lines.units
    kinds, most = _kinds(lines.customer, lines.category, lines.units, n)
    return {
        "categories": kinds,
        "main_category_share": _over(most, units),
        "price_band": _over(_sums(lines.customer, logs, n), units),
        "evening_share": _over(_sums(who, evening.astype(float), n), count),
        "weekend_share": _over(_sums(who, (orders.weekday >= 5).astype(float), n), count),
        "channels": _kinds(who, orders.channel, np.ones(who.size), n)[0],
        "discount_share": _over(
            _sums(lines.customer, lines.discount_minor, n), _sums(lines.customer, asked, n)
        ),
    }


def _kinds(
    who: np.ndarray, kind: np.ndarray, weight: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Per customer: how many different kinds, and the weight of the heaviest one."""
    known = kind >= 0
    pairs, place = np.unique(
        np.column_stack([who[known], kind[known]]), axis=0, return_inverse=True
    )
    weights = np.bincount(place.ravel(), weights=weight[known], minlength=len(pairs))
    most = np.zeros(n)
    np.maximum.at(most, pairs[:, 0].astype(np.int64), weights)
    return _sums(pairs[:, 0].astype(np.int64), None, n), most
