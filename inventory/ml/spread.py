"""From a mean to quantiles: whole numbers by the law of counts, the rest by pooled errors.

Counts are calibrated by the shares of their law (counts.py). Errors, and counts that are mixed with the
trees' quantiles, by the distance from the median.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .classes import NAMES
from .counts import (
    RECENT,
    CountLaw,
    count_quantiles,
    dispersion,
    is_count,
    levels_below,
    lots_of,
    sale_sizes,
    whole_quantiles,
)
from .metrics import LEVELS, pinball_loss

BANDS = 3  # parts of the horizon, each with its own calibration
STRETCHES = np.round(np.concatenate([np.arange(0.4, 1.6, 0.03), np.arange(1.6, 3.01, 0.2)]), 2)
COVERED = (0.78, 0.80)  # what the calibration aims at for a nominal 80 %
TREE_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
TREES_LEAD = (
    0.99  # of the loss of the law of counts: the trees' quantiles must be better by as much
)
KNOWN_FEW = 100  # forecasts: fewer calibrate nothing
SEED = 0


@dataclass
class Spread:
    """What calibration found, by class name.

    noise:    z quantiles (9,) of errors over their usual size, where demand is no count.
    trees:    share of the trees' quantiles.
    counts:   whether demand was spread as counts: what calibrated the one must not stretch the other.
    stretch:  (BANDS, 2) factor of the distance from the median, below and above it.
    levels:   (BANDS, 9) shares of the law of counts that hold what LEVELS say; a class without them
              is stretched.
    """

    noise: dict[str, list[float]] = field(default_factory=dict)
    trees: dict[str, float] = field(default_factory=dict)
    counts: dict[str, bool] = field(default_factory=dict)
    stretch: dict[str, list[list[float]]] = field(default_factory=dict)
    levels: dict[str, list[list[float]]] = field(default_factory=dict)

    def quantiles(
        self, mean: np.ndarray, train: np.ndarray, classes: np.ndarray, trees: np.ndarray | None
    ) -> np.ndarray:
        """(n, H, 9), non-decreasing, never below 0. trees: (n, H, 9) of the trees, or None."""
        mixed = self._mixed(mean, train, classes, trees)
        factors = np.array([self.stretch[name] for name in NAMES])[classes]
        found = stretched(mixed, factors)
        whole = np.array([name in self.levels for name in NAMES])[classes]
        if whole.any():
            found[whole] = self._whole(mean[whole], train[whole], classes[whole])
        return found

    def _whole(self, mean: np.ndarray, train: np.ndarray, classes: np.ndarray) -> np.ndarray:
        usual = [LEVELS.tolist()] * BANDS
        levels = np.array([self.levels.get(name, usual) for name in NAMES])[classes]
        law = CountLaw.around(mean, dispersion(train, classes), sale_sizes(train))
        return _of_law(law, levels, lots_of(train, mean.shape[1]))

    def _mixed(
        self, mean: np.ndarray, train: np.ndarray, classes: np.ndarray, trees: np.ndarray | None
    ) -> np.ndarray:
        noise = np.array([self.noise[name] for name in NAMES])[classes]
        usual = is_count(train)  # for models that were stored without
        counts = np.array([self.counts.get(name, usual) for name in NAMES])[classes]
        own = np.empty((*mean.shape, len(LEVELS)))
        for rows, count in ((np.flatnonzero(counts), True), (np.flatnonzero(~counts), False)):
            if len(rows):
                own[rows] = around(
                    mean[rows], train[rows], noise[rows], classes[rows], counts=count
                )
        if trees is None:
            return own
        share = np.array([self.trees[name] for name in NAMES])[classes][:, None, None]
        return (1 - share) * own + share * trees


def usual_error(train: np.ndarray) -> np.ndarray:
    """(n,) mean one-step change of the last periods."""
    recent = train[:, -2 * RECENT :]
    known = np.isfinite(recent)
    change = np.diff(recent, axis=1)
    both = np.isfinite(change)
    own = np.abs(np.where(both, change, 0)).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    level = np.where(known, recent, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.maximum(own, 0.02 * level + 1e-6)


def around(
    mean: np.ndarray, train: np.ndarray, noise: np.ndarray, classes: np.ndarray, *, counts: bool
) -> np.ndarray:
    """(n, H, 9) quantiles around a mean before calibration. noise: (n, 9) z quantiles."""
    if counts:
        return count_quantiles(mean, dispersion(train, classes))
    size = usual_error(train)
    return np.maximum(mean[:, :, None] + (size[:, None] * noise)[:, None, :], 0.0)


def fit_spread(
    mean: np.ndarray,
    train: np.ndarray,
    actual: np.ndarray,
    *,
    classes: np.ndarray,
    trees: np.ndarray | None,
) -> Spread:
    """Learned from a window that no member has seen; classes with few series take those of all."""
    spread = Spread()
    size = usual_error(train)
    for number, name in enumerate(NAMES):
        rows = np.flatnonzero(classes == number)
        if np.isfinite(actual[rows]).sum() < 300:
            rows = np.arange(len(mean))
        z = ((actual - mean) / size[:, None])[rows]
        spread.noise[name] = np.nanquantile(z, LEVELS).tolist()
        noise = np.tile(spread.noise[name], (len(rows), 1))
        spread.counts[name] = is_count(train[rows])
        own = around(mean[rows], train[rows], noise, classes[rows], counts=spread.counts[name])
        other = None if trees is None else trees[rows]
        share = _best_share(own, other, actual[rows])
        spread.trees[name] = share
        mixed = own if other is None else (1 - share) * own + share * other
        spread.stretch[name] = _best_stretches(mixed, actual[rows])
        if spread.counts[name]:
            factors = np.tile(spread.stretch[name], (len(rows), 1, 1))
            rival = stretched(mixed, factors) if share > 0 else None
            _learn_law(spread, name, (mean[rows], train[rows], actual[rows], classes[rows]), rival)
    return spread


def _learn_law(
    spread: Spread, name: str, known: tuple[np.ndarray, ...], rival: np.ndarray | None
) -> None:
    """The law of counts of one class, unless what the trees are mixed into is clearly better.

    known: mean, train, actual, classes; rival: (n, H, 9) calibrated quantiles with the trees.
    """
    mean, train, actual, classes = known
    law = CountLaw.around(mean, dispersion(train, classes), sale_sizes(train))
    levels = _levels_that_hold(law, actual)
    if rival is not None:
        own = _of_law(law, np.tile(levels, (len(mean), 1, 1)), lots_of(train, mean.shape[1]))
        losses = [
            np.nanmean(pinball_loss(actual, one, LEVELS) / usual_error(train)[:, None])
            for one in (own, rival)
        ]
        if losses[1] < TREES_LEAD * losses[0]:
            return
    spread.levels[name] = levels.tolist()


def _levels_that_hold(law: CountLaw, actual: np.ndarray) -> np.ndarray:
    """(BANDS, 9) shares of the law below which as much came as LEVELS say."""
    below = levels_below(law, actual.ravel(), SEED).reshape(actual.shape)
    parts = np.array_split(np.arange(actual.shape[1]), BANDS)
    return np.array(
        [
            np.nanquantile(below[:, part], LEVELS)
            if np.isfinite(below[:, part]).sum() >= KNOWN_FEW
            else LEVELS
            for part in parts
        ]
    ).clip(0.005, 0.995)


def _of_law(law: CountLaw, levels: np.ndarray, lots: np.ndarray) -> np.ndarray:
    """(n, H, 9) whole numbers. levels (n, BANDS, 9), lots (n, H)."""
    own = levels[:, _band(lots.shape[1])]
    return whole_quantiles(law, own.reshape(-1, len(LEVELS)), lots.ravel()).reshape(own.shape)


def _band(horizon: int) -> np.ndarray:
    """(H,) the part of the horizon that each period is in."""
    parts = np.array_split(np.arange(horizon), BANDS)
    return np.concatenate([np.full(len(part), number) for number, part in enumerate(parts)])


def _best_share(own: np.ndarray, trees: np.ndarray | None, actual: np.ndarray) -> float:
    if trees is None:
        return 0.0
    size = np.maximum(own.mean(axis=(1, 2)), 1e-6)[:, None]

    def loss(share: float) -> float:
        found = pinball_loss(actual, (1 - share) * own + share * trees, LEVELS)
        return float(np.nanmean(found / size))

    return min(TREE_SHARES, key=loss)


def _best_stretches(quantiles: np.ndarray, actual: np.ndarray) -> list[list[float]]:
    return [
        list(_best_stretch(quantiles[:, part], actual[:, part]))
        for part in np.array_split(np.arange(actual.shape[1]), BANDS)
    ]


def _best_stretch(quantiles: np.ndarray, actual: np.ndarray) -> tuple[float, float]:
    """Lower side by what falls below it; upper side so that the interval holds what it says.

    Source: Romano, Patterson & Candès, Conformalized quantile regression, 2019.
    """
    known = np.isfinite(actual)
    truth, found = actual[known], quantiles[known]
    if len(truth) < 100:
        return 1.0, 1.0
    middle = found[:, 4]
    below = [float((truth < middle + s * (found[:, 0] - middle)).mean()) for s in STRETCHES]
    low = float(STRETCHES[np.argmin(np.abs(np.array(below) - 0.1))])
    if max(below) - min(below) < 0.005:  # at 0 already, whatever the stretch
        low = 1.0
    floor = np.maximum(middle + low * (found[:, 0] - middle), 0.0)
    held = np.array(
        [
            float(((truth >= floor) & (truth <= middle + s * (found[:, 8] - middle))).mean())
            for s in STRETCHES
        ]
    )
    inside = (held >= COVERED[0]) & (held <= COVERED[1])
    if inside.any():  # of those that hold enough the one nearest to no change
        return low, float(STRETCHES[inside][np.argmin(np.abs(STRETCHES[inside] - 1))])
    return low, float(STRETCHES[np.argmin(np.abs(held - np.mean(COVERED)))])


def stretched(quantiles: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Distances from the median times their factor. factors: (n, BANDS, 2). Sorted, never below 0."""
    own = factors[:, _band(quantiles.shape[1])]
    reach = np.abs(LEVELS - 0.5) / 0.4  # the full stretch at the ends of the interval
    side = np.where(LEVELS < 0.5, own[:, :, :1], own[:, :, 1:])
    middle = quantiles[:, :, 4:5]
    moved = middle + (1 + reach * (side - 1)) * (quantiles - middle)
    return np.maximum(np.maximum.accumulate(moved, axis=2), 0.0)
