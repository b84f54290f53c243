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
from .features import FeatureMaker
from .learned import COMBINATION, TREES, Learned
from .panel import Panel
from .tree_parts import FAMILIES, family_of, family_parts
from .yearly import adjusted, find_year

if TYPE_CHECKING:
    from .gbm import DemandModel

MOST_BY_TREES = 1_000  # SKUs whose trees are taken apart; the others' trees are split as a level is
BLOCK_ROWS = 30_000
LEVEL = FAMILIES[0]

Parts = dict[str, np.ndarray]


@dataclass(frozen=True)
class Year:
    """(n, H) factors of the periods ahead: the solar year's, and that of festivals that move in it."""

    season: np.ndarray
    festival: np.ndarray


def parts_of(
    name: str,
    model: DemandModel | None,
    made: Made,
    panel: Panel,
    *,
    promotion: np.ndarray | None = None,
) -> tuple[Parts, np.ndarray]:
    """({part: (n, H)}, by_trees (n,) bool). The parts, in the order of FAMILIES, sum to the mean.

    by_trees: whose price and promotion were asked of the trees. The others' methods know neither.
    The trees of the SKUs with the largest forecasts are taken apart, MOST_BY_TREES of them.
    """
    mean = made.forecast.mean
    year = _year_ahead(panel, mean.shape)
    members = {key: plain_parts(own, panel.season, year) for key, own in made.members.items()}
    by_trees = np.zeros(len(mean), dtype=bool)
    if TREES in members and model is not None:
        rows = np.sort(np.argsort(-mean.sum(axis=1), kind="stable")[:MOST_BY_TREES])
        found = _tree_parts(model, panel, rows, promotion, made.members[TREES], year)
        for part in FAMILIES:
            members[TREES][part][rows] = found[part]
        by_trees[rows] = True
    parts = _combined(name, model, members, panel)
    parts[LEVEL] = parts[LEVEL] + mean - sum(parts.values())
    return parts, by_trees


def plain_parts(mean: np.ndarray, season: int, year: Year | None) -> Parts:
    """Of a method that knows nothing but the history: its level is the mean of each season's length
    ahead, its season how a period differs from that, and what the year makes of it."""
    zero = np.where(np.isfinite(mean), 0.0, np.nan)  # no number, no part: its weight goes to others
    factor = year or Year(np.ones(mean.shape), np.ones(mean.shape))
    with np.errstate(invalid="ignore", divide="ignore"):
        plain = mean / (factor.season * factor.festival)
    level = np.empty(mean.shape)
    for start in range(0, mean.shape[1], season):
        block = slice(start, start + season)
        level[:, block] = plain[:, block].mean(axis=1, keepdims=True)
    return {
        "level": level,
        "season": plain * factor.season - level,
        "festival": plain * factor.season * (factor.festival - 1),
        "price": zero,
        "promotion": zero.copy(),
    }


def of_product(base: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """base · exp(sum of logs) − base as a sum: (…, F) units of each factor. base (…,) > 0, logs (…, F).

    Each gets its log's share, in the logarithmic mean of before and after: no order of the factors.
    """
    total = logs.sum(axis=-1)
    small = np.abs(total) < 1e-9
    slope = np.where(small, 1.0, np.expm1(total) / np.where(small, 1.0, total))
    return (base * slope)[..., None] * logs


def _year_ahead(panel: Panel, shape: tuple[int, ...]) -> Year | None:
    year, length = find_year(panel), panel.units.shape[1]
    return None if year is None else Year(*year.parts(length, length + shape[1]))


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


def _tree_parts(
    model: DemandModel,
    panel: Panel,
    rows: np.ndarray,
    promotion: np.ndarray | None,
    mean: np.ndarray,
    year: Year | None,
) -> Parts:
    """Of the trees' mean at `rows`: exact per tree; what clipping and sorting move is of the level."""
    horizon = mean.shape[1]
    whole = adjusted(panel, find_year(panel)).rows(rows)
    ahead = whole.extended(horizon, None if promotion is None else promotion[rows])
    maker = FeatureMaker(ahead, model.params.countries)
    found = np.zeros((len(rows), horizon, len(FAMILIES)))
    for part, matrix, scale in gbm.feature_blocks(maker, np.arange(len(rows)), horizon, BLOCK_ROWS):
        units = _in_scale(model, matrix) * scale[:, None]
        found[part] = units.reshape(len(part), horizon, len(FAMILIES))
    parts = {name: found[:, :, number] for number, name in enumerate(FAMILIES)}
    if year is not None:
        plain = mean[rows] / (year.season[rows] * year.festival[rows])
        parts["season"] = parts["season"] + plain * (year.season[rows] - 1)
        parts["festival"] = parts["festival"] + plain * year.season[rows] * (
            year.festival[rows] - 1
        )
    rest = mean[rows] - sum(parts.values())
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
