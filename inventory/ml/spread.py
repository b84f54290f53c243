"""From a mean to quantiles: counts as jittered negative binomials, the rest by pooled errors.

A count's quantile jumps from one whole number to the next, so an interval between two of them holds
too much. The quantiles of the count with a uniform number added, less one, are free of jumps:
they lie between the whole numbers, and over many periods they hold what they say.
Source: Machado & Santos Silva, Quantiles for counts, 2005.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import nbinom

from .classes import NAMES
from .metrics import LEVELS, pinball_loss

RECENT = 24  # periods that a series' own spread is measured on
PRIOR_PERIODS = 8.0  # as many periods must speak before they count as much as the class
BANDS = 3  # parts of the horizon, each with its own calibration
CLIMBED = 500.0  # units: larger means are looked up one by one, as climbing to them takes longer
STRETCHES = np.round(np.concatenate([np.arange(0.4, 1.6, 0.03), np.arange(1.6, 3.01, 0.2)]), 2)
COVERED = (0.78, 0.80)  # what the calibration aims at for a nominal 80 %
TREE_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass
class Spread:
    """What calibration found, by class name.

    noise:    z quantiles (9,) of errors over their usual size, where demand is no count.
    trees:    share of the trees' quantiles.
    counts:   whether demand was spread as counts: what calibrated the one must not stretch the other.
    stretch:  (BANDS, 2) factor of the distance from the median, below and above it.
    """

    noise: dict[str, list[float]] = field(default_factory=dict)
    trees: dict[str, float] = field(default_factory=dict)
    counts: dict[str, bool] = field(default_factory=dict)
    stretch: dict[str, list[list[float]]] = field(default_factory=dict)

    def quantiles(
        self, mean: np.ndarray, train: np.ndarray, classes: np.ndarray, trees: np.ndarray | None
    ) -> np.ndarray:
        """(n, H, 9), non-decreasing, never below 0. trees: (n, H, 9) of the trees, or None."""
        mixed = self._mixed(mean, train, classes, trees)
        factors = np.array([self.stretch[name] for name in NAMES])[classes]
        return stretched(mixed, factors)

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


def is_count(units: np.ndarray) -> bool:
    """Whether demand comes in whole numbers small enough for the lattice to matter."""
    known = units[np.isfinite(units)]
    return bool(len(known) and (known == np.round(known)).all() and np.median(known) < 50)


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


def dispersion(train: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """(n,) phi of Var = mean + phi · mean², drawn to its class's."""
    recent = train[:, -RECENT:]
    known = np.isfinite(recent)
    count = known.sum(axis=1)
    mean = np.where(known, recent, 0).sum(axis=1) / np.maximum(count, 1)
    square = np.where(known, recent - mean[:, None], 0) ** 2
    excess = square.sum(axis=1) / np.maximum(count - 1, 1) - mean
    phi = np.zeros(len(train))
    for number in range(len(NAMES)):
        rows = np.flatnonzero((classes == number) & (mean > 0) & (count > 1))
        if not len(rows):
            continue
        shared = max((excess[rows]).sum() / (mean[rows] ** 2).sum(), 0.01)
        own = np.clip(excess[rows] / mean[rows] ** 2, 0.0, 5 * shared)
        # What a series says of its own spread is worth more the more it sold.
        trust = count[rows] / (count[rows] + PRIOR_PERIODS * (1 + 1 / mean[rows]))
        phi[rows] = trust * own + (1 - trust) * shared
    return np.maximum(phi, 0.01)


def count_quantiles(mean: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """(n, H, 9) jittered quantiles, less one, of negative binomials. mean (n, H) units, phi (n,)."""
    centre = np.maximum(mean, 1e-6).ravel()
    size = np.repeat(1 / phi, mean.shape[1])
    found = np.empty((len(centre), len(LEVELS)))
    near = centre <= CLIMBED
    found[near] = _climbed(centre[near], size[near])
    found[~near] = _looked_up(centre[~near], size[~near])
    return found.reshape(*mean.shape, len(LEVELS))


def _climbed(centre: np.ndarray, size: np.ndarray) -> np.ndarray:
    """(n, 9): every distribution summed from 0 upwards, one whole number a step, side by side.

    Shops are of small numbers: many times as fast as asking for each quantile of each cell.
    """
    found = np.empty((len(centre), len(LEVELS)))
    rows, miss = np.arange(len(centre)), centre / (size + centre)
    mass, below = (1 - miss) ** size, np.zeros(len(centre))
    whole = 0
    while len(rows):
        upto = below + mass
        row, level = np.nonzero((below[:, None] < LEVELS) & (upto[:, None] >= LEVELS))
        found[rows[row], level] = whole - (upto[row] - LEVELS[level]) / mass[row]
        on = upto < LEVELS[-1]
        rows, size, miss, below, mass = (one[on] for one in (rows, size, miss, upto, mass))
        mass = mass * (size + whole) / (whole + 1) * miss
        whole += 1
    return np.maximum(found, 0.0)


def _looked_up(centre: np.ndarray, size: np.ndarray) -> np.ndarray:
    size, chance = size[:, None], (size / (size + centre))[:, None]
    whole = np.maximum(nbinom.ppf(LEVELS, size, chance), 0)
    upper = nbinom.cdf(whole, size, chance)
    mass = np.maximum(nbinom.pmf(whole, size, chance), 1e-12)
    return np.maximum(whole - np.clip((upper - LEVELS) / mass, 0, 1), 0.0)


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
    return spread


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
    horizon = quantiles.shape[1]
    band = np.concatenate(
        [
            np.full(len(part), number)
            for number, part in enumerate(np.array_split(np.arange(horizon), BANDS))
        ]
    )
    own = factors[:, band]
    reach = np.abs(LEVELS - 0.5) / 0.4  # the full stretch at the ends of the interval
    side = np.where(LEVELS < 0.5, own[:, :, :1], own[:, :, 1:])
    middle = quantiles[:, :, 4:5]
    moved = middle + (1 + reach * (side - 1)) * (quantiles - middle)
    return np.maximum(np.maximum.accumulate(moved, axis=2), 0.0)
