"""A share with its interval, or none where there is too little to say."""

from __future__ import annotations

import math
from dataclasses import dataclass

FLOOR = 20  # below it the interval of a half is wider than 40 points: nothing is shown
Z = 1.959964  # 95 %


@dataclass(frozen=True)
class Share:
    """value, low, high: 0 to 1; None below the floor. n: out of how many; hits: how many."""

    hits: int
    n: int
    value: float | None
    low: float | None
    high: float | None


def share_of(hits: int, n: int, *, floor: int = FLOOR) -> Share:
    """Wilson's 95 % score interval. Raises ValueError for impossible counts.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22
    (1927).
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is no share")
    if n < floor:
        return Share(hits, n, None, None, None)
    share = hits / n
    scale = 1 + Z * Z / n
    centre = (share + Z * Z / (2 * n)) / scale
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / scale
    return Share(hits, n, share, max(0.0, centre - half), min(1.0, centre + half))
