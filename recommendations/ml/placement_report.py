"""What one place brought: rates, money, coverage and novelty, each with its 95 % interval.

People see many products, so that their rows hang together: rates use Wilson's interval with the
effective number of rows, money and novelty are resampled person by person. How many products would be
seen by as many other people follows from how many were seen by one or two people only.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

MIN_PERSONS, MIN_SHOWN = 30, 100
# Fewer buyers than this say nothing about what a purchase is worth.
MIN_BUYERS = 5
ROUNDS = 1000
MOST_RESAMPLED = 20_000  # people; above it the linearised interval is as good and far quicker
MOST_TOGETHER = 1_000_000  # drawn at once: 16 MB
MOST_BRANDS = 12
LEVEL = 0.95
Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(frozen=True)
class Figure:
    """A number and its 95 % interval; None where it is not known, never 0 instead."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Touches:
    """Products that were shown, over all placements, one entry each, all arrays (n,).

    person, product: int64. shown_at: float64 epoch seconds. clicked_at: the same, NaN if never.
    """

    person: np.ndarray
    product: np.ndarray
    shown_at: np.ndarray
    clicked_at: np.ndarray


@dataclass(frozen=True)
class Sales:
    """Order lines, one entry each, all arrays (n,). at: float64 epoch seconds, no NaN."""

    person: np.ndarray
    product: np.ndarray
    at: np.ndarray


def credit(touches: Touches, sales: Sales, window_seconds: float) -> np.ndarray:
    """int64 (n_sales,): which touch each sale is due to; −1 for none.

    The last click on that product by that person within the window before the sale; without a
    click, the last time it was shown to her. So every sale is counted once, wherever it was shown.
    """
    mine = _of_buyers(touches, sales)
    clicks = _moments(touches, mine, touches.clicked_at)
    shows = _moments(touches, mine, touches.shown_at)
    result = np.full(len(sales.at), -1, dtype=np.int64)
    rows = zip(sales.person.tolist(), sales.product.tolist(), sales.at.tolist(), strict=True)
    for place, (person, product, at) in enumerate(rows):
        for found in (clicks, shows):
            times, touched = found.get((person, product), ((), ()))
            last = bisect_right(times, at) - 1
            if last >= 0 and at - times[last] <= window_seconds:
                result[place] = touched[last]
                break
    return result


def _of_buyers(touches: Touches, sales: Sales) -> np.ndarray:
    """int64: the touches of a person and a product of which there is a sale at all, few of them."""
    count = len(touches.person)
    person = np.unique(np.concatenate([touches.person, sales.person]), return_inverse=True)[1]
    product = np.unique(np.concatenate([touches.product, sales.product]), return_inverse=True)[1]
    pair = person * (int(product.max(initial=0)) + 1) + product
    return np.flatnonzero(np.isin(pair[:count], pair[count:]))


def _moments(touches: Touches, mine: np.ndarray, at: np.ndarray) -> dict:
    """(person, product) → times ascending, and the touch of each; of the touches in `mine`."""
    found: dict = defaultdict(lambda: ([], []))
    for row in mine[np.argsort(at[mine], kind="stable")].tolist():
        if not math.isnan(at[row]):
            times, rows = found[int(touches.person[row]), int(touches.product[row])]
            times.append(float(at[row]))
            rows.append(row)
    return found


@dataclass(frozen=True)
class Shown:
    """What one placement showed in one period: one entry per product in one answer, arrays (n,).

    person, product, brand: int64 (brand 0: none). clicked, bought: bool; bought: a sale is due to
    it. revenue_minor: float64, 0 where nothing was bought. margin_minor: the same, NaN where
    the cost of what was bought is not known. novelty_bits: float64, NaN where not known.
    """

    person: np.ndarray
    product: np.ndarray
    brand: np.ndarray
    clicked: np.ndarray
    bought: np.ndarray
    revenue_minor: np.ndarray
    margin_minor: np.ndarray
    novelty_bits: np.ndarray


@dataclass(frozen=True)
class Report:
    """counts: whole numbers that are always known. figures: by name; see `report`.

    missing: (what, found, needed) where there is too little to say more. brands: (brand, share of
    what was shown), largest first, at most MOST_BRANDS.
    """

    counts: dict[str, int]
    figures: dict[str, Figure]
    brands: list[tuple[int, Figure]] = field(default_factory=list)
    missing: list[tuple[str, int, int]] = field(default_factory=list)


def report(shown: Shown, products_on_sale: int, *, seed: int, sample_rate: float = 1.0) -> Report:
    """All figures of one placement. sample_rate: the share of people that `shown` is of.

    click_rate, conversion_rate: of all that was shown. revenue_minor, margin_minor: per 1,000
    shown; margin is not known as soon as one cost is not. coverage_rate: share of the products on
    sale that were shown (`_coverage`). novelty_bits: mean over what was shown.
    """
    people = _People(shown.person)
    counts = {
        "shown": len(shown.person),
        "persons": people.count,
        "clicks": int(shown.clicked.sum()),
        "purchases": int(shown.bought.sum()),
        "buyers": len(np.unique(shown.person[shown.bought])),
        "products": len(np.unique(shown.product)),
        "without_cost": int(np.isnan(shown.margin_minor).sum()),
    }
    needed = {"persons": MIN_PERSONS, "shown": MIN_SHOWN}
    missing = [(name, counts[name], most) for name, most in needed.items() if counts[name] < most]
    figures = {"coverage_rate": _coverage(shown, people, products_on_sale, sample_rate)}
    if missing:
        return Report(counts, figures, missing=missing)
    figures |= {
        "click_rate": people.rate(shown.clicked),
        "conversion_rate": people.rate(shown.bought),
        **_money(shown, people, counts, seed),
        "novelty_bits": people.mean(shown.novelty_bits, seed),
    }
    return Report(counts, figures, _brands(shown, people))


def _coverage(shown: Shown, people: _People, products_on_sale: int, sample_rate: float) -> Figure:
    """The share of the products on sale that were seen, with the interval in which it would lie for as
    many other people. Of a sample: what all would see by extrapolation, which is rather too low; at
    least what the sample saw, at most everything.

    Source: Colwell et al., Journal of Plant Ecology 5 (2012), equations 5, 9 and 18; Chao,
    Biometrics 43 (1987) (products that were seen by nobody, from those seen by one or two).
    """
    persons = people.count
    if not products_on_sale or not persons:
        return Figure(0.0 if products_on_sale else None)
    number = np.unique(shown.product, return_inverse=True)[1]
    pairs = np.unique(number * np.int64(persons) + people.of_row)
    seen_by = np.bincount(pairs // persons)  # people per product, all of them above 0
    seen, once, twice = len(seen_by), int((seen_by == 1).sum()), int((seen_by == 2).sum())
    unseen = (persons - 1) / persons * once * (once - 1) / (2 * (twice + 1))
    unseen = min(unseen, max(products_on_sale - seen, 0))
    if sample_rate < 1:
        others = persons / sample_rate - persons
        per_person = once / (persons * unseen + once) if unseen else 0.0
        everybody = seen + unseen * (1 - (1 - per_person) ** others)
        low, share = (min(1.0, some / products_on_sale) for some in (seen, everybody))
        return Figure(share, low, 1.0)
    spread = Z * math.sqrt(seen * unseen / (seen + unseen))
    low, share, high = (
        max(0.0, min(1.0, some / products_on_sale)) for some in (seen - spread, seen, seen + spread)
    )
    return Figure(share, low, high)


def _money(shown: Shown, people: _People, counts: dict[str, int], seed: int) -> dict[str, Figure]:
    found = {}
    for name in ("revenue_minor", "margin_minor"):
        amounts = getattr(shown, name)
        each = people.mean(amounts, seed) if not np.isnan(amounts).any() else Figure()
        if counts["buyers"] < MIN_BUYERS:
            each = Figure(each.value)
        found[name] = Figure(*(None if v is None else 1000 * v for v in _parts(each)))
    return found


def _brands(shown: Shown, people: _People) -> list[tuple[int, Figure]]:
    brands, counts = np.unique(shown.brand, return_counts=True)
    largest = brands[np.lexsort((brands, -counts))][:MOST_BRANDS]
    return [(int(brand), people.rate(shown.brand == brand)) for brand in largest]


class _People:
    """Rows summed person by person."""

    def __init__(self, person: np.ndarray):
        names, self.of_row = np.unique(person, return_inverse=True)
        self.count = len(names)

    def sums(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self.of_row, values.astype(np.float64), self.count)

    def rate(self, hits: np.ndarray) -> Figure:
        """Wilson's interval for as many independent rows as these are worth.

        Source: Dean & Pagano, American Statistician 69 (2015), "modified Wilson".
        """
        rows = len(hits)
        share = float(hits.mean())
        left = self.sums(hits) - share * self.sums(np.ones(rows))
        variance = self.count / (self.count - 1) * float((left**2).sum()) / rows**2
        if variance == 0:  # all alike: each person counts once
            worth = float(self.count)
        else:
            worth = min(float(rows), share * (1 - share) / variance)
        return Figure(share, *_wilson(share, worth))

    def mean(self, values: np.ndarray, seed: int) -> Figure:
        """The mean over known rows, resampled by person. Source: Efron & Tibshirani, ch. 13."""
        known = ~np.isnan(values)
        if not known.any():
            return Figure()
        sums, rows = self.sums(np.where(known, values, 0.0)), self.sums(known)
        value = float(sums.sum() / rows.sum())
        if self.count > MOST_RESAMPLED:
            spread = math.sqrt(float(((sums - value * rows) ** 2).sum())) / float(rows.sum())
            return Figure(value, value - Z * spread, value + Z * spread)
        means = _resampled(sums, rows, seed)
        low, high = np.quantile(means, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
        return Figure(value, float(low), float(high))


def _resampled(sums: np.ndarray, rows: np.ndarray, seed: int) -> np.ndarray:
    """float64 (ROUNDS,): the ratio of sums, people drawn with replacement."""
    rng = np.random.default_rng(seed)
    together = max(1, MOST_TOGETHER // len(sums))
    means = []
    for start in range(0, ROUNDS, together):
        drawn = rng.integers(0, len(sums), (min(together, ROUNDS - start), len(sums)))
        below = rows[drawn].sum(axis=1)
        means.append((sums[drawn].sum(axis=1) / np.maximum(below, 1e-30))[below > 0])
    return np.concatenate(means)


def _wilson(share: float, rows: float) -> tuple[float, float]:
    """Wilson's score interval for a share of `rows`, which need not be whole."""
    centre = share + Z * Z / (2 * rows)
    half = Z * math.sqrt(share * (1 - share) / rows + Z * Z / (4 * rows * rows))
    scale = 1 + Z * Z / rows
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def change(now: Figure, before: Figure) -> Figure:
    """The difference with the interval that both intervals leave it; unknown if one is.

    Two periods share people, whose habits make the difference surer than this says.
    Source: Zou & Donner, Statistics in Medicine 27 (2008) (MOVER).
    """
    if now.value is None or before.value is None:
        return Figure()
    difference = now.value - before.value
    if now.low is None or now.high is None or before.low is None or before.high is None:
        return Figure(difference)
    down = math.hypot(now.value - now.low, before.high - before.value)
    up = math.hypot(now.high - now.value, before.value - before.low)
    return Figure(difference, difference - down, difference + up)


def _parts(figure: Figure) -> tuple[float | None, float | None, float | None]:
    return figure.value, figure.low, figure.high
