"""What other lists would have earned, from what was shown and with which probability.

One row is one slot of one answer. Whether a slot is clicked may depend on the person, the product
and the position, not on its neighbours (the item-position model), so that a list is judged slot
by slot and a long list needs no more luck than a short one.
Sources: Horvitz & Thompson, JASA 47 (1952) (IPS); Swaminathan & Joachims, NeurIPS 2015 (SNIPS);
Dudík, Langford & Li, ICML 2011 (DR); Li et al., KDD 2018 (item-position model).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

# A weight beyond this is cut: one lucky click may not decide alone. Cutting makes estimates of
# clicks and money too small rather than too wild; how many rows were cut is part of the result.
CLIP = 20.0
MIN_EFFECTIVE_ROWS = 100
MIN_PERSONS = 30
# Below this share the candidate mostly shows what was never tried: nothing here speaks of it.
MIN_SUPPORT_RATE = 0.8
PRIOR_ROWS = 20.0  # a product's own clicks outweigh its position's after so many impressions
POSITIONS = 256


class OffPolicyError(ValueError):
    """These logs cannot judge this candidate. reason: a name for the caller; found, needed."""

    def __init__(self, reason: str, found: float, needed: float):
        super().__init__(f"{reason}: {found:g}, needed {needed:g}")
        self.reason, self.found, self.needed = reason, found, needed


@dataclass(frozen=True)
class Slots:
    """What was shown, one entry per slot, all arrays (n,), no NaN but where said.

    person: int64, whose answers hang together. reward: what came of it, e.g. 1 for a click.
    propensity: the logged probability of this product at this position, in (0, 1]; NaN where none
    was logged. target: the candidate's probability of the same, in [0, 1].
    expected: the reward that a model expects of this slot as it was shown; expected_target: of
    the slot as the candidate would fill it.
    """

    person: np.ndarray
    reward: np.ndarray
    propensity: np.ndarray
    target: np.ndarray
    expected: np.ndarray
    expected_target: np.ndarray


@dataclass(frozen=True)
class Estimate:
    """Reward per slot with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OffPolicy:
    """The candidate by three estimators, what was shown, and the difference (DR less shown).

    effective_rows: (Σw)² / Σw². support_rate: the mean weight before cutting, 1 where everything
    the candidate shows was tried. clipped_rate: the share of rows whose weight was cut to `clip`.
    worse_p: the probability of a difference this low or lower if the candidate were as good as what
    was shown (one-sided).
    """

    ips: Estimate
    snips: Estimate
    dr: Estimate
    shown: Estimate
    difference: Estimate
    rows: int
    persons: int
    effective_rows: float
    support_rate: float
    clip: float
    clipped_rate: float
    worse_p: float


def off_policy(slots: Slots, *, clip: float = CLIP, level: float = 0.95) -> OffPolicy:
    """Judge a candidate by what was logged.

    Intervals come from the linearised estimator, summed per person, with Student's quantile.
    Raises OffPolicyError with reason `no_propensity` (a row has none), `too_few_persons`,
    `too_few_effective_rows` or `no_support`; ValueError for arrays that do not fit together.
    """
    weight = _weights(slots)
    support = float(weight.mean())
    cut = np.minimum(weight, clip)
    total = float(cut.sum())
    effective = total**2 / float((cut**2).sum()) if total else 0.0
    _need("too_few_effective_rows", effective, MIN_EFFECTIVE_ROWS)
    _need("no_support", support, MIN_SUPPORT_RATE)
    corrected = slots.expected_target + cut * (slots.reward - slots.expected)
    cluster = _Clusters(slots.person, level)
    return OffPolicy(
        ips=cluster.mean(cut * slots.reward),
        snips=cluster.ratio(cut * slots.reward, cut),
        dr=cluster.mean(corrected),
        shown=cluster.mean(slots.reward),
        difference=cluster.mean(corrected - slots.reward),
        rows=len(weight),
        persons=cluster.count,
        effective_rows=effective,
        support_rate=support,
        clip=clip,
        clipped_rate=float((weight > clip).mean()),
        worse_p=cluster.below(corrected - slots.reward),
    )


def _weights(slots: Slots) -> np.ndarray:
    """float64 (n,), target over logged probability. Raises as off_policy."""
    arrays = [np.asarray(getattr(slots, name)) for name in slots.__dataclass_fields__]
    if len({array.shape for array in arrays}) != 1 or arrays[0].ndim != 1:
        raise ValueError("one entry per slot in every array")
    propensity = np.asarray(slots.propensity, dtype=np.float64)
    usable = (propensity > 0) & (propensity <= 1)
    if not usable.all():
        raise OffPolicyError("no_propensity", float((~usable).sum()), 0)
    _need("too_few_persons", float(len(np.unique(slots.person))), MIN_PERSONS)
    return np.asarray(slots.target, dtype=np.float64) / propensity


def _need(reason: str, found: float, needed: float) -> None:
    if found < needed:
        raise OffPolicyError(reason, found, needed)


class _Clusters:
    """Means and ratios over rows that hang together by person."""

    def __init__(self, person: np.ndarray, level: float):
        from scipy.special import stdtrit  # scipy.stats would cost seconds of import

        _names, self.of_row = np.unique(person, return_inverse=True)
        self.count = len(_names)
        self.quantile = float(stdtrit(self.count - 1, 0.5 + level / 2))

    def mean(self, values: np.ndarray) -> Estimate:
        return self.ratio(values, np.ones(len(values)))

    def ratio(self, above: np.ndarray, below: np.ndarray) -> Estimate:
        """Σabove / Σbelow with the interval of its linearisation."""
        value, error = self._linearised(above, below)
        half = self.quantile * error
        return Estimate(value, value - half, value + half)

    def below(self, values: np.ndarray) -> float:
        """The one-sided p of a mean below 0."""
        from scipy.special import stdtr

        value, error = self._linearised(values, np.ones(len(values)))
        return float(stdtr(self.count - 1, value / error)) if error else float(value >= 0)

    def _linearised(self, above: np.ndarray, below: np.ndarray) -> tuple[float, float]:
        total = float(below.sum())
        value = float(above.sum()) / total
        left = np.bincount(self.of_row, above - value * below, self.count)
        return value, math.sqrt(self.count / (self.count - 1) * float((left**2).sum())) / total


@dataclass(frozen=True)
class RewardModel:
    """What a product at a position brought, smoothed toward its position; two halves of people.

    keys: int64 ascending, product × POSITIONS + position; sums, counts: (2, n_keys);
    by_position: (2, POSITIONS), mean reward, used for what a half has never shown.
    """

    keys: np.ndarray
    sums: np.ndarray
    counts: np.ndarray
    by_position: np.ndarray

    def expect(self, product: np.ndarray, position: np.ndarray, half: np.ndarray) -> np.ndarray:
        """float64 (n,): the expected reward, learned from the other half than the row's own."""
        other = 1 - half
        place = np.minimum(position, POSITIONS - 1)
        key = product.astype(np.int64) * POSITIONS + place
        at = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        known = self.keys[at] == key
        count = np.where(known, self.counts[other, at], 0)
        total = np.where(known, self.sums[other, at], 0)
        prior = self.by_position[other, place]
        return (total + PRIOR_ROWS * prior) / (count + PRIOR_ROWS)


def fit_rewards(
    product: np.ndarray, position: np.ndarray, reward: np.ndarray, half: np.ndarray
) -> RewardModel:
    """Two models of the expected reward, each from one half of the people.

    product, position: non-negative int (n,), n > 0; half: 0 or 1 per row, the same for all rows
    of a person, so that nobody's own click is in what is expected of her.
    Source: Chernozhukov et al., Econometrics Journal 21 (2018) (cross-fitting).
    """
    place = np.minimum(position, POSITIONS - 1)
    keys, at = np.unique(product.astype(np.int64) * POSITIONS + place, return_inverse=True)
    sums, counts, means = [], [], []
    for side in (0, 1):
        mine = half == side
        sums.append(np.bincount(at[mine], reward[mine], len(keys)))
        counts.append(np.bincount(at[mine], minlength=len(keys)))
        shown = np.bincount(place[mine], minlength=POSITIONS)
        brought = np.bincount(place[mine], reward[mine], POSITIONS)
        overall = reward[mine].mean() if mine.any() else 0.0
        means.append(np.where(shown > 0, brought / np.maximum(shown, 1), overall))
    return RewardModel(keys, np.array(sums), np.array(counts), np.array(means))


def halves(person: np.ndarray) -> np.ndarray:
    """0 or 1 per row: people in the order of their numbers, by turns."""
    _names, at = np.unique(person, return_inverse=True)
    return (at % 2).astype(np.int64)


def as_figures(found: OffPolicy) -> dict[str, Any]:
    """Plain numbers for a stored record."""
    named = {
        name: [getattr(found, name).value, getattr(found, name).low, getattr(found, name).high]
        for name in ("ips", "snips", "dr", "shown", "difference")
    }
    rest = (
        "rows", "persons", "effective_rows", "support_rate", "clip", "clipped_rate", "worse_p",
    )  # fmt: skip
    return named | {name: getattr(found, name) for name in rest}
