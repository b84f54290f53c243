"""Money that comes later is worth less today."""

from __future__ import annotations

from collections.abc import Sequence

YEAR = 365.0


def present_value(
    cumulative: Sequence[float], horizons_days: Sequence[int], yearly_rate: float
) -> float:
    """What comes until each horizon, discounted to today; in the unit of the amounts.

    cumulative:    expected until the end of each horizon, same length as `horizons_days`, ascending.
    yearly_rate:   0.1 is 10 % a year, compounded. What comes between two horizons is taken to come
                   in the middle between them.
    Source: Gupta & Lehmann, Managing Customers as Investments (2005), ch. 2.
    """
    worth, before, since = 0.0, 0.0, 0
    for amount, until in zip(cumulative, horizons_days, strict=True):
        years = (since + until) / 2 / YEAR
        worth += (amount - before) / (1 + yearly_rate) ** years
        before, since = amount, until
    return worth
