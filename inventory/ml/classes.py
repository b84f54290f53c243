"""How a SKU is bought: often or seldom, in like or unlike amounts."""

from __future__ import annotations

import numpy as np

NAMES = ("smooth", "erratic", "intermittent", "lumpy")
# Periods between sales and squared variation of their size at which the best simple method changes.
INTERVAL, VARIATION = 1.32, 0.49


def demand_classes(units: np.ndarray) -> np.ndarray:
    """(n,) int, the place in NAMES. units (n, T), NaN = masked. Without a sale: intermittent.

    Source: Syntetos, Boylan & Croston, On the categorization of demand patterns, 2005.
    """
    sold = np.where(units > 0, units, np.nan)
    count = np.isfinite(sold).sum(axis=1)
    known = np.isfinite(units).sum(axis=1)
    total = np.nansum(sold, axis=1)
    size = total / np.maximum(count, 1)
    square = np.nansum((sold - size[:, None]) ** 2, axis=1) / np.maximum(count, 1)
    variation = np.where(count > 0, square / np.maximum(size, 1e-12) ** 2, 0.0)
    interval = np.where(count > 0, known / np.maximum(count, 1), np.inf)
    return 2 * (interval >= INTERVAL) + (variation >= VARIATION)
