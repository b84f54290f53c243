"""A forecast taken apart: what each cause adds, day by day. The parts sum to the mean."""

from __future__ import annotations

import numpy as np

from .tree_parts import FAMILIES

CAUSES = ("sales", "stock_out", "trend", "season", "festival", "price", "promotion")
RECENT_DAYS = 28
DIGITS = 3  # of a unit a day: finer than any error of the forecast


def contributions(
    parts: dict[str, np.ndarray], units: np.ndarray, *, lost: np.ndarray
) -> dict[str, np.ndarray]:
    """cause → (n, H) units per day, in the order of CAUSES.

    parts: (n, H) by made_of.parts_of, which sum to the forecast.
    units: (n, T) what sold, NaN = unknown or closed; a day without stock stands as 0.
    lost:  (n,) units a day that days out of stock would have sold, of the last 28.
    The level is told as what it rests on: sales, the mean of the last 28 days as they sold;
    stock_out, what they missed; trend, the rest: where the model sees demand going.
    """
    recent = units[:, -RECENT_DAYS:]
    known = np.isfinite(recent)
    sales = np.where(known, recent, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    wide = np.ones(parts["level"].shape)
    found = {
        "sales": wide * sales[:, None],
        "stock_out": wide * lost[:, None],
        "trend": parts["level"] - (sales + lost)[:, None],
    } | {name: parts[name] for name in FAMILIES if name != "level"}
    return {name: found[name] for name in CAUSES}


def rounded(mean: np.ndarray, causes: dict[str, np.ndarray]) -> dict[str, list[float]]:
    """One SKU's causes (H,) to DIGITS, summing to the rounded mean to the last digit.

    What rounding leaves over is the trend's, which is the rest already.
    """
    whole = {name: np.rint(part * 10**DIGITS) for name, part in causes.items()}
    rest = np.rint(np.round(mean, DIGITS) * 10**DIGITS) - sum(whole.values())
    whole["trend"] = whole["trend"] + rest
    return {name: (part / 10**DIGITS).round(DIGITS).tolist() for name, part in whole.items()}
