"""What a reduction for a few hours or days is expected to sell beyond the forecast. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .elasticity import LEAST_BETWEEN, SHOP_PRIOR
from .planned_units import LEVEL_Z
from .what_if import Response, day_factors

LEAST_DEPTH = 0.02  # log(price before / sale price); below it an effect says nothing of the price
LEAST_RATE = -0.9  # of which a logarithm is taken


@dataclass(frozen=True)
class MeasuredSale:
    """rate: extra units as a share of the forecast without it, over the hours that it ran; error: one
    standard deviation of the rate; depth: log(price before / sale price)."""

    rate: float
    error: float
    depth: float


def pooled_response(sales: Sequence[MeasuredSale]) -> list[float] | None:
    """[low, mean, high]: elasticity that measured sales imply for the next one, 80 % interval.

    A sale says log(1 + rate) / depth. Random-effects mean; sales differ by at least what SKUs of
    one category do, one alone by what published elasticities do. The interval is that of one new
    sale. None where nothing was measured.
    Source: DerSimonian & Laird, Meta-analysis in clinical trials (1986).
    """
    told = [one for one in sales if one.depth >= LEAST_DEPTH and one.error > 0]
    if not told:
        return None
    rates = np.maximum([one.rate for one in told], LEAST_RATE)
    depth = np.array([one.depth for one in told])
    response = np.log1p(rates) / depth
    variance = (np.array([one.error for one in told]) / (1 + rates) / depth) ** 2
    between = _between(response, variance)
    weight = 1 / (variance + between)
    mean = float((weight * response).sum() / weight.sum())
    half = LEVEL_Z * math.sqrt(1 / weight.sum() + between)
    return [round(value, 4) for value in (mean - half, mean, mean + half)]


def expected_extra(line: dict[str, Any]) -> dict[str, list[float]]:
    """{mean, low, high}: extra units a day of one SKU, 80 % interval; together at most its quota.

    line: base_units (D,) forecast without the sale; day_shares (D,) 0-1, how much of each day it
    runs; price_ratio, sale price over the price it replaces; promotion_change, 1 where that one was
    no reduction; elasticity and promotion_log [low, middle, high]; quota, units.
    What the hours of a day sell is taken as even. A price that would sell less adds nothing.
    """
    base = np.array(line["base_units"], dtype=float) * np.array(line["day_shares"], dtype=float)
    response = Response(*_turned(line["elasticity"]), *_turned(line["promotion_log"]))
    change = np.full(len(base), float(line["promotion_change"]))
    middle, low, high = day_factors(response, line["price_ratio"], change)
    shape = _shape(base * np.maximum(middle - 1, 0), base)
    found = {}
    for name, factors in (("mean", middle), ("low", low), ("high", high)):
        total = min(float((base * np.maximum(factors - 1, 0)).sum()), line["quota"])
        found[name] = (shape * total).round(3).tolist()
    return found


def _turned(bounds: Sequence[float]) -> tuple[float, float, float]:
    """low, middle, high as Response wants them: the middle first."""
    low, middle, high = bounds
    return middle, low, high


def _shape(extra: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Each day's part of the whole, one for all three numbers: capped or not, low ≤ mean ≤ high."""
    for series in (extra, base):
        if series.sum() > 0:
            return series / series.sum()
    return np.zeros(len(base))


def _between(response: np.ndarray, variance: np.ndarray) -> float:
    """Variance between sales."""
    if len(response) == 1:
        return SHOP_PRIOR[1] ** 2
    weight = 1 / variance
    mean = (weight * response).sum() / weight.sum()
    q = float((weight * (response - mean) ** 2).sum())
    scale = float(weight.sum() - (weight**2).sum() / weight.sum())
    return max(LEAST_BETWEEN**2, (q - (len(response) - 1)) / scale)


def expected_of_sale(inputs: dict[str, Any]) -> dict[str, Any]:
    """Of a receipt: what each SKU was expected to sell beyond the forecast when it was approved."""
    found = {sku: expected_extra(line) for sku, line in inputs["lines"].items()}
    return {
        "extra_units": {
            sku: {name: round(sum(days), 1) for name, days in one.items()}
            for sku, one in found.items()
        }
    }
