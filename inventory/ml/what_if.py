"""Another price, another promotion: the same forecast moved by what was learned of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Response:
    """elasticity, low, high: demand ~ price ** -elasticity, with the 0.1 and 0.9 quantile.

    promotion_log, promotion_low, promotion_high: log factor of a reduction beside its price.
    """

    elasticity: float
    low: float
    high: float
    promotion_log: float = 0.0
    promotion_low: float = 0.0
    promotion_high: float = 0.0


def day_factors(
    response: Response, price_ratio: float, promotion_change: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(middle, low, high) factors of each day's demand, each (H,).

    price_ratio:      new price over the one that the forecast was made for.
    promotion_change: (H,) new share of the day under promotion less the planned one.
    The interval is that of the response alone, its two parts as if they erred independently.
    Raises ValueError for a price that is not positive.
    """
    if price_ratio <= 0:
        raise ValueError("a price must be above 0")
    rise = -np.log(price_ratio)
    middle = response.elasticity * rise + response.promotion_log * promotion_change
    price_half = abs(rise) * (response.high - response.low) / 2
    promotion_half = (
        np.abs(promotion_change) * (response.promotion_high - response.promotion_low) / 2
    )
    half = np.hypot(price_half, promotion_half)
    return np.exp(middle), np.exp(middle - half), np.exp(middle + half)
