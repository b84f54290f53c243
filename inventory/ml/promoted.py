"""What a reduction brings: each SKU's lift, drawn to its category's and that to the shop's.

log lift of a period = flat + slope · log(list price / asked price), flat of the SKU, slope of the
category. Learned from whole reductions against the SKU's level around them and what its category
sold on the same days without one, so that a season that everybody shares is no lift. Reductions of one
SKU differ by more than chance, so that a long one is no more than one experience. With few
of them the lift stays near that of the others, and a shop without any has the prior's.
Source: Gelman & Hill, Data Analysis Using Regression and Multilevel Models, 2007, 12 (partial pooling);
McCullagh & Nelder, Generalized Linear Models, 2nd ed., 9 (quasi-likelihood: variance phi·m + s·m²);
Huang, Fildes & Soopramanien, The value of competitive information in forecasting FMCG retail product
sales, 2014 (base and lift, also for methods that know no prices).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .expected import levels_and_days
from .panel import Panel

# Of the log lift: what a reduction does beside its price and by it (elasticity of consumer goods: mean
# and deviation over published studies, as in elasticity.py); the two together where prices are unknown.
PRIOR, PRIOR_DEVIATION = (0.2, 1.8), (0.3, 0.7)
PRIOR_ALONE, PRIOR_ALONE_DEVIATION = 0.5, 0.5
BETWEEN = (0.1, 0.3)  # categories of one shop differ by so much
LEAST_SPREAD, MOST_SPREAD = 0.02, 0.5  # variance of SKUs of a category, and of one SKU's reductions
LEAST, MOST = -0.5, 2.3  # of the log lift: no reduction is remembered for more than tenfold sales
WILD = 3.0  # times what the category's lift expects: more is not counted as the SKU's own
DEEPEST = 10.0  # list price over asked price; a gift is no deeper
LONGEST = {"D": 28, "W": 4, "M": 1}  # periods of one reduction; a longer one counts as several
HALF_WINDOW = {"D": 56, "W": 8, "M": 4}  # periods before and after that tell the level
ROUNDS = 3
STEPS = 12


@dataclass(frozen=True)
class Lifts:
    """flat (n,): log lift of a period that is whole under a reduction; slope (n,): more of it per log of
    the fall of the price, 0 where prices are unknown."""

    flat: np.ndarray
    slope: np.ndarray

    def factors(self, share: np.ndarray, depth: np.ndarray | None) -> np.ndarray:
        """(n, days) of demand. share (n, days) of each period under a reduction; depth (n, days) log of
        list price over asked price, None = unknown."""
        fall = 0.0 if depth is None else depth
        log = self.flat[:, None] + self.slope[:, None] * fall
        return 1 + share * np.expm1(np.clip(log, LEAST, MOST))


@dataclass(frozen=True)
class _Reductions:
    """All (r,): SKU's row, units sold in it and what would usually have been sold."""

    row: np.ndarray
    sold: np.ndarray
    usual: np.ndarray
    drivers: np.ndarray  # (r, 1 or 2): one, and the depth where it is known

    def rows(self, keep: np.ndarray) -> _Reductions:
        return _Reductions(self.row[keep], self.sold[keep], self.usual[keep], self.drivers[keep])


def find_lifts(panel: Panel) -> Lifts | None:
    """None where nothing was reduced, or where later reductions are not known ahead: then there is
    nothing to put back. The panel's units are those without their year."""
    share = panel.promotion
    if share is None or not panel.promotion_ahead:
        return None
    known = np.isfinite(panel.units)
    on = (share > 0) & known
    if not on.any():
        return None
    groups = np.zeros(len(share), dtype=int) if panel.groups is None else panel.groups
    cells = np.nonzero(on)
    spell = _spells(cells, None if panel.depth is None else panel.depth[cells], panel.frequency)
    lifts = _prior(len(share), panel.depth is not None)
    for _round in range(ROUNDS):  # the level is cleaned of the lifts found so far
        effect = np.log(lifts.factors(share, panel.depth))
        level, day = levels_and_days(
            panel.units, effect, groups, tells=~on, half=HALF_WINDOW[panel.frequency]
        )
        base = level * day
        phi = _dispersion(panel.units[known & ~on], base[known & ~on])
        lifts = _fitted(_gathered(panel, cells, spell, base[cells]), groups, phi)
    return lifts


def price_falls(listed: np.ndarray, asked: np.ndarray, promotion: np.ndarray) -> np.ndarray:
    """(n, T) log of list price over asked price where a reduction runs; 0 elsewhere, where a price is
    unknown and where it asks more."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((promotion > 0) & (listed > 0), listed / asked, 1.0)
    return np.log(np.clip(np.nan_to_num(ratio, nan=1.0), 1.0, DEEPEST))


def _prior(count: int, priced: bool) -> Lifts:
    flat, slope = PRIOR if priced else (PRIOR_ALONE, 0.0)
    return Lifts(np.full(count, flat), np.full(count, slope))


def _spells(cells: tuple[np.ndarray, ...], depth: np.ndarray | None, frequency: str) -> np.ndarray:
    """(c,) number of the reduction of each cell: neighbours of one SKU and depth, LONGEST at most."""
    row, column = cells
    begins = np.ones(len(row), dtype=bool)
    begins[1:] = (np.diff(row) != 0) | (np.diff(column) != 1)
    if depth is not None:
        begins[1:] |= np.abs(np.diff(depth)) > 0.02
    first = np.maximum.accumulate(np.where(begins, np.arange(len(row)), 0))
    begins |= (np.arange(len(row)) - first) % LONGEST[frequency] == 0
    return np.cumsum(begins) - 1


def _gathered(
    panel: Panel, cells: tuple[np.ndarray, ...], spell: np.ndarray, base: np.ndarray
) -> _Reductions:
    """Sums over each reduction; of a period that is reduced in part the rest is taken as usual."""
    assert panel.promotion is not None
    share = panel.promotion[cells]
    usual = np.bincount(spell, base * share)
    sold = np.maximum(np.bincount(spell, panel.units[cells] - base * (1 - share)), 0.0)
    drivers = [np.ones(len(usual))]
    if panel.depth is not None:
        weighed = np.bincount(spell, base * share * panel.depth[cells])
        drivers.append(weighed / np.maximum(usual, 1e-9))
    first = np.flatnonzero(np.diff(spell, prepend=-1))
    use = usual > 1e-6
    return _Reductions(cells[0][first][use], sold[use], usual[use], np.column_stack(drivers)[use])


def _dispersion(units: np.ndarray, base: np.ndarray) -> float:
    """phi of variance = phi · mean on days without a reduction, at least that of counts."""
    if not len(units):
        return 1.0
    return float(max(((units - base) ** 2).sum() / max(base.sum(), 1e-9), 1.0))


def _fitted(found: _Reductions, groups: np.ndarray, phi: float) -> Lifts:
    priced = found.drivers.shape[1] > 1
    centre = np.array(PRIOR if priced else (PRIOR_ALONE,))
    deviation = np.array(PRIOR_DEVIATION if priced else (PRIOR_ALONE_DEVIATION,))
    between = np.diag(np.array(BETWEEN[: len(centre)]) ** 2)
    spread = MOST_SPREAD / 2
    shop, unsure = _regressed(found, (centre, np.diag(deviation**2)), phi, spread)
    of_group = np.tile(shop, (len(groups), 1))
    for group in np.unique(groups[found.row]):
        inside = groups[found.row] == group
        part = found.rows(inside)
        of_group[groups == group] = _regressed(part, (shop, unsure + between), phi, spread)[0]
    expected = found.usual * np.exp(
        np.clip((found.drivers * of_group[found.row]).sum(axis=1), LEAST, MOST)
    )
    slope = of_group[:, 1] if priced else np.zeros(len(groups))
    return Lifts(of_group[:, 0] + _own(found, expected, phi, len(groups)), slope)


def _regressed(
    found: _Reductions, prior: tuple[np.ndarray, np.ndarray], phi: float, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """(coefficients, covariance) around a normal prior, by Fisher scoring."""
    beta, precision = prior[0].astype(float), np.linalg.inv(prior[1])
    square = precision
    for _step in range(STEPS):
        expected = found.usual * np.exp(np.clip(found.drivers @ beta, LEAST, MOST))
        variance = phi + spread * expected
        square = (found.drivers.T * (expected / variance)) @ found.drivers + precision
        score = found.drivers.T @ ((found.sold - expected) / variance)
        step = np.linalg.solve(square, score - precision @ (beta - prior[0]))
        beta = beta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    return beta, np.linalg.inv(square)


def _own(found: _Reductions, expected: np.ndarray, phi: float, count: int) -> np.ndarray:
    """(count,) log by which each SKU's lifts differ from its category's, drawn to 0."""
    of_skus, of_spells = _spreads(found, expected, phi)
    own, sold = np.zeros(count), np.minimum(found.sold, WILD * expected)
    for _step in range(STEPS):
        mean = expected * np.exp(own)[found.row]
        variance = phi + of_spells * mean
        score = np.bincount(found.row, (sold - mean) / variance, count) - own / of_skus
        square = np.bincount(found.row, mean / variance, count) + 1 / of_skus
        own = np.clip(own + np.clip(score / square, -1, 1), -MOST, MOST)
    return own


def _spreads(found: _Reductions, expected: np.ndarray, phi: float) -> tuple[float, float]:
    """Variances of the log lift between SKUs of a category, and between one SKU's reductions: what
    products of two reductions of one SKU tell, and what chance does not explain of one."""
    away = np.minimum(found.sold / expected, WILD) - 1
    chance = phi / expected
    weight = 1 / (chance + MOST_SPREAD)
    whole = (weight * (away**2 - chance)).sum() / weight.sum()
    total = np.bincount(found.row, weight * away)
    pairs = (total**2).sum() - ((weight * away) ** 2).sum()
    number = (np.bincount(found.row, weight) ** 2).sum() - (weight**2).sum()
    shared = pairs / number if number > 1e-9 else whole / 2
    of_skus = float(np.clip(shared, LEAST_SPREAD, MOST_SPREAD))
    return of_skus, float(np.clip(whole - of_skus, LEAST_SPREAD, MOST_SPREAD))
