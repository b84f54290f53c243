"""What a forecast is made of: level, season, festival, price and promotion, in units per period.

Each member is taken apart by its own arithmetic and the parts are combined by the weights that
combined the forecast, so that they sum to it.
Source of the split of a product into a sum: Ang, The LMDI approach to decomposition analysis, 2005.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import gbm
from .backtest import Made
from .classes import demand_classes
from .course import Course, Plans, find_course
from .features import FeatureMaker
from .learned import COMBINATION, TREES, Learned
from .panel import Panel
from .tree_parts import FAMILIES, family_of, family_parts

if TYPE_CHECKING:
    from .gbm import DemandModel

MOST_BY_TREES = 1_000  # SKUs whose trees are taken apart; the others' trees are split as a level is
BLOCK_ROWS = 30_000
LEVEL = FAMILIES[0]

Parts = dict[str, np.ndarray]


@dataclass(frozen=True)
class Factors:
    """(n, H) factors of the periods ahead: the solar year's, that of festivals that move in it, and that
    of planned reductions."""

    season: np.ndarray
    festival: np.ndarray
    promotion: np.ndarray

    def rows(self, keep: np.ndarray) -> Factors:
        return Factors(self.season[keep], self.festival[keep], self.promotion[keep])

    def parts(self, mean: np.ndarray) -> Parts:
        """What each adds to a mean (n, H) that holds them all, in this order."""
        with np.errstate(invalid="ignore", divide="ignore"):
            plain = mean / (self.season * self.festival * self.promotion)
        season = plain * self.season
        festival = season * self.festival
        return {
            "season": season - plain,
            "festival": festival - season,
            "promotion": festival * (self.promotion - 1),
        }


def parts_of(
    name: str,
    model: DemandModel | None,
    made: Made,
    panel: Panel,
    *,
    plans: Plans | None = None,
) -> tuple[Parts, np.ndarray]:
    """({part: (n, H)}, by_trees (n,) bool). The parts, in the order of FAMILIES, sum to the mean.

    by_trees: whose price was asked of the trees. The others' methods know planned reductions alone.
    The trees of the SKUs with the largest forecasts are taken apart, MOST_BY_TREES of them.
    """
    mean, plans = made.forecast.mean, plans or Plans()
    course = find_course(panel)
    factors = _factors_ahead(course, panel, mean.shape, plans)
    members = {key: plain_parts(own, panel.season, factors) for key, own in made.members.items()}
    by_trees = np.zeros(len(mean), dtype=bool)
    if TREES in members and model is not None:
        rows = np.sort(np.argsort(-mean.sum(axis=1), kind="stable")[:MOST_BY_TREES])
        own, there = course.of_trees(), plans.rows(rows)
        ahead = own.plain(panel).rows(rows)
        ahead = ahead.extended(mean.shape[1], there.promotion, there.depth)
        factors = _factors_ahead(own, panel, mean.shape, plans).rows(rows)
        found = _tree_parts(model, ahead, made.members[TREES][rows], factors)
        for part in FAMILIES:
            members[TREES][part][rows] = found[part]
        by_trees[rows] = True
    parts = _combined(name, model, members, panel)
    parts[LEVEL] = parts[LEVEL] + mean - sum(parts.values())
    return parts, by_trees


def plain_parts(mean: np.ndarray, season: int, factors: Factors | None) -> Parts:
    """Of a method that knows nothing but the plain history: its level is the mean of each season's length
    ahead, its season how a period differs from that, and what the factors make of it."""
    zero = np.where(np.isfinite(mean), 0.0, np.nan)  # no number, no part: its weight goes to others
    one = np.ones(mean.shape)
    found = (factors or Factors(one, one, one)).parts(mean)
    plain = mean - sum(found.values())
    level = np.empty(mean.shape)
    for start in range(0, mean.shape[1], season):
        block = slice(start, start + season)
        level[:, block] = plain[:, block].mean(axis=1, keepdims=True)
    found["season"] = found["season"] + plain - level
    return {"level": level, **found, "price": zero}


def of_product(base: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """base · exp(sum of logs) − base as a sum: (…, F) units of each factor. base (…,) > 0, logs (…, F).

    Each gets its log's share, in the logarithmic mean of before and after: no order of the factors.
    """
    total = logs.sum(axis=-1)
    small = np.abs(total) < 1e-9
    slope = np.where(small, 1.0, np.expm1(total) / np.where(small, 1.0, total))
    return (base * slope)[..., None] * logs


def _factors_ahead(course: Course, panel: Panel, shape: tuple[int, int], plans: Plans) -> Factors:
    length, ones = panel.units.shape[1], np.ones(shape)
    year = course.year
    season, festival = (ones, ones) if year is None else year.parts(length, length + shape[1])
    return Factors(season, festival, course.lifted(shape, plans))


def _combined(
    name: str, model: DemandModel | None, members: dict[str, Parts], panel: Panel
) -> Parts:
    if name == COMBINATION and model is not None and model.combination is not None:
        weights = Learned.from_json(model.combination).weights
        classes = demand_classes(panel.units)
        return {
            part: weights.combined({key: own[part] for key, own in members.items()}, classes)
            for part in FAMILIES
        }
    return {part: np.mean([own[part] for own in members.values()], axis=0) for part in FAMILIES}


def _tree_parts(model: DemandModel, ahead: Panel, mean: np.ndarray, factors: Factors) -> Parts:
    """Of the trees' mean: exact per tree; what clipping and sorting move is of the level.

    ahead: the plain history with the periods to forecast behind it.
    """
    horizon = mean.shape[1]
    maker = FeatureMaker(ahead, model.params.countries)
    found = np.zeros((*mean.shape, len(FAMILIES)))
    rows = np.arange(len(mean))
    for part, matrix, scale in gbm.feature_blocks(maker, rows, horizon, BLOCK_ROWS):
        units = _in_scale(model, matrix) * scale[:, None]
        found[part] = units.reshape(len(part), horizon, len(FAMILIES))
    parts = {name: found[:, :, number] for number, name in enumerate(FAMILIES)}
    for name, own in factors.parts(mean).items():
        parts[name] = parts[name] + own
    rest = mean - sum(parts.values())
    parts[LEVEL] = parts[LEVEL] + rest
    return parts


def _in_scale(model: DemandModel, matrix: np.ndarray) -> np.ndarray:
    """(rows, F) parts of the point forecast, in units of each row's scale."""
    import lightgbm as lgb

    family = np.array([family_of(name) for name in model.feature_names])
    total = np.zeros((len(matrix), len(FAMILIES)))
    if model.mean_weight > 0:  # a Tweedie's raw score is the log of its mean
        logs, base = family_parts(lgb.Booster(model_str=model.mean_text), matrix, family)
        usual = np.full(len(matrix), np.exp(base))
        total += model.mean_weight * _wide(of_product(usual, logs))
        total[:, 0] += model.mean_weight * usual
    if model.mean_weight < 1:
        share = gbm.to_all_levels().mean(axis=1) * (1 - model.mean_weight)
        for weight, text in zip(share, model.quantile_texts, strict=True):
            parts, base = family_parts(lgb.Booster(model_str=text), matrix, family)
            total += weight * _wide(parts)
            total[:, 0] += weight * base
    return total


def _wide(parts: np.ndarray) -> np.ndarray:
    """All families, also those without a feature in this model."""
    missing = len(FAMILIES) - parts.shape[1]
    return np.pad(parts, ((0, 0), (0, missing))) if missing else parts
