"""Intervals and tests that hold at every look, so that peeking costs nothing but width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .effects import Effect

# Units in both arms together at which the interval is relatively tightest, when nobody planned a
# size: GrowthBook's default too (gbstats 0.8.0, sequential_tuning_parameter).
PLANNED_UNITS = 5_000
# The sequence rests on the central limit theorem from its first look on; before that, silence.
FIRST_LOOK_UNITS = 100
# How sure the test of the arms' sizes is beforehand that they are right: so many imagined units.
# Lindon & Malek's package takes 10,000, blind to a gross leak among the first hundred customers
# that a small shop has; 100 costs a factor of 10 in the Bayes factor of a slight one.
RATIO_CONCENTRATION = 100


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


def always_valid(
    effect: Effect, *, level: float = 0.95, planned: int = PLANNED_UNITS
) -> Interval | None:
    """The interval of an asymptotic confidence sequence: all its looks together hold the truth
    with probability `level`. None under FIRST_LOOK_UNITS units a side, or without any spread.

    planned: units in both arms at which it is tightest; to be fixed before the first look.
    Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, Time-uniform central limit theory and
    asymptotic confidence sequences, Annals of Statistics 52 (2024), theorem 2.2.
    """
    if effect.units < 2 * FIRST_LOOK_UNITS or effect.error <= 0:
        return None
    half = effect.error * widening(effect.units, level=level, planned=planned)
    return Interval(effect.difference - half, effect.difference + half)


def widening(units: int, *, level: float = 0.95, planned: int = PLANNED_UNITS) -> float:
    """Half the interval's width in standard errors: what 1.96 is to one single look."""
    alpha = 1 - level
    inverse = -2 * math.log(alpha)
    rho2 = (inverse + math.log(inverse + 1)) / planned
    grown = units * rho2 + 1
    return math.sqrt(2 * grown / (units * rho2) * math.log(math.sqrt(grown) / alpha))


def ratio_p_always_valid(counts: Sequence[int], shares: Sequence[float]) -> float:
    """How far the arms' sizes are from their shares, as a p-value that holds at every look.

    One over the Bayes factor of a Dirichlet-multinomial against the shares; at most 1. Take the
    smallest of all looks. Raises ValueError without units.
    Source: Lindon & Malek, Anytime-Valid Inference for Multinomial Count Data, NeurIPS 2022.
    """
    if not sum(counts) or len(counts) != len(shares):
        raise ValueError("needs units in arms that have shares")
    prior = [RATIO_CONCENTRATION * share for share in shares]
    total = math.fsum(prior)
    log_factor = math.lgamma(total) - math.lgamma(total + sum(counts))
    for count, share, alpha in zip(counts, shares, prior, strict=True):
        log_factor += math.lgamma(alpha + count) - math.lgamma(alpha) - count * math.log(share)
    return math.exp(min(0.0, -log_factor))
