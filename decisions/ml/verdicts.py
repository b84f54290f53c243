"""From an effect to a verdict: win, lose, cannot tell; harm or no harm for a guardrail."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .bayes import Belief, belief
from .comparison import CANNOT_TELL, LOSE, MIN_UNITS, WIN
from .effects import Effect
from .power import smallest_detectable
from .sequential import FIRST_LOOK_UNITS, PLANNED_UNITS, Interval, always_valid

HARMED, UNHARMED = "harmed", "unharmed"


@dataclass(frozen=True)
class Reading:
    """One arm against the control, on one metric.

    once: the classic interval, right for one look at a planned end; None under MIN_UNITS.
    always: the interval that holds at every look; None before the first sensible one.
    verdict: by `always`. verdict_once: by `once`, for who has looked only once.
    smallest, smallest_always: the effect that so many people show in 4 of 5 such experiments.
    """

    effect: Effect
    once: Interval | None
    always: Interval | None
    verdict: str
    verdict_once: str
    smallest: float
    smallest_always: float
    belief: Belief | None


def read(
    effect: Effect,
    *,
    level: float = 0.95,
    planned: int = PLANNED_UNITS,
    once: Interval | None = None,
) -> Reading:
    """Judge one effect.

    level: already corrected for several arms. once: a better classic interval than Student's, for
    shares.
    """
    if once is None:
        once = student(effect, level)
    always = always_valid(effect, level=level, planned=planned)
    looks = (max(effect.units, 2), planned)
    return Reading(
        effect,
        once,
        always,
        verdict_of(always),
        verdict_of(once) if effect.error > 0 else CANNOT_TELL,
        smallest_detectable(effect.error, level=level),
        smallest_detectable(effect.error, level=level, looks=looks),
        belief(effect, level=level),
    )


def student(effect: Effect, level: float) -> Interval | None:
    """Estimate ± t × error; None for groups too small for any interval."""
    from scipy.special import stdtrit  # scipy.stats would cost seconds of import

    if effect.units < 2 * MIN_UNITS:
        return None
    freedom = min(effect.freedom, 1e9)
    half = float(stdtrit(freedom, 0.5 + level / 2)) * effect.error if effect.error else 0.0
    return Interval(effect.difference - half, effect.difference + half)


def verdict_of(interval: Interval | None) -> str:
    if interval is None:
        return CANNOT_TELL
    return WIN if interval.low > 0 else LOSE if interval.high < 0 else CANNOT_TELL


def kept_verdict(before: str, now: str) -> str:
    """The first verdict that was given stays.

    The intervals of a sequence hold at all looks at once, so the look that gave it was right with
    the same probability as all of them; a later one that cannot tell takes nothing back. The
    interval shown is always today's: what a person brings grows with the days since she was shown
    something, so that looks cannot be cut with each other.
    """
    return now if before == CANNOT_TELL else before


def guardrail(interval: Interval | None, margin: float) -> str:
    """Whether a figure that must not grow (unsubscribes) grew by more than `margin`.

    Unharmed only when the interval rules out more than the margin; harmed when it rules out less;
    else it cannot be told, which is no all-clear.
    Source: non-inferiority, Piaggio et al., JAMA 308 (2012).
    """
    if interval is None or math.isnan(margin):
        return CANNOT_TELL
    if interval.low > margin:
        return HARMED
    return UNHARMED if interval.high < margin else CANNOT_TELL


def is_early(units: int) -> bool:
    """Too soon for any always-valid interval."""
    return units < 2 * FIRST_LOOK_UNITS


def corrected_level(level: float, comparisons: int) -> float:
    """Several arms against one are several chances to be fooled. Source: Bonferroni, 1936."""
    return 1 - (1 - level) / max(1, comparisons)
