"""Demand in whole numbers: its distribution around a mean, and quantiles that hold what they say.

Two laws are mixed: a negative binomial, and sales now and then in the sizes that the SKU used to
sell. A quantile of whole numbers is a whole number, so that an interval between two of them holds
too much: of 100 days without a sale all lie between 0 and anything. An interval of exactly 80 % leaves
its ends out by lot as often as they are too much; left out means a hundredth of a unit further in.
Source: randomised intervals of discrete laws, Stevens, Fiducial limits of the parameter of a
discontinuous distribution, 1950; calibration by the share of the law below what came, Kuleshov, Fenner &
Ermon, Accurate uncertainties for deep learning using calibrated regression, 2018; jittered quantiles,
Machado & Santos Silva, Quantiles for counts, 2005; sizes, Willemain et al., 2004.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import betainc, gammaln
from scipy.stats import nbinom

from .classes import NAMES
from .metrics import LEVELS

RECENT = 24  # periods that a series' own spread is measured on
PRIOR_PERIODS = 8.0  # as many periods must speak before they count as much as the class
PRIOR_SALES = 30.0  # as many sales must speak before own sizes count as much as those of like SKUs
LARGEST_SALE = 200  # units: a SKU that sold more at once is left to the negative binomial
SIZE_BANDS = np.array([1.3, 1.7, 2.2, 3, 4, 6, 10, 20, 40])  # mean sizes of SKUs that are alike
SIZED = 0.5  # share of the law of sizes: neither law won on all of three made sets
FADE = 0.2  # of a SKU that sells in nearly every period the sizes are no law of their own
CLIMBED = 500.0  # units: larger means are looked up one by one, as climbing to them takes longer
AT_ONCE = 200_000  # cells
EDGE = 0.01  # units that an end which is left out is moved in
STEPS = 0.7548776662, 0.5698402910  # of the plastic number: lots that fill the square evenly


def is_count(units: np.ndarray) -> bool:
    """Whether demand comes in whole numbers small enough for the lattice to matter."""
    known = units[np.isfinite(units)]
    return bool(len(known) and (known == np.round(known)).all() and np.median(known) < 50)


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


def sale_sizes(train: np.ndarray) -> np.ndarray:
    """(n, K) chance of each size of a sale, 0 at size 0; all 0 where nothing, or too much, was sold.

    Drawn to the sizes of SKUs that sell as much at once. train (n, T) whole units, NaN = masked.
    """
    sold = np.where(train > 0, train, 0.0)
    largest = sold.max(axis=1, initial=0.0)
    usable = (largest > 0) & (largest <= LARGEST_SALE)
    width = int(largest[usable].max(initial=0)) + 1
    found = np.zeros((len(train), width), np.float32)
    row, period = np.nonzero((sold > 0) & usable[:, None])
    place = row * width + sold[row, period].astype(int)
    counted = np.bincount(place, minlength=found.size).reshape(found.shape)
    count = counted.sum(axis=1)
    mean = (counted @ np.arange(width)) / np.maximum(count, 1)
    band = np.digitize(mean, SIZE_BANDS)
    for one in np.unique(band[usable]):
        alike = np.flatnonzero(usable & (band == one))
        shared = counted[alike].sum(axis=0) / count[alike].sum()
        own = counted[alike] + PRIOR_SALES * shared
        found[alike] = own / (count[alike, None] + PRIOR_SALES)
    return found


class Reached(NamedTuple):
    """(c, L) each: a whole number, the chance of less, and of exactly it."""

    whole: np.ndarray
    below: np.ndarray
    mass: np.ndarray


@dataclass(frozen=True)
class CountLaw:
    """The chance of each whole number in every cell.

    mean (c,) units, size (c,) 1 / phi of the negative binomial; row (c,) of `sizes` (n, K); sale (c,)
    chance of a sale; share (c,) of the law of sizes, the rest is the negative binomial's.
    """

    mean: np.ndarray
    size: np.ndarray
    row: np.ndarray
    sizes: np.ndarray
    sale: np.ndarray
    share: np.ndarray

    @classmethod
    def around(cls, mean: np.ndarray, phi: np.ndarray, sizes: np.ndarray | None = None) -> CountLaw:
        """mean (n, H), phi (n,), sizes (n, K) of sales, none: the negative binomial alone."""
        if sizes is None:
            sizes = np.zeros((len(mean), 1), np.float32)
        usual = sizes @ np.arange(sizes.shape[1])
        with np.errstate(divide="ignore", invalid="ignore"):
            sale = np.where(usual[:, None] > 0, mean / usual[:, None], 1.0)
        applies = np.clip((1 - sale) / FADE, 0.0, 1.0)
        row = np.repeat(np.arange(len(mean)), mean.shape[1])
        return cls(
            np.maximum(mean, 1e-6).ravel(),
            (1 / phi)[row],
            row,
            sizes,
            np.clip(sale, 0.0, 1.0).ravel(),
            (SIZED * applies).ravel(),
        )

    def cells(self, of: slice | np.ndarray) -> CountLaw:
        return CountLaw(
            self.mean[of], self.size[of], self.row[of], self.sizes, self.sale[of], self.share[of]
        )

    def mass(self, whole: np.ndarray) -> np.ndarray:
        """(c,) chance of exactly `whole` (c,)."""
        size, mean = self.size, self.mean
        log = gammaln(size + whole) - gammaln(size) - gammaln(whole + 1.0)
        log += size * np.log(size / (size + mean)) + whole * np.log(mean / (size + mean))
        return self.share * self._sized(whole) + (1 - self.share) * np.exp(log)

    def below(self, whole: np.ndarray) -> np.ndarray:
        """(c,) chance of less than `whole` (c,)."""
        chance = self.size / (self.size + self.mean)
        counted = np.where(whole > 0, betainc(self.size, np.maximum(whole, 1), chance), 0.0)
        upto = np.cumsum(self.sizes, axis=1)
        smaller = np.clip(whole - 1, 0, self.sizes.shape[1] - 1)
        sized = np.where(whole > 0, 1 - self.sale * (1 - upto[self.row, smaller]), 0.0)
        return self.share * sized + (1 - self.share) * counted

    def reached(self, levels: np.ndarray) -> Reached:
        """The smallest whole number up to which at least `levels` (c, L), rising, lie."""
        found = Reached(*(np.zeros(levels.shape) for _part in range(3)))
        near = self.mean <= CLIMBED
        for part, one in zip(found, self.cells(near)._climbed(levels[near]), strict=True):
            part[near] = one
        if not near.all():
            far = self.cells(~near)
            size, chance = far.size[:, None], (far.size / (far.size + far.mean))[:, None]
            found.whole[~near] = nbinom.ppf(levels[~near], size, chance)
            found.below[~near] = nbinom.cdf(found.whole[~near] - 1, size, chance)
            found.mass[~near] = nbinom.pmf(found.whole[~near], size, chance)
        return found

    def _climbed(self, levels: np.ndarray) -> Reached:
        """Every cell summed from 0 upwards, one whole number a step, side by side: many times as fast
        as asking for each quantile of each cell, for shops are of small numbers."""
        found = Reached(*(np.zeros(levels.shape) for _part in range(3)))
        cell, here, width = np.arange(len(levels)), self, self.sizes.shape[1]
        miss = here.mean / (here.size + here.mean)
        counted, upto, whole = (1 - miss) ** here.size, np.zeros(len(cell)), 0
        while len(cell):
            sized = here.sale * here.sizes[here.row, whole] if 0 < whole < width else 0.0
            sized = 1 - here.sale if whole == 0 else sized
            mass = here.share * sized + (1 - here.share) * counted
            below, upto = upto, upto + mass
            row, level = np.nonzero((below[:, None] < levels) & (upto[:, None] >= levels))
            for part, values in zip(found[1:], (below, mass), strict=True):
                part[cell[row], level] = values[row]
            found.whole[cell[row], level] = whole
            on = upto < levels[:, -1]
            counted = counted * (here.size + whole) / (whole + 1) * miss
            here = here.cells(on)
            cell, miss, counted, upto, levels = (a[on] for a in (cell, miss, counted, upto, levels))
            whole += 1
        return found

    def _sized(self, whole: np.ndarray) -> np.ndarray:
        width = self.sizes.shape[1]
        own = self.sizes[self.row, np.clip(whole, 0, width - 1)]
        sold = np.where((whole > 0) & (whole < width), self.sale * own, 0.0)
        return np.where(whole == 0, 1 - self.sale, sold)


def levels_below(law: CountLaw, actual: np.ndarray, seed: int) -> np.ndarray:
    """(c,) share of the law below what came, evenly spread where the law is right: within the mass
    of the number itself by lot. actual (c,), NaN where unknown."""
    came = np.where(np.isfinite(actual), np.maximum(actual, 0.0), 0.0).astype(int)
    lots = np.random.default_rng(seed).random(len(came))
    return np.where(np.isfinite(actual), law.below(came) + lots * law.mass(came), np.nan)


def whole_quantiles(law: CountLaw, levels: np.ndarray, lots: np.ndarray) -> np.ndarray:
    """(c, 9) whole numbers, of which the outermost are left out by lot. levels (c, 9), lots (c,)."""
    parts = [slice(start, start + AT_ONCE) for start in range(0, len(lots), AT_ONCE)]
    return np.concatenate(
        [np.empty((0, len(LEVELS)))]
        + [_whole_quantiles(law.cells(part), levels[part], lots[part]) for part in parts]
    )


def _whole_quantiles(law: CountLaw, levels: np.ndarray, lots: np.ndarray) -> np.ndarray:
    found, below, mass = law.reached(levels)
    upto, last = below[:, -1] + mass[:, -1], found[:, -1].copy()
    left_out = (last > 0) & ((1 - lots) * mass[:, -1] < upto - levels[:, -1])
    # Nothing is below 0: where the upper end is 0 the lower one is left out the more often.
    more = np.where(last > 0, 0.0, upto - levels[:, -1])
    let_go = lots * mass[:, 0] < levels[:, 0] + more - below[:, 0]
    found[:, -1] -= EDGE * left_out
    found[:, 0] += EDGE * let_go
    found = np.maximum.accumulate(found, axis=1)
    return np.minimum(found, np.maximum(last - EDGE * left_out, found[:, 0])[:, None])


def lots_of(train: np.ndarray, horizon: int) -> np.ndarray:
    """(n, H) in [0, 1), even over the periods of each series; the same for the same history."""
    when = np.where(np.isfinite(train), train, 0.0) @ np.arange(1.0, train.shape[1] + 1)
    return (when[:, None] * STEPS[0] + np.arange(1, horizon + 1) * STEPS[1]) % 1.0


def plain_quantiles(mean: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """(n, H, 9) whole numbers, quantiles of negative binomials. mean (n, H) units, phi (n,)."""
    return _binomial(mean, phi).whole.reshape(*mean.shape, len(LEVELS))


def count_quantiles(mean: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """(n, H, 9) jittered quantiles, less one, of negative binomials. mean (n, H) units, phi (n,).

    Those of the count with a uniform number added: free of jumps, between the whole numbers.
    """
    whole, below, mass = _binomial(mean, phi)
    beyond = np.clip((below + mass - LEVELS) / np.maximum(mass, 1e-12), 0, 1)
    return np.maximum(whole - beyond, 0.0).reshape(*mean.shape, len(LEVELS))


def _binomial(mean: np.ndarray, phi: np.ndarray) -> Reached:
    law = CountLaw.around(mean, phi)
    return law.reached(np.broadcast_to(LEVELS, (mean.size, len(LEVELS))))
