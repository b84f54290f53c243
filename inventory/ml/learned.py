"""What a window that no method has seen teaches: weights, spread, the errors of each method."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np

from . import gbm
from .classes import demand_classes
from .combine import Weights, find_weights
from .gbm import RawForecast
from .members import error_quantiles, simple_forecast
from .metrics import LEVELS, Forecast, naive_squared_scale
from .spread import Spread, fit_spread

COMBINATION = "combination"
TREES = "lightgbm"


@dataclass
class Learned:
    """mean_weight, shift: of the trees (gbm.calibrate). errors: name → (9,) of each simple method."""

    mean_weight: float = 0.0
    shift: list[float] = field(default_factory=lambda: [0.0] * len(LEVELS))
    weights: Weights = field(default_factory=Weights)
    spread: Spread = field(default_factory=Spread)
    errors: dict[str, list[float]] = field(default_factory=dict)

    @property
    def tree_users(self) -> set[str]:
        """The trees' name where any class takes its quantiles from them."""
        return {TREES} if any(self.spread.trees.values()) else set()

    def as_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Learned:
        parts = {"weights": Weights(**data["weights"]), "spread": Spread(**data["spread"])}
        return cls(**(data | parts))

    def forecasts(
        self, train: np.ndarray, means: dict[str, np.ndarray], raw: RawForecast | None
    ) -> dict[str, Forecast]:
        """Every method by name, the trees and the combination among them."""
        found = {
            name: simple_forecast(
                name, mean, train, np.array(self.errors.get(name, [0.0] * len(LEVELS)))
            )
            for name, mean in means.items()
        }
        members, trees = dict(means), None
        if raw is not None:
            trees = gbm.finish(raw, self.mean_weight, np.array(self.shift))
            found[TREES] = trees
            members[TREES] = trees.mean
        found[COMBINATION] = self.combined(train, members, trees)
        return found

    def combined(
        self, train: np.ndarray, members: dict[str, np.ndarray], trees: Forecast | None
    ) -> Forecast:
        classes = demand_classes(train)
        mean = self.weights.combined(members, classes)
        around = None if trees is None else recentred(trees, mean)
        return Forecast(mean, self.spread.quantiles(mean, train, classes, around))


def learn(
    train: np.ndarray, actual: np.ndarray, means: dict[str, np.ndarray], raw: RawForecast | None
) -> Learned:
    """train (n, T), actual (n, H): the window after it; means and raw were made from train alone."""
    found = Learned(
        errors={k: error_quantiles(v, train, actual).tolist() for k, v in means.items()}
    )
    members, trees = dict(means), None
    if raw is not None:
        found.mean_weight, shift = gbm.calibrate(raw, train, actual)
        found.shift = shift.tolist()
        trees = gbm.finish(raw, found.mean_weight, shift)
        members[TREES] = trees.mean
    classes = demand_classes(train)
    scale = np.sqrt(naive_squared_scale(train))
    found.weights = find_weights(members, actual, scale, classes)
    mean = found.weights.combined(members, classes)
    around = None if trees is None else recentred(trees, mean)
    found.spread = fit_spread(mean, train, actual, classes=classes, trees=around)
    return found


def recentred(trees: Forecast, mean: np.ndarray) -> np.ndarray:
    """The trees' quantiles around another mean: stretched like it, at most threefold."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(trees.mean > 0, mean / trees.mean, 1.0)
    return trees.quantiles * np.clip(ratio, 1 / 3, 3)[:, :, None]
