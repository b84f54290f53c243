"""What the buying models leave out, learned from the customers' own past.

The history is cut in the middle: models fitted on the first part predict the second, and a ridge
Poisson regression with their prediction as offset learns by how much they misjudge everybody (its
intercept) and those who spend more than others. The same factors then multiply the prediction made
from the whole history. Where no level may be learned (order_forecast.py), they leave the total as it
is and only move orders between customers.

Recency and frequency are left out on purpose: what they say is in the models already, and weights
learned for them on half a history did not hold for the whole (docs/customer-value.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .order_days import OrderDays

# A window with fewer orders says nothing about whom a model misjudges.
MIN_ORDERS, MIN_CUSTOMERS = 50, 50
FOLDS, STRENGTHS = 5, (0.3, 3.0, 30.0)
MOST = 4.0


@dataclass(frozen=True)
class Correction:
    """factor = exp(intercept + weights · (features − means) / scales), within 1/4 … 4."""

    intercept: float
    weights: np.ndarray
    means: np.ndarray
    scales: np.ndarray
    deviance_before: float
    deviance_after: float

    @property
    def helps(self) -> bool:
        """On customers it had not seen, in the second half of the history."""
        return self.deviance_after < self.deviance_before

    def factors(self, features: np.ndarray) -> np.ndarray:
        """Shape (n,) from features (n, 1)."""
        place = np.clip((features - self.means) / self.scales, -4, 4)
        return np.clip(np.exp(self.intercept + place @ self.weights), 1 / MOST, MOST)


def features_of(days: OrderDays) -> np.ndarray:
    """ln of the mean amount per order day over the median customer's, shape (n, 1), no NaN.

    0 for customers without an amount above 0.
    """
    paid = np.bincount(days.customer_idx, weights=days.amount, minlength=days.customers)
    mean_paid = paid / np.bincount(days.customer_idx, minlength=days.customers)
    amount = np.zeros(days.customers)
    known = np.isfinite(mean_paid) & (mean_paid > 0)
    if known.any():
        amount[known] = np.log(mean_paid[known] / np.median(mean_paid[known]))
    return amount[:, None]


def learn_correction(
    features: np.ndarray,
    predicted: np.ndarray,
    actual: np.ndarray,
    *,
    seed: int,
    has_level: bool = True,
) -> Correction | None:
    """features (n, 1), predicted > 0 and actual order days of the second part, shape (n,).

    The ridge strength is chosen by cross-validation over customers. None when there is too little,
    and without level when the features say nothing that holds on customers held out.
    """
    if actual.sum() < MIN_ORDERS or actual.size < MIN_CUSTOMERS:
        return None
    predicted = np.maximum(predicted, 1e-6)
    means, scales = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    place = np.clip((features - means) / scales, -4, 4)
    fold = np.random.default_rng(seed).permutation(actual.size) % FOLDS
    tried = {
        strength: _held_out(place, predicted, actual, fold=fold, strength=strength)
        for strength in STRENGTHS
    }
    best = min(tried, key=lambda strength: tried[strength].mean())
    model = _fit(place, predicted, actual, best)
    before, intercept = _deviances(actual, predicted), float(model.intercept_)
    after = float(tried[best].mean())
    if not has_level:
        before = _held_out(np.zeros_like(place), predicted, actual, fold=fold, strength=best)
        gain = before - tried[best]
        if gain.mean() <= gain.std(ddof=1) / np.sqrt(gain.size):
            return None
        intercept = -float(np.log(np.average(np.exp(place @ model.coef_), weights=predicted)))
    return Correction(intercept, model.coef_, means, scales, float(before.mean()), after)


def _held_out(
    place: np.ndarray,
    predicted: np.ndarray,
    actual: np.ndarray,
    *,
    fold: np.ndarray,
    strength: float,
) -> np.ndarray:
    """Deviance of each customer, corrected by what the others taught, shape (n,)."""
    corrected = np.empty(actual.size)
    for number in range(FOLDS):
        test = fold == number
        model = _fit(place[~test], predicted[~test], actual[~test], strength)
        corrected[test] = predicted[test] * model.predict(place[test])
    return _deviances(actual, corrected)


def _fit(place: np.ndarray, predicted: np.ndarray, actual: np.ndarray, strength: float):
    """Ratio to the prediction, weighted by it: the same likelihood as an offset of its logarithm."""
    from sklearn.linear_model import PoissonRegressor

    model = PoissonRegressor(alpha=strength, max_iter=300)
    return model.fit(place, actual / predicted, sample_weight=predicted)


def _deviances(actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Poisson deviance of each customer, shape (n,)."""
    ratio = np.where(actual > 0, actual / predicted, 1.0)
    return 2 * (actual * np.log(ratio) - (actual - predicted))
