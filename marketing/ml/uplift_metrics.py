"""Whether predicted uplift is worth anything, in money: Qini, calibration, whom to write to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

import numpy as np

BINS = 5
# A targeting rule is chosen among a few learners: each must be ahead at its share of the level.
LEVEL = 0.95


@dataclass(frozen=True)
class Qini:
    """area: money per customer of the list between the learner's curve and a random order's.

    low, high: its interval. whole: money per customer when everybody gets the message. at_half:
    the same when the better half gets it. top: gain per treated customer among the best fifth.
    """

    area: float
    low: float
    high: float
    whole: float
    at_half: float
    top: float

    @property
    def beats_random(self) -> bool:
        return self.low > 0


@dataclass(frozen=True)
class Band:
    """Customers of like predicted uplift. Money per customer."""

    customers: int
    predicted: float
    measured: float
    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """measured = offset + slope × predicted, over customers. A slope of 1 is money at face value;
    one whose interval holds 0 says nothing."""

    offset: float
    slope: float
    slope_low: float
    slope_high: float
    bands: list[Band]


def qini(uplift: np.ndarray, score: np.ndarray, *, cost: float = 0.0, level: float = LEVEL) -> Qini:
    """Treat from the largest predicted uplift down; what does each step bring beyond chance?

    uplift: predicted, per customer. score: doubly robust scores of the same customers. cost: of
    one message, in the outcome's unit; it moves the curve's end, not its area.
    Source: Radcliffe 2007 (Qini curve); Yadlowsky, Fleming, Shah, Brunskill & Wager, JASA 120
    (2025) (rank-weighted average treatment effects, Qini weights and their error).
    """
    n = len(score)
    weight = _weights(uplift)
    net = score - cost
    parts = weight * net
    area = float(parts.mean())
    # The ranks move with the sample too: the influence of a customer on both (same source, 4).
    order = np.argsort(-uplift, kind="stable")
    above = np.empty(n)
    above[order] = np.cumsum(net[order]) / n
    influence = parts - area + (above - above.mean())
    error = float(influence.std(ddof=1)) / math.sqrt(n)
    edge = NormalDist().inv_cdf(0.5 + level / 2) * error
    half, fifth = order[: n // 2], order[: max(1, n // BINS)]
    return Qini(
        area,
        area - edge,
        area + edge,
        float(net.mean()),
        float(net[half].sum() / n),
        float(score[fifth].mean()),
    )


def curve(
    uplift: np.ndarray, score: np.ndarray, *, cost: float = 0.0, points: int = 50
) -> list[tuple[float, float]]:
    """(share treated, money per customer of the list), from nobody to everybody."""
    order = np.argsort(-uplift, kind="stable")
    gained = np.concatenate([[0.0], np.cumsum(score[order] - cost)]) / len(score)
    at = np.linspace(0, len(score), points + 1).round().astype(int)
    return [(float(k / len(score)), float(gained[k])) for k in at]


@dataclass(frozen=True)
class Step:
    """share: of the list that gets the message, those with the largest predicted uplift. money: per
    customer of the list, with its interval at this very share."""

    share: float
    money: float
    low: float
    high: float


def curve_with_band(
    uplift: np.ndarray,
    score: np.ndarray,
    *,
    cost: float = 0.0,
    points: int = 20,
    level: float = LEVEL,
) -> list[Step]:
    """The curve with an interval at each share. Who stands above a share moves with the sample, too:
    whoever is just there counts for as many as change sides (as in `qini`)."""
    n = len(score)
    order = np.argsort(-uplift, kind="stable")
    net = (score - cost)[order]
    edge = NormalDist().inv_cdf(0.5 + level / 2) / math.sqrt(n)
    near = max(1, n // 40)
    steps = []
    for share, money in curve(uplift, score, cost=cost, points=points):
        cut = round(share * n)
        inside = np.arange(n) < cut
        there = float(net[max(0, cut - near) : cut + near].mean()) if 0 < cut < n else 0.0
        influence = np.where(inside, net, 0.0) - there * (inside - share)
        half = edge * float(influence.std(ddof=1)) if n > 1 else math.inf
        steps.append(Step(share, money, money - half, money + half))
    return steps


def area_under(steps: Sequence[Step]) -> float:
    """Money per customer of the list, averaged over all shares (trapezoids)."""
    return sum((b.share - a.share) * (a.money + b.money) / 2 for a, b in pairwise(steps))


def calibration(uplift: np.ndarray, score: np.ndarray) -> Calibration:
    """Predicted against measured, as a line and in bands of equal size.

    Source: Chernozhukov, Demirer, Duflo & Fernández-Val, Econometrica 93 (2025) (best linear
    predictor of the effect).
    """
    off = uplift - uplift.mean()
    spread = float(off @ off)
    slope = float(off @ score) / spread if spread > 0 else 0.0
    offset = float(score.mean() - slope * uplift.mean())
    left = score - offset - slope * uplift
    error = math.sqrt(float((off**2) @ (left**2))) / spread if spread > 0 else math.inf
    edge = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    bands = [_band(uplift[rows], score[rows], edge) for rows in _bands(uplift)]
    return Calibration(offset, slope, slope - edge * error, slope + edge * error, bands)


def brings_at_least(uplift: np.ndarray, calibrated: Calibration) -> np.ndarray:
    """Money that customers of like predicted uplift were measured to bring, lower edge, (n,).

    uplift: as predicted, (n,). A prediction belongs to the band whose mean lies nearer. Raises
    ValueError where nothing was measured in bands.
    """
    if not calibrated.bands:
        raise ValueError("the calibration has no bands")
    bands = sorted(calibrated.bands, key=lambda band: band.predicted)
    edges = [(a.predicted + b.predicted) / 2 for a, b in pairwise(bands)]
    return np.array([band.low for band in bands])[np.searchsorted(edges, uplift, side="right")]


@dataclass(frozen=True)
class Price:
    """What a message costs and what an order must leave. All in minor units per customer, the
    rates 0 to 1. margin_floor_rate: least share of revenue that must remain after the discount."""

    cost: float = 0.0
    margin_rate: float = 1.0
    discount_rate: float = 0.0
    margin_floor_rate: float = 0.0

    @property
    def keeps_the_floor(self) -> bool:
        """Whether an order at the discount still leaves the least margin."""
        left = self.margin_rate - self.discount_rate
        return left >= self.margin_floor_rate * (1 - self.discount_rate)


def worth_it(uplift: np.ndarray, calibrated: Calibration, price: Price) -> np.ndarray:
    """Who gets the message: only where the calibrated uplift is above the cost, and nobody at all
    where the discount breaks the margin floor. uplift: as predicted; returns bool."""
    if not price.keeps_the_floor:
        return np.zeros(len(uplift), dtype=bool)
    return calibrated.offset + calibrated.slope * uplift > price.cost


@dataclass(frozen=True)
class Gain:
    """What writing only where it pays brings beyond writing to everybody.

    each, low, high: money per customer of the list. left_out: share that gets nothing, 0 to 1.
    everybody: money per customer of the list when all of them get the message.
    """

    each: float
    low: float
    high: float
    left_out: float
    everybody: float

    @property
    def beats_everybody(self) -> bool:
        return self.low > 0


def targeting_gain(
    uplift: np.ndarray, score: np.ndarray, price: Price, *, seed: int, level: float = LEVEL
) -> Gain:
    """The rule `worth_it` against writing to everybody, judged on customers it did not see.

    uplift: predicted by models that never saw the customer, (n,). score: doubly robust scores of
    the same customers, (n,). The calibration line of each half decides about the other one, so
    that the rule is not judged by the noise it was fitted to. Leaving a customer out is worth what
    the message costs less what it would have brought.
    Source: Athey & Wager, Policy learning with observational data, Econometrica 89 (2021), 2.
    """
    n = len(score)
    half = np.random.default_rng(seed).permutation(n) % 2 == 0
    out = np.empty(n, dtype=bool)
    for known, new in ((half, ~half), (~half, half)):
        line = calibration(uplift[known], score[known])
        out[new] = ~worth_it(uplift[new], line, price)
    saved = np.where(out, price.cost - score, 0.0)
    edge = NormalDist().inv_cdf(0.5 + level / 2) * float(saved.std(ddof=1)) / math.sqrt(n)
    each = float(saved.mean())
    everybody = float(score.mean()) - price.cost
    return Gain(each, each - edge, each + edge, float(out.mean()), everybody)


def _weights(uplift: np.ndarray) -> np.ndarray:
    """How much of the area a customer's effect counts for: ½ for the first, −½ for the last."""
    n = len(uplift)
    order = np.argsort(-uplift, kind="stable")
    weight = np.empty(n)
    weight[order] = 0.5 - (np.arange(n) + 0.5) / n
    return weight


def _bands(uplift: np.ndarray) -> list[np.ndarray]:
    return np.array_split(np.argsort(uplift, kind="stable"), BINS)


def _band(uplift: np.ndarray, score: np.ndarray, edge: float) -> Band:
    mean = float(score.mean())
    half = edge * float(score.std(ddof=1)) / math.sqrt(len(score))
    return Band(len(score), float(uplift.mean()), mean, mean - half, mean + half)
