"""What is kept of an arm: how many units, and the means and squares of what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Moments:
    """One arm. All comparisons need only this, so that millions of rows stay in the database.

    n: units. y: mean of the metric, y2: sum of its squared deviations. x, x2: the same of a second
    figure per unit (what was measured before the start, or a ratio's denominator). xy: sum of the
    products of both deviations.
    """

    n: int
    y: float
    y2: float
    x: float = 0.0
    x2: float = 0.0
    xy: float = 0.0

    @classmethod
    def of(cls, y: Sequence[float] | np.ndarray, x: np.ndarray | None = None) -> Moments:
        """From one value per unit, zeros included, no NaN. Raises ValueError without units."""
        import numpy as np  # not at start-up: experiments are asked by every web worker

        values = np.asarray(y, dtype=float)
        if not len(values):
            raise ValueError("no units")
        mean = float(values.mean())
        off = values - mean
        if x is None:
            return cls(len(values), mean, float(off @ off))
        other = np.asarray(x, dtype=float)
        centre = float(other.mean())
        away = other - centre
        return cls(
            len(values), mean, float(off @ off), centre, float(away @ away), float(off @ away)
        )

    @classmethod
    def from_sums(
        cls, n: int, y: float, yy: float, x: float = 0.0, xx: float = 0.0, xy: float = 0.0
    ) -> Moments:  # fmt: skip
        """From what a database adds up: sum of y, of y², of x, of x², of x·y.

        Sums of squares cancel where the spread is tiny beside the mean: integers in, as exact as
        the database adds. Raises ValueError without units.
        """
        if n < 1:
            raise ValueError("no units")
        return cls(
            n, y / n, max(0.0, yy - y * y / n), x / n, max(0.0, xx - x * x / n), xy - x * y / n
        )

    @classmethod
    def of_share(cls, hits: int, n: int) -> Moments:
        """Of ones and zeros."""
        return cls.from_sums(n, hits, hits)

    def __add__(self, other: Moments) -> Moments:
        """Both together. Source: Chan, Golub & LeVeque, The American Statistician 37 (1983)."""
        n = self.n + other.n
        weight = self.n * other.n / n
        dy, dx = other.y - self.y, other.x - self.x
        return Moments(
            n,
            self.y + dy * other.n / n,
            self.y2 + other.y2 + dy * dy * weight,
            self.x + dx * other.n / n,
            self.x2 + other.x2 + dx * dx * weight,
            self.xy + other.xy + dx * dy * weight,
        )

    @property
    def variance(self) -> float:
        """Of y; NaN for a single unit."""
        return self.y2 / (self.n - 1) if self.n > 1 else math.nan

    @property
    def variance_x(self) -> float:
        return self.x2 / (self.n - 1) if self.n > 1 else math.nan

    @property
    def covariance(self) -> float:
        return self.xy / (self.n - 1) if self.n > 1 else math.nan
