"""The one assignment service and the one statistics module; other apps import them from here."""

from decisions.ml.assignment import arm, in_share, position
from decisions.ml.comparison import (
    CANNOT_TELL,
    LOSE,
    MIN_UNITS,
    WIN,
    Comparison,
    TooFewUnitsError,
    compare_means,
    compare_proportions,
)

__all__ = [
    "CANNOT_TELL",
    "LOSE",
    "MIN_UNITS",
    "WIN",
    "Comparison",
    "TooFewUnitsError",
    "arm",
    "compare_means",
    "compare_proportions",
    "in_share",
    "position",
]
