"""How demand answers price and promotion: per category first, then each SKU as far as it can tell.

log demand = level × day − elasticity · log(price / usual price) + promotion · on promotion.
Source: Gelman & Hill, Data Analysis Using Regression and Multilevel Models, 2007, 12 (partial
pooling); McCullagh & Nelder, Generalized Linear Models, 2nd ed., 6 (overdispersed counts).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .expected import expected_units

SHOP_PRIOR = (1.8, 0.7)  # elasticity of consumer goods: mean and deviation over published studies
PROMOTION_PRIOR = (0.2, 0.3)
LEAST_BETWEEN = 0.25  # SKUs of one category differ by at least so much
ROUNDS = 6
SHOP_SKUS = 500  # best sellers that tell of the shop as a whole
Z80 = 1.2816
# The level that prices are compared at is estimated from the same days; with this factor the
# intervals hold what they say on shops whose truth is known (benchmarks/known_demand.py).
LEVEL_ERROR = 1.35


@dataclass(frozen=True)
class Elasticities:
    """All (n,). elasticity, low, high: the 0.1 and 0.9 quantile of what is likely; promotion_* alike
    as logarithms. own_share: how much of it is the SKU's own data. priced_days: known days more
    than 2 % away from the usual price. effect: (n, T) log effect of price and promotion by day."""

    elasticity: np.ndarray
    low: np.ndarray
    high: np.ndarray
    promotion: np.ndarray
    promotion_low: np.ndarray
    promotion_high: np.ndarray
    own_share: np.ndarray
    priced_days: np.ndarray
    effect: np.ndarray


def learn_elasticities(
    units: np.ndarray,
    price: np.ndarray,
    promotion: np.ndarray,
    *,
    groups: np.ndarray,
    sold_out: np.ndarray,
) -> Elasticities:
    """units (n, T), NaN = masked; price (n, T) what was asked, NaN = unknown; promotion (n, T) share
    of the day under a reduction; groups (n,) int categories; sold_out (n, T) bool: the shelf was
    empty in the evening, so that at least these units were wanted. A reduction empties shelves:
    to leave such days out would hide what it did.

    Where no price ever moved the prior stands, with its wide interval.
    """
    move = log_move(price)
    gone = np.full(len(units), SHOP_PRIOR[0]), np.full(len(units), PROMOTION_PRIOR[0])
    slope, lift = gone
    deviation = np.full((2, len(units)), np.nan)
    own = np.zeros(len(units))
    wanted = np.where(sold_out, np.nan, units)
    for _round in range(ROUNDS):  # the level is cleaned of the effects found so far
        effect = -slope[:, None] * move + lift[:, None] * promotion
        expected = expected_units(wanted, effect, groups)
        wanted = np.where(sold_out, at_least(units, expected), units)
        base = expected / np.exp(effect)
        slope, lift, deviation, own = _by_group(wanted, base, (move, promotion), groups)
    half = Z80 * LEVEL_ERROR * deviation
    priced = (np.abs(move) > 0.02) & np.isfinite(units)
    return Elasticities(
        slope, slope - half[0], slope + half[0],
        lift, lift - half[1], lift + half[1],
        own, priced.sum(axis=1),
        -slope[:, None] * move + lift[:, None] * promotion,
    )  # fmt: skip


def at_least(units: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Mean of a Poisson demand of which is known that it was no less: E[Y | Y ≥ units].

    Source: Nahmias, Demand estimation in lost sales inventory systems, 1994 (normal demand there).
    """
    from scipy.stats import poisson

    chance = poisson.sf(units - 1, expected)
    more = poisson.sf(units - 2, expected)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(chance > 1e-9, expected * more / chance, np.maximum(units, expected))


def log_move(price: np.ndarray) -> np.ndarray:
    """(n, T) log of the day's price over the SKU's median price; 0 where it is unknown."""
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.where(price > 0, np.log(price), np.nan)
    usual = np.zeros(len(price))
    some = np.isfinite(logs).any(axis=1)
    usual[some] = np.nanmedian(logs[some], axis=1)
    return np.nan_to_num(logs - usual[:, None])


def _by_group(
    units: np.ndarray, base: np.ndarray, drivers: tuple[np.ndarray, np.ndarray], groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(elasticity, promotion, deviations (2, n), own share) of every SKU."""
    count = len(units)
    slope, lift, own = np.zeros(count), np.zeros(count), np.zeros(count)
    deviation = np.zeros((2, count))
    best = np.argsort(-np.nansum(units, axis=1), kind="stable")[:SHOP_SKUS]
    everybody = tuple(driver[best] for driver in drivers)
    prior = _prior(SHOP_PRIOR, PROMOTION_PRIOR)
    shop, shop_cov, _phi = _poisson(units[best], base[best], everybody, prior)
    between = np.array([0.3, 0.1])  # categories of one shop differ so much
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        prior = (shop, np.diag(shop_cov) + between**2)
        part = tuple(driver[rows] for driver in drivers)
        centre, cov, phi = _poisson(units[rows], base[rows], part, prior)
        alone, spread = _alone(units[rows], base[rows], part, centre, phi)
        tau = _between(alone, spread, centre[0])
        weight = tau**2 / (tau**2 + spread**2)
        slope[rows] = weight * alone + (1 - weight) * centre[0]
        lift[rows], own[rows] = centre[1], weight
        deviation[0, rows] = np.sqrt((1 - weight) * tau**2 + (1 - weight) ** 2 * cov[0, 0])
        deviation[1, rows] = np.sqrt(cov[1, 1] + between[1] ** 2)
    return slope, lift, deviation, own


def _prior(slope: tuple[float, float], lift: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([slope[0], lift[0]]), np.array([slope[1] ** 2, lift[1] ** 2])


def _poisson(
    units: np.ndarray, base: np.ndarray, drivers: tuple, prior: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, float]:
    """(elasticity and promotion (2,), covariance (2, 2), overdispersion) around a normal prior.

    Each SKU's level is free: units are compared within a SKU (its total is held).
    """
    move, promotion = drivers
    use = np.isfinite(units) & (base > 0)
    sold, usual = np.where(use, units, 0.0), np.where(use, base, 0.0)
    features = np.stack([-move, promotion])
    beta, precision = prior[0].astype(float), np.diag(1 / prior[1])
    phi, square = 1.0, np.zeros((2, 2))
    for _step in range(12):
        expected = usual * np.exp(np.clip(np.tensordot(beta, features, axes=1), -3, 3))
        held = sold.sum(axis=1) / np.maximum(expected.sum(axis=1), 1e-9)
        expected *= held[:, None]
        total = np.maximum(expected.sum(axis=1), 1e-9)
        mean = (features * expected).sum(axis=2) / total
        away = features - mean[:, :, None]
        square = np.einsum("ant,bnt,nt->ab", away, away, expected)
        residual = ((sold - expected) ** 2 / np.maximum(expected, 0.05))[use]
        phi = max(float(residual.sum()) / max(len(residual), 1), 1.0) if len(residual) else 1.0
        score = np.einsum("ant,nt->a", features, sold - expected) / phi
        score -= precision @ (beta - prior[0])
        step = np.linalg.solve(square / phi + precision, score)
        beta = beta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    return beta, np.linalg.inv(square / phi + precision), phi


def _alone(
    units: np.ndarray, base: np.ndarray, drivers: tuple, centre: np.ndarray, phi: float
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) elasticity of each SKU by itself, the promotion effect given; and its deviation."""
    move, promotion = drivers
    use = np.isfinite(units) & (base > 0)
    sold = np.where(use, units, 0.0)
    usual = np.where(use, base * np.exp(centre[1] * promotion), 0.0)
    beta = np.full(len(units), centre[0])
    information = np.zeros(len(units))
    for _step in range(15):
        expected = usual * np.exp(np.clip(-beta[:, None] * move, -3, 3))
        expected *= (sold.sum(axis=1) / np.maximum(expected.sum(axis=1), 1e-9))[:, None]
        total = np.maximum(expected.sum(axis=1), 1e-9)
        away = -move - ((-move * expected).sum(axis=1) / total)[:, None]
        information = (away**2 * expected).sum(axis=1)
        score = (-move * (sold - expected)).sum(axis=1)
        step = np.divide(score, information, out=np.zeros(len(units)), where=information > 1e-6)
        beta = np.clip(beta + np.clip(step, -1, 1), -2, 8)
    return beta, np.sqrt(phi / np.maximum(information, 1e-6))


def _between(alone: np.ndarray, spread: np.ndarray, centre: float) -> float:
    """How much SKUs of a category truly differ: what their own errors do not explain."""
    weight = 1 / spread**2
    found = (weight * ((alone - centre) ** 2 - spread**2)).sum() / weight.sum()
    return float(np.sqrt(max(found, LEAST_BETWEEN**2)))
