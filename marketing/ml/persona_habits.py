"""What and how a customer buys, as numbers: what personas are made of.

Recency, frequency and spend are left out on purpose: a persona says how a customer buys, the
lifecycle (lifecycle.py) says how often. A habit is used only if it repeats itself: a customer's odd
orders must be more like her even ones than like somebody else's of the same month.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

DAYPARTS = (("morning", 5, 11), ("midday", 11, 17), ("evening", 17, 22))  # the rest is night
MOST_CATEGORIES = 30
LEAST_CATEGORY_SHARE = 0.005  # of all lines
PRIOR_LINES = 1.0  # a customer's shares are drawn to the shop's by this many lines, or orders
WIDEST = 3.0  # standard deviations: one odd order must not make a persona
MOST_AXES, KEPT_VARIANCE = 10, 0.9


@dataclass(frozen=True)
class Baskets:
    """Orders of customers, and their lines. Arrays of one group are parallel.

    customer: row of the wanted customers, ascending; within one by time. hour: 0–23, weekday: Monday
    0, both in the shop's time zone; month: any number, equal within a calendar month; channel: key,
    −1 without. order: row of the order a line is in; category: row of `categories`, −1 for others;
    price_ratio: log of the unit price over the usual one of its category; text: (lines, axes), what
    the product's words mean, no columns where nobody reads words.
    """

    customers: int
    customer: np.ndarray
    hour: np.ndarray
    weekday: np.ndarray
    month: np.ndarray
    channel: np.ndarray
    order: np.ndarray
    category: np.ndarray
    units: np.ndarray
    price_ratio: np.ndarray
    discounted: np.ndarray
    text: np.ndarray
    categories: tuple[str, ...]
    channels: tuple[int, ...] = ()


@dataclass(frozen=True)
class Habits:
    """values: (customers, habits), NaN without an order; names and blocks: one per habit.

    A name is `category:CODE`, `channel:KEY`, `text:N`, a daypart, or one of weekend, discount,
    price, lines, units.
    """

    names: tuple[str, ...]
    blocks: tuple[str, ...]
    values: np.ndarray


@dataclass(frozen=True)
class Repeat:
    """How much of a habit repeats: correlation of odd with even orders, and what chance alone gives
    when orders of the same month change hands."""

    correlation: float
    by_chance: float
    is_kept: bool


def habits(baskets: Baskets) -> Habits:
    """One row per customer. Shares are square roots (Hellinger), so that a rare category counts."""
    n = baskets.customers
    orders = np.bincount(baskets.customer, minlength=n).astype(float)
    owner = baskets.customer[baskets.order]
    lines = np.bincount(owner, minlength=n).astype(float)
    columns: list[tuple[str, str, np.ndarray]] = []
    for place, code in enumerate(baskets.categories):
        columns.append(
            (f"category:{code}", "taste", _share(owner, baskets.category == place, lines))
        )
    for axis in range(baskets.text.shape[1]):
        columns.append((f"text:{axis}", "taste", _mean(owner, baskets.text[:, axis], lines)))
    for name, start, end in DAYPARTS:
        inside = (baskets.hour >= start) & (baskets.hour < end)
        columns.append((name, "when", _share(baskets.customer, inside, orders)))
    columns.append(("weekend", "when", _share(baskets.customer, baskets.weekday >= 5, orders)))
    columns.append(("price", "price", _mean(owner, baskets.price_ratio, lines)))
    columns.append(("discount", "price", _share(owner, baskets.discounted, lines)))
    size = np.log(np.maximum(np.bincount(baskets.order, minlength=baskets.customer.size), 1))
    columns.append(("lines", "basket", _mean(baskets.customer, size, orders)))
    columns.append(("units", "basket", _mean(owner, np.log(baskets.units), lines)))
    for key in baskets.channels:
        found = _share(baskets.customer, baskets.channel == key, orders)
        columns.append((f"channel:{key}", "channel", found))
    values = np.column_stack([column for _name, _block, column in columns])
    values[orders == 0] = np.nan
    return Habits(
        tuple(name for name, _block, _values in columns),
        tuple(block for _name, block, _values in columns),
        values,
    )


def _share(who: np.ndarray, inside: np.ndarray, total: np.ndarray) -> np.ndarray:
    shop = inside.mean() if inside.size else 0.0
    count = np.bincount(who, weights=inside.astype(float), minlength=total.size)
    return np.sqrt((count + PRIOR_LINES * shop) / (total + PRIOR_LINES))


def _mean(who: np.ndarray, value: np.ndarray, total: np.ndarray) -> np.ndarray:
    shop = value.mean() if value.size else 0.0
    summed = np.bincount(who, weights=value, minlength=total.size)
    return (summed + PRIOR_LINES * shop) / (total + PRIOR_LINES)


def order_numbers(baskets: Baskets) -> np.ndarray:
    """0, 1, 2 … along each customer's orders."""
    starts = np.flatnonzero(np.diff(baskets.customer, prepend=-1))
    return np.arange(baskets.customer.size) - np.repeat(
        starts, np.diff(np.append(starts, baskets.customer.size))
    )


def only_orders(baskets: Baskets, wanted: np.ndarray) -> Baskets:
    """The same customers with some of their orders. wanted: (orders,) bool."""
    kept = wanted[baskets.order]
    place = np.cumsum(wanted) - 1
    per_order = ("customer", "hour", "weekday", "month", "channel")
    per_line = ("category", "units", "price_ratio", "discounted", "text")
    return replace(
        baskets,
        order=place[baskets.order[kept]],
        **{name: getattr(baskets, name)[wanted] for name in per_order},
        **{name: getattr(baskets, name)[kept] for name in per_line},
    )


def halves(baskets: Baskets) -> tuple[Baskets, Baskets]:
    """Every customer's first, third, … orders, and her others."""
    odd = order_numbers(baskets) % 2 == 0
    return only_orders(baskets, odd), only_orders(baskets, ~odd)


def swapped(baskets: Baskets, random: np.random.Generator) -> Baskets:
    """A shop without habits: orders of the same month change hands, everybody keeps her number.

    What the calendar does to everybody (gifts in December) stays; what a customer does by herself
    is gone.
    """
    by_month = np.lexsort((np.arange(baskets.month.size), baskets.month))
    drawn = np.lexsort((random.random(baskets.month.size), baskets.month))
    customer = np.empty_like(baskets.customer)
    customer[drawn] = baskets.customer[by_month]
    # By time, as before: odd and even orders are else no halves of the same year.
    order = np.lexsort((drawn.argsort(), baskets.month, customer))
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    per_order = ("hour", "weekday", "month", "channel")
    return replace(
        baskets,
        customer=customer[order],
        order=place[baskets.order],
        **{name: getattr(baskets, name)[order] for name in per_order},
    )


def repeats(baskets: Baskets, *, seed: int, rounds: int = 8) -> dict[str, Repeat]:
    """Habit → how much of it repeats. Kept: a correlation above chance by 4 standard errors (one of
    fifty habits would pass by luck in a thousand shops) and by 0.05 at least.

    Source: Nunnally and Bernstein, Psychometric Theory (1994), chapter 6: split-half reliability.
    """
    random = np.random.default_rng(seed)
    found = _halves_correlation(baskets)
    chance = np.mean(
        [_halves_correlation(swapped(baskets, random)) for _round in range(rounds)], axis=0
    )
    names = habits(baskets).names
    error = 1 / np.sqrt(max(baskets.customers - 3, 1))
    return {
        name: Repeat(round(float(r), 4), round(float(by), 4), bool(r - by > max(4 * error, 0.05)))
        for name, r, by in zip(names, found, chance, strict=True)
    }


def _halves_correlation(baskets: Baskets) -> np.ndarray:
    first, second = (habits(half).values for half in halves(baskets))
    both = np.isfinite(first[:, 0]) & np.isfinite(second[:, 0])
    first, second = first[both], second[both]
    spread = first.std(axis=0) * second.std(axis=0)
    shared = ((first - first.mean(axis=0)) * (second - second.mean(axis=0))).mean(axis=0)
    return np.divide(shared, spread, out=np.zeros(spread.size), where=spread > 1e-12)


@dataclass(frozen=True)
class Space:
    """Where distances between customers are measured. mean, scale: (kept habits,); axes: (kept
    habits, axes). Habits that repeat more weigh more; no block outweighs the others."""

    names: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray

    def place(self, found: Habits) -> np.ndarray:
        """(customers, axes). NaN for who has no order. A habit that is not known there is usual."""
        where = {name: column for column, name in enumerate(found.names)}
        values = np.column_stack(
            [
                found.values[:, where[name]] if name in where else np.full(len(found.values), mean)
                for name, mean in zip(self.names, self.mean, strict=True)
            ]
        )
        deviations = np.clip((values - self.mean) / self.scale[0], -WIDEST, WIDEST)
        return (deviations * self.scale[1]) @ self.axes


def space_of(found: Habits, kept: dict[str, float]) -> Space:
    """kept: habit → its correlation between halves. Raises ValueError without one.

    Habits are standardised and weighted by the root of what repeats; each block is divided by its
    first singular value; then principal axes until KEPT_VARIANCE.

    Source: Escofier and Pagès (1994), Multiple factor analysis, Computational Statistics & Data
    Analysis 18.
    """
    columns = [place for place, name in enumerate(found.names) if name in kept]
    if not columns:
        raise ValueError("no habit is kept")
    names = tuple(found.names[place] for place in columns)
    values = found.values[:, columns]
    mean, deviation = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-9)
    scores = np.clip((values - mean) / deviation, -WIDEST, WIDEST)
    weight = np.sqrt(np.array([max(kept[name], 0.0) for name in names]))
    blocks = np.array([found.blocks[place] for place in columns])
    for block in np.unique(blocks):
        inside = blocks == block
        first = np.linalg.svd(scores[:, inside] * weight[inside], compute_uv=False)[0]
        # Blocks of little repetition keep being small: the root of their best habit stays.
        weight[inside] *= weight[inside].max() * np.sqrt(len(scores)) / max(float(first), 1e-9)
    _left, sizes, axes = np.linalg.svd(scores * weight, full_matrices=False)
    explained = np.cumsum(sizes**2) / np.sum(sizes**2)
    number = min(int(np.searchsorted(explained, KEPT_VARIANCE)) + 1, MOST_AXES)
    signs = np.sign(axes[:number][np.arange(number), np.abs(axes[:number]).argmax(axis=1)])
    return Space(names, mean, np.stack([deviation, weight]), (axes[:number] * signs[:, None]).T)
