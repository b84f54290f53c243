"""A forecast taken apart: what each cause adds, day by day. The parts sum to the mean."""

from __future__ import annotations

import numpy as np

CAUSES = ("sales", "stock_out", "price", "promotion", "season", "trend")
RECENT_DAYS = 28


def contributions(
    mean: np.ndarray,
    units: np.ndarray,
    *,
    lost: np.ndarray,
    price_log: np.ndarray,
    promotion_log: np.ndarray,
) -> dict[str, np.ndarray]:
    """cause → (n, H) units per day, in the order of CAUSES.

    mean:          (n, H) the forecast.
    units:         (n, T) what sold, NaN = unknown or closed; a day without stock stands as 0.
    lost:          (n,) units a day that days out of stock would have sold, of the last 28.
    price_log:     (n,) log effect of today's price against the mean of these days.
    promotion_log: (n, H) log effect of the planned reductions.
    sales is the mean of the last 28 days as they sold; stock_out what they missed. promotion and
    price are what is gone without them. season is how a day differs from the horizon's mean; trend
    is what is left: where the model sees demand going.
    """
    recent = units[:, -RECENT_DAYS:]
    known = np.isfinite(recent)
    sales = np.where(known, recent, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    promotion = mean * (1 - np.exp(-promotion_log))
    plain = mean - promotion
    middle = plain.mean(axis=1)
    price = middle * (1 - np.exp(-price_log))
    trend = middle - sales - lost - price
    wide = np.ones(mean.shape)
    parts = (
        wide * sales[:, None],
        wide * lost[:, None],
        wide * price[:, None],
        promotion,
        plain - middle[:, None],
        wide * trend[:, None],
    )
    return dict(zip(CAUSES, parts, strict=True))
