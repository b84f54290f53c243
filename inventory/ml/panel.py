"""Units sold as a matrix: one row per SKU, one column per day, week or month."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

SEASON = {"D": 7, "W": 52, "M": 12}
# exp(-5) < 1 %: with five SKUs selling on an average day, a day on which none sells is a closed day.
SKUS_PER_DAY_FOR_CLOSED = 5.0


@dataclass(frozen=True)
class Panel:
    """Demand history with what is not demand masked.

    skus:      n names, in row order.
    periods:   (T,) datetime64[D], first day of each period, without gaps.
    units:     (n, T) float64, units per period; NaN = not demand (before the first row of the SKU,
               out of stock, shop closed).
    price:     (n, T) price per unit or None; NaN = unknown.
    promotion: (n, T) share of the period under promotion (0-1) or None.
    depth:     (n, T) log of list price over asked price, 0 = no reduction, or None; a plan like promotion.
    price_ahead, promotion_ahead: those of later periods are plans, known at the origin.
    groups:    (n,) int, SKUs with the same number are of one category; None = nothing is known.
    countries: ISO codes of the countries whose festivals demand follows.
    """

    skus: list[str]
    periods: np.ndarray
    units: np.ndarray
    frequency: str = "D"
    price: np.ndarray | None = None
    promotion: np.ndarray | None = None
    price_ahead: bool = False
    promotion_ahead: bool = False
    groups: np.ndarray | None = None
    countries: tuple[str, ...] = ()
    depth: np.ndarray | None = None

    @property
    def season(self) -> int:
        return SEASON[self.frequency]

    def until(self, length: int) -> Panel:
        """The first `length` periods: nothing later can leak."""
        return replace(
            self,
            periods=self.periods[:length],
            units=self.units[:, :length],
            price=None if self.price is None else self.price[:, :length],
            promotion=None if self.promotion is None else self.promotion[:, :length],
            depth=None if self.depth is None else self.depth[:, :length],
        )

    def rows(self, keep: np.ndarray) -> Panel:
        """The SKUs at the given row numbers."""
        return replace(
            self,
            skus=[self.skus[row] for row in keep],
            units=self.units[keep],
            price=None if self.price is None else self.price[keep],
            promotion=None if self.promotion is None else self.promotion[keep],
            depth=None if self.depth is None else self.depth[keep],
            groups=None if self.groups is None else self.groups[keep],
        )

    def extended(
        self, horizon: int, promotion: np.ndarray | None = None, depth: np.ndarray | None = None
    ) -> Panel:
        """The panel with `horizon` periods behind it whose units are unknown, for forecasting.

        promotion, depth: (n, horizon) planned; without them nothing is planned.
        """
        n = len(self.skus)
        planned = np.zeros((n, horizon)) if promotion is None else promotion
        fall = np.zeros((n, horizon)) if depth is None else depth
        unknown = np.full((n, horizon), np.nan)
        ahead = _following(self.periods[-1], horizon, self.frequency)
        return replace(
            self,
            periods=np.concatenate([self.periods, ahead]),
            units=np.hstack([self.units, unknown]),
            price=None if self.price is None else np.hstack([self.price, unknown]),
            promotion=None if self.promotion is None else np.hstack([self.promotion, planned]),
            depth=None if self.depth is None else np.hstack([self.depth, fall]),
        )


def period_of(days: np.ndarray, frequency: str) -> np.ndarray:
    """First day of the period of each day (weeks begin on Monday). datetime64[D] in and out."""
    days = days.astype("datetime64[D]")
    if frequency == "M":
        return days.astype("datetime64[M]").astype("datetime64[D]")
    if frequency == "W":
        weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
        return days - weekday
    return days


def all_periods(first: np.datetime64, last: np.datetime64, frequency: str) -> np.ndarray:
    """Every period from `first` to `last`, both included. datetime64[D]."""
    if frequency == "M":
        months = np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + 1)
        return months.astype("datetime64[D]")
    return np.arange(first, last + 1, 7 if frequency == "W" else 1).astype("datetime64[D]")


def _following(last: np.datetime64, count: int, frequency: str) -> np.ndarray:
    if frequency == "M":
        months = last.astype("datetime64[M]") + np.arange(1, count + 1)
        return months.astype("datetime64[D]")
    return last + (7 if frequency == "W" else 1) * np.arange(1, count + 1)


def closed_periods(seen: np.ndarray) -> np.ndarray:
    """Which periods are closed: no SKU has a row, although about five or more usually have one.

    seen:    (n, T) bool, the SKU has a row (of whatever value) in the period.
    returns: (T,) bool. A shop with few sales a day has no closed periods: a day without a row
             is then a day without a sale.
    """
    rows_per_period = seen.sum(axis=0)
    usual = rows_per_period[rows_per_period > 0].mean() if rows_per_period.any() else 0.0
    if usual < SKUS_PER_DAY_FOR_CLOSED:
        return np.zeros(seen.shape[1], dtype=bool)
    return rows_per_period == 0


def mask_not_demand(units: np.ndarray, seen: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """Zero where a SKU had no row, NaN before its first row and in closed periods.

    units: (n, T) sums of the rows (0 without a row); seen: (n, T) bool; closed: (T,) bool.
    """
    started = np.logical_or.accumulate(seen, axis=1)
    return np.where(started & ~closed[None, :], units, np.nan)


def history_lengths(units: np.ndarray) -> np.ndarray:
    """(n,) known periods per SKU: what is masked is no history."""
    return np.isfinite(units).sum(axis=1)
