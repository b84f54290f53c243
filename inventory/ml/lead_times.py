"""How long suppliers take: distributions learned from receipts, with little data pulled to the rest.

Days are looked at as log(days / promised days), so that a supplier two weeks away and one two
months away can teach each other how suppliers slip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CHANCES = np.round(np.arange(0.025, 1.0, 0.05), 3)  # middles of 20 equal shares
LEAST_SHAPE = 30  # deliveries from which on their own scatter, not the bell curve, gives the shape
STEPS = 30  # of the censored fit; it gains less than a hundredth of a day after ten


@dataclass(frozen=True)
class Deliveries:
    """One row per purchase order, or per order and SKU: what arrives on one truck is one row.

    supplier, sku:   (n,) whole numbers from 0 on; sku −1 where the row is a whole order.
    days:            (n,) days from sending to the first receipt, or to today while it is open.
    promised_days:   (n,) at least 1.
    is_open:         (n,) nothing has arrived yet: the row says "longer than `days`".
    """

    supplier: np.ndarray
    days: np.ndarray
    promised_days: np.ndarray
    is_open: np.ndarray


@dataclass(frozen=True)
class LeadTimes:
    """Per group (k,): quantiles (k, 20) in days at CHANCES for its promise, and what they rest on.

    weight: 0-1, how much the group's own mean counts against the mean that it was pulled to.
    deliveries, open_orders: counts. location, scale: of log(days / promised), as pulled.
    """

    quantile_days: np.ndarray
    mean_days: np.ndarray
    p50_days: np.ndarray
    p90_days: np.ndarray
    deliveries: np.ndarray
    open_orders: np.ndarray
    weight: np.ndarray
    location: np.ndarray
    scale: np.ndarray


def learn_suppliers(seen: Deliveries, promised_days: np.ndarray) -> LeadTimes:
    """Suppliers 0 … k−1, each pulled to all suppliers by how few receipts it has.

    promised_days: (k,) what each promises now. Raises ValueError where nothing was ever received.
    Source: empirical Bayes for normal means with unknown variances, Casella, An Introduction to
    Empirical Bayes Data Analysis, The American Statistician 39 (1985); censored rows by EM, Little
    & Rubin, Statistical Analysis with Missing Data, 3rd ed., ch. 11.
    """
    if not (~seen.is_open).any():
        raise ValueError("nothing was ever received")
    count = len(promised_days)
    value = _filled(_logs(seen), seen.supplier, seen.is_open, count)
    mean, spread, number = _moments(value, seen.supplier, count)
    location, weight, doubt = _pulled(mean, spread, number)
    scale = _pulled_scale(spread, number)
    shape = _shape(value, seen, location, scale)
    return _lead_times(shape, (location, scale, weight, doubt), seen, promised_days)


def learn_skus(
    seen: Deliveries, group: np.ndarray, of_supplier: np.ndarray, suppliers: LeadTimes
) -> LeadTimes:
    """SKUs as one supplier delivers them, each pulled to that supplier.

    group: (n,) row → SKU 0 … k−1; of_supplier: (k,) supplier of each. The deviation is the
    supplier's: a few receipts tell of the mean and hardly of the scatter.
    """
    count = len(of_supplier)
    value = _logs(seen) - suppliers.location[seen.supplier]
    value = _filled(value, group, seen.is_open, count)
    mean, _spread, number = _moments(value, group, count)
    noise = suppliers.scale[of_supplier] ** 2
    between = _between(mean, noise, number)
    weight = between / (between + noise / np.maximum(number, 1))
    weight = np.where(number > 0, weight, 0.0)
    location = suppliers.location[of_supplier] + weight * mean
    doubt = weight * noise / np.maximum(number, 1)
    ratio = np.exp(weight * mean)[:, None]
    days = suppliers.quantile_days[of_supplier] * ratio
    shown = Deliveries(group, seen.days, seen.promised_days, seen.is_open)
    scale = np.sqrt(noise + doubt)
    return _summary(days, (location, scale, weight), shown)


def fill_rates(
    ordered: np.ndarray, received: np.ndarray, supplier: np.ndarray, count: int
) -> np.ndarray:
    """(count,) units received of units ordered on closed lines, pulled to all by ten lines' weight.

    ordered, received: (n,) units per line of which nothing more will come. NaN where nobody has any.
    """
    total, got = np.bincount(supplier, ordered, count), np.bincount(supplier, received, count)
    if total.sum() == 0:
        return np.full(count, np.nan)
    lines = np.bincount(supplier, minlength=count)
    usual = 10 * total.sum() / max(lines.sum(), 1)
    return np.clip((got + usual * got.sum() / total.sum()) / (total + usual), 0, 1)


def _logs(seen: Deliveries) -> np.ndarray:
    return np.log(np.maximum(seen.days, 0.5) / np.maximum(seen.promised_days, 1))


def _filled(value: np.ndarray, group: np.ndarray, is_open: np.ndarray, count: int) -> np.ndarray:
    """Open rows replaced by what they may be expected to become, group by group (EM)."""
    from scipy.stats import norm

    filled = value.copy()
    if not is_open.any():
        return filled
    known = value[~is_open]
    usual, usual_sd = float(known.mean()), max(float(known.std()), 0.05)
    for _step in range(STEPS):
        mean, spread, number = _moments(filled, group, count)
        mean = np.where(number > 0, mean, usual)
        sd = np.where(number > 2, np.sqrt(np.maximum(spread, 1e-4)), usual_sd)
        sd = np.maximum(sd, 0.05)
        gone = (value[is_open] - mean[group[is_open]]) / sd[group[is_open]]
        beyond = np.exp(norm.logpdf(gone) - norm.logsf(gone))
        filled[is_open] = mean[group[is_open]] + sd[group[is_open]] * beyond
    return filled


def _moments(
    value: np.ndarray, group: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, unbiased variance and number per group; 0 where there are too few rows."""
    number = np.bincount(group, minlength=count).astype(float)
    mean = np.bincount(group, value, count) / np.maximum(number, 1)
    square = np.bincount(group, (value - mean[group]) ** 2, count)
    return mean, square / np.maximum(number - 1, 1), number


def _between(mean: np.ndarray, noise: np.ndarray, number: np.ndarray) -> float:
    """Variance of the true means by moments: what the means scatter beyond their own noise."""
    known = number > 0
    if known.sum() < 2:
        return float(np.mean(noise))
    weight = number[known]
    middle = np.average(mean[known], weights=weight)
    extra = np.sum(weight * (mean[known] - middle) ** 2) - np.sum(
        noise[known] * (1 - weight / weight.sum())
    )
    return max(float(extra / (weight.sum() - np.sum(weight**2) / weight.sum())), 1e-6)


def _pulled(
    mean: np.ndarray, spread: np.ndarray, number: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means pulled to the mean of all, their weights, and the variance that is left of each."""
    pooled = np.sum(spread * np.maximum(number - 1, 0)) / max(np.sum(np.maximum(number - 1, 0)), 1)
    noise = np.full(len(mean), max(float(pooled), 1e-4))
    between = _between(mean, noise, number)
    weight = np.where(number > 0, between / (between + noise / np.maximum(number, 1)), 0.0)
    known = number > 0
    middle = np.average(mean[known], weights=1 / (between + noise[known] / number[known]))
    doubt = np.where(known, weight * noise / np.maximum(number, 1), between)
    return weight * mean + (1 - weight) * middle, weight, doubt


def _pulled_scale(spread: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Standard deviations pulled to the pooled one, which counts like ten receipts."""
    free = np.maximum(number - 1, 0)
    pooled = np.sum(spread * free) / max(np.sum(free), 1)
    return np.sqrt(np.maximum((spread * free + pooled * 10) / (free + 10), 1e-4))


def _shape(
    value: np.ndarray, seen: Deliveries, location: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """(20,) standardised quantiles: of the receipts where there are enough, else of the bell curve."""
    from scipy.special import ndtri

    done = ~seen.is_open
    scores = (value - location[seen.supplier]) / scale[seen.supplier]
    if done.sum() < LEAST_SHAPE:
        return ndtri(CHANCES)
    share = min(done.sum() / (done.sum() + LEAST_SHAPE), 1.0)
    return share * np.quantile(scores, CHANCES) + (1 - share) * ndtri(CHANCES)


def _lead_times(
    shape: np.ndarray, fitted: tuple, seen: Deliveries, promised_days: np.ndarray
) -> LeadTimes:
    location, scale, weight, doubt = fitted
    spread = np.sqrt(scale**2 + doubt)  # of the next delivery: its own scatter and our doubt
    days = np.exp(location[:, None] + spread[:, None] * shape[None, :])
    return _summary(days * np.maximum(promised_days, 1)[:, None], (location, spread, weight), seen)


def _summary(days: np.ndarray, fitted: tuple, seen: Deliveries) -> LeadTimes:
    location, scale, weight = fitted
    count = len(days)
    return LeadTimes(
        quantile_days=days,
        mean_days=days.mean(axis=1),
        p50_days=_at(days, 0.5),
        p90_days=_at(days, 0.9),
        deliveries=np.bincount(seen.supplier[~seen.is_open], minlength=count),
        open_orders=np.bincount(seen.supplier[seen.is_open], minlength=count),
        weight=weight,
        location=location,
        scale=scale,
    )


def _at(days: np.ndarray, chance: float) -> np.ndarray:
    return np.array([np.interp(chance, CHANCES, row) for row in days])
