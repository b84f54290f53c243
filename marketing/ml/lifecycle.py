"""Where a customer stands, by the shop's own rhythm and not by fixed days.

The borders are quantiles of the gaps between order days of customers who came back: after
`at_risk_after_days` four of five who ever came back had done so, after `lapsed_after_days`
nineteen of twenty. A butcher's "lapsed" comes in weeks, a mattress shop's in years.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .rfm import SECONDS_PER_DAY, ShortHistoryError

AT_RISK_QUANTILE, LAPSED_QUANTILE = 0.80, 0.95
# Below this the 95th percentile is set by one or two customers.
MIN_GAPS = 50
LOYAL_SCORE = 4


@dataclass(frozen=True)
class Borders:
    typical_gap_days: float
    at_risk_after_days: float
    lapsed_after_days: float
    gap_count: int


def repurchase_gaps(customer_ids: np.ndarray, placed_at: np.ndarray) -> np.ndarray:
    """Days between consecutive order days of the same customer, all customers together.

    customer_ids: shape (n_orders,); placed_at: seconds since 1970, same shape, any order.
    Two orders on one day (UTC) are one visit and give no gap. Returns whole days, all positive.
    """
    days = (placed_at // SECONDS_PER_DAY).astype(np.int64)
    order = np.lexsort((days, customer_ids))
    same = np.diff(customer_ids[order]) == 0
    gaps = np.diff(days[order])[same]
    return gaps[gaps > 0]


def borders(gaps: np.ndarray) -> Borders:
    """Quantiles of the gaps (linear between neighbours). Raises ShortHistoryError under MIN_GAPS."""
    if gaps.size < MIN_GAPS:
        raise ShortHistoryError(f"{MIN_GAPS - gaps.size} more repeat orders needed")
    typical, at_risk, lapsed = np.quantile(gaps, [0.5, AT_RISK_QUANTILE, LAPSED_QUANTILE])
    return Borders(float(typical), float(at_risk), float(lapsed), int(gaps.size))


def stages(
    recency_days: np.ndarray,
    frequency: np.ndarray,
    *,
    scores: tuple[np.ndarray, np.ndarray],
    limits: Borders,
) -> np.ndarray:
    """One stage per customer with an order, shape (n,), dtype str.

    recency_days, frequency: shape (n,); scores: frequency and monetary scores 1 to 5, same shape.
    Repeat customers: loyal (both scores 4 or 5) or active until at_risk_after_days, then at_risk,
    after lapsed_after_days lapsed. One order: new until at_risk_after_days, then one_time.
    """
    by_frequency, by_money = scores
    here = recency_days <= limits.at_risk_after_days
    gone = recency_days > limits.lapsed_after_days
    repeat = frequency >= 2
    loyal = (by_frequency >= LOYAL_SCORE) & (by_money >= LOYAL_SCORE)
    return np.select(
        [~repeat & here, ~repeat, here & loyal, here, gone],
        ["new", "one_time", "loyal", "active", "lapsed"],
        default="at_risk",
    )
