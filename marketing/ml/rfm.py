"""Recency, frequency, monetary value: what orders say of a customer, and her place among the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SCORES = 5
# Fewer customers than this make fifths of a handful of people.
MIN_CUSTOMERS = 25
SECONDS_PER_DAY = 86_400


class ShortHistoryError(ValueError):
    """Not enough history for a figure; the message says how much is missing."""


@dataclass(frozen=True)
class Metrics:
    """One entry per customer with an order, in ascending order of `customer_ids`."""

    customer_ids: np.ndarray
    recency_days: np.ndarray
    frequency: np.ndarray
    monetary_minor: np.ndarray
    tenure_days: np.ndarray
    last_order_at: np.ndarray


@dataclass(frozen=True)
class Scores:
    """1 (worst fifth) to 5 (best fifth), int, in the order of the metrics."""

    recency: np.ndarray
    frequency: np.ndarray
    monetary: np.ndarray


def metrics(
    customer_ids: np.ndarray,
    placed_at: np.ndarray,
    amount_minor: np.ndarray,
    *,
    refunds: tuple[np.ndarray, np.ndarray],
    as_of: float,
) -> Metrics:
    """Per customer: days since the last and the first order, orders, money net of refunds.

    customer_ids, amount_minor: shape (n_orders,), int64; placed_at: shape (n_orders,), seconds
    since 1970; refunds: customer ids and minor units, shape (n_refunds,) each. Any order of rows.
    Refunds of customers without an order are left out. as_of: seconds, later than every order.
    Raises ValueError for an order at or after `as_of`: it would leak the future.
    """
    if placed_at.size and placed_at.max() >= as_of:
        raise ValueError("an order lies at or after as_of")
    ids, place, frequency = np.unique(customer_ids, return_inverse=True, return_counts=True)
    first = np.full(ids.size, np.inf)
    last = np.full(ids.size, -np.inf)
    np.minimum.at(first, place, placed_at)
    np.maximum.at(last, place, placed_at)
    money = np.zeros(ids.size, dtype=np.int64)
    np.add.at(money, place, amount_minor)
    _subtract_refunds(money, ids, *refunds)
    return Metrics(
        customer_ids=ids,
        recency_days=_whole_days(as_of - last),
        frequency=frequency.astype(np.int64),
        monetary_minor=money,
        tenure_days=_whole_days(as_of - first),
        last_order_at=last,
    )


def fifths(values: np.ndarray) -> np.ndarray:
    """Scores 1 to 5, five the highest values; equal values always get the same score.

    values: shape (n,), no NaN. Score = 1 + floor(5 × share of customers strictly below). Ties can
    leave a score empty: when 60 % of customers ordered once, they all score 1 and nobody 2 or 3.
    Raises ShortHistoryError under MIN_CUSTOMERS values.
    """
    if values.size < MIN_CUSTOMERS:
        raise ShortHistoryError(
            f"{MIN_CUSTOMERS - values.size} more customers with an order needed"
        )
    below = np.searchsorted(np.sort(values), values, side="left")
    return 1 + (SCORES * below) // values.size


def scores(found: Metrics) -> Scores:
    """Fifths of each metric; for recency fewer days are better. Raises ShortHistoryError."""
    return Scores(
        recency=fifths(-found.recency_days),
        frequency=fifths(found.frequency),
        monetary=fifths(found.monetary_minor),
    )


def _subtract_refunds(
    money: np.ndarray, ids: np.ndarray, refunded_ids: np.ndarray, refund_minor: np.ndarray
) -> None:
    if not ids.size or not refunded_ids.size:
        return
    place = np.minimum(np.searchsorted(ids, refunded_ids), ids.size - 1)
    known = ids[place] == refunded_ids
    np.subtract.at(money, place[known], refund_minor[known])


def _whole_days(seconds: np.ndarray) -> np.ndarray:
    return (seconds // SECONDS_PER_DAY).astype(np.int64)
