"""One LightGBM for all series: direct over the horizon, a quantile each, scaled by each SKU's level.

Why direct: one model sees the step as a feature, so no error is fed back into later days, and
prices and promotions that are already planned count for their own day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import numpy as np

from .features import FeatureMaker, Samples
from .metrics import LEVELS, Forecast, naive_squared_scale
from .panel import Panel

FITTED_LEVELS = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
# How many known periods a SKU must have before an origin may teach.
SHORTEST = {"D": 28, "W": 8, "M": 6}
BLOCK_ROWS = 200_000
FORMAT = 2


@dataclass(frozen=True)
class DemandParams:
    """What a training is told; stored with the run.

    sample_rows: (SKU, origin, step) triples drawn for training.
    mean_weight: share of the Tweedie mean in the point forecast, the rest is the mean of the
                 quantiles; None = chosen on validation data.
    threads:     0 = all cores.
    """

    sample_rows: int = 120_000
    quantile_rounds: int = 120
    mean_rounds: int = 150
    learning_rate: float = 0.07
    leaves: int = 31
    threads: int = 0
    countries: tuple[str, ...] = ()

    def as_json(self) -> dict:
        return asdict(self) | {"countries": list(self.countries)}


@dataclass
class DemandModel:
    """Fitted trees as LightGBM text, with what calibration found.

    shift: (9,) added to each quantile, in units of the series' scale (conformal, from validation).
    combination: weights and spread of the combination (learned.Learned as JSON), where it serves;
                 it may serve without trees.
    """

    params: DemandParams
    mean_text: str
    quantile_texts: list[str]
    feature_names: list[str]
    mean_weight: float = 0.0
    shift: np.ndarray = field(default_factory=lambda: np.zeros(len(LEVELS)))
    combination: dict | None = None

    @property
    def has_trees(self) -> bool:
        return bool(self.quantile_texts)

    def as_json(self) -> dict:
        """Everything `from_json` needs: no pickle."""
        return {
            "format": FORMAT,
            "params": self.params.as_json(),
            "mean": self.mean_text,
            "quantiles": self.quantile_texts,
            "feature_names": self.feature_names,
            "mean_weight": self.mean_weight,
            "shift": self.shift.tolist(),
            "combination": self.combination,
        }

    @classmethod
    def from_json(cls, data: dict) -> DemandModel:
        """Raises ValueError for a format it does not know."""
        if data.get("format") not in (1, FORMAT):  # 1 had no combination
            raise ValueError(f"unknown format {data.get('format')!r} of a demand model")
        params = data["params"] | {"countries": tuple(data["params"]["countries"])}
        return cls(
            params=DemandParams(**params),
            mean_text=data["mean"],
            quantile_texts=data["quantiles"],
            feature_names=data["feature_names"],
            mean_weight=data["mean_weight"],
            shift=np.array(data["shift"]),
            combination=data.get("combination"),
        )


@dataclass(frozen=True)
class RawForecast:
    """Before mixing and calibration. mean (n, H), quantiles (n, H, 9), scale (n,), all in units."""

    mean: np.ndarray
    quantiles: np.ndarray
    scale: np.ndarray


def fit(panel: Panel, horizon: int, params: DemandParams, *, seed: int) -> DemandModel | None:
    """Train on the panel. None when it holds too few samples to learn from.

    The same panel, parameters and seed give the same trees.
    """
    import lightgbm as lgb

    maker = FeatureMaker(panel, params.countries)
    samples = draw_samples(maker, horizon, params.sample_rows, seed=seed)
    if len(samples.rows) < 500:
        return None
    scale = maker.scale(samples)
    matrix, names = maker.matrix(samples, scale)
    target = panel.units[samples.rows, samples.targets] / scale
    data = lgb.Dataset(matrix, target, feature_name=names, params=_tree_params(params, seed))
    data.construct()

    def train(rounds: int, **objective: object) -> str:
        trees = lgb.train(_tree_params(params, seed) | objective, data, rounds)
        return trees.model_to_string()

    return DemandModel(
        params=params,
        mean_text=train(params.mean_rounds, objective="tweedie", tweedie_variance_power=1.5),
        quantile_texts=[
            train(params.quantile_rounds, objective="quantile", alpha=float(level))
            for level in FITTED_LEVELS
        ],
        feature_names=names,
    )


def predict_raw(model: DemandModel, panel: Panel, horizon: int) -> RawForecast:
    """The `horizon` periods after the last one with known units in any SKU's column.

    panel: the known history extended by the periods to forecast (Panel.extended, or with plans).
    """
    import lightgbm as lgb

    count, origin = len(panel.skus), panel.units.shape[1] - horizon - 1
    maker = FeatureMaker(panel, model.params.countries)
    trees = [lgb.Booster(model_str=text) for text in [model.mean_text, *model.quantile_texts]]
    found = np.empty((count, horizon, len(trees)))
    for rows, matrix, scale in feature_blocks(maker, np.arange(count), horizon, BLOCK_ROWS):
        for number, tree in enumerate(trees):
            values = np.asarray(tree.predict(matrix, num_threads=model.params.threads)) * scale
            found[rows, :, number] = values.reshape(len(rows), horizon)
    scale = maker.scale(every_step(np.arange(count), origin, 1))
    fitted = np.sort(np.maximum(found[:, :, 1:], 0), axis=2)
    return RawForecast(np.maximum(found[:, :, 0], 0), fitted @ to_all_levels(), scale)


def feature_blocks(
    maker: FeatureMaker, rows: np.ndarray, horizon: int, most: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(rows, features of all their steps (rows · horizon, f), scale of each) a bounded part at a time.

    The last `horizon` periods of the maker's panel are the steps.
    """
    origin = maker.units.shape[1] - horizon - 1
    block = max(1, most // horizon)
    for start in range(0, len(rows), block):
        part = rows[start : start + block]
        samples = every_step(part, origin, horizon)
        scale = maker.scale(samples)
        yield part, maker.matrix(samples, scale)[0], scale


def finish(raw: RawForecast, mean_weight: float, shift: np.ndarray) -> Forecast:
    """Mix the mean, move the quantiles by the calibration; never below 0, never crossing."""
    moved = raw.quantiles + shift * raw.scale[:, None, None]
    quantiles = np.maximum(np.maximum.accumulate(moved, axis=2), 0)
    mean = mean_weight * raw.mean + (1 - mean_weight) * raw.quantiles.mean(axis=2)
    return Forecast(mean, quantiles)


def calibrate(raw: RawForecast, train: np.ndarray, actual: np.ndarray) -> tuple[float, np.ndarray]:
    """(mean_weight, shift) from a window the trees have not seen.

    train (n, T), actual (n, H) units, NaN = masked.
    mean_weight: the mix with the lowest mean RMSSE.
    shift: what makes the outer quantiles hold 80 % of the window, fading to 0 at the median.
    Source: Romano, Patterson & Candès, Conformalized Quantile Regression, 2019.
    """
    known = np.isfinite(actual)
    scale = np.broadcast_to(raw.scale[:, None], actual.shape)[known]
    truth = actual[known] / scale
    low, high = (raw.quantiles[:, :, edge][known] / scale for edge in (0, -1))
    up, down = np.quantile(truth - high, 0.9), np.quantile(low - truth, 0.9)
    reach = (LEVELS - 0.5) / 0.4
    return _best_mix(raw, train, actual), np.where(reach > 0, reach * up, reach * down)


def _best_mix(raw: RawForecast, train: np.ndarray, actual: np.ndarray) -> float:
    naive = naive_squared_scale(train)[:, None]
    middle = raw.quantiles.mean(axis=2)
    use = np.isfinite(naive[:, 0]) & np.isfinite(actual).any(axis=1)
    if not use.any():
        return 0.0

    def loss(weight: float) -> float:
        error = weight * raw.mean + (1 - weight) * middle - actual
        return float(np.sqrt(np.nanmean(error[use] ** 2 / naive[use], axis=1)).mean())

    return min((0.0, 0.25, 0.5, 0.75, 1.0), key=loss)


def day_correlation(forecast: Forecast, actual: np.ndarray) -> float:
    """How much the errors of one SKU's days move together, 0 to 0.9, pooled over SKUs.

    From Var(sum) = (1 + (H − 1)·ρ) · sum of Var, each SKU's errors scaled to unit size, over the
    SKUs whose every day is known or masked alike.
    """
    error = np.where(np.isfinite(actual), actual - forecast.mean, 0.0)
    count = np.isfinite(actual).sum(axis=1)
    total = (error**2).sum(axis=1)
    use = (total > 0) & (count > 1)
    if not use.any():
        return 0.0
    ratio = np.mean(error[use].sum(axis=1) ** 2 / total[use])
    return float(np.clip((ratio - 1) / (count[use].mean() - 1), 0.0, 0.9))


def every_step(rows: np.ndarray, origin: int, horizon: int) -> Samples:
    """All steps of every row from one origin, row by row."""
    return Samples(
        rows=np.repeat(rows, horizon),
        origins=np.full(len(rows) * horizon, origin),
        steps=np.tile(np.arange(1, horizon + 1), len(rows)),
    )


def draw_samples(maker: FeatureMaker, horizon: int, wanted: int, *, seed: int) -> Samples:
    """Distinct (SKU, origin, step) triples whose target is known and inside the panel."""
    count, length = maker.units.shape
    random = np.random.default_rng(seed)
    drawn = 3 * wanted
    rows = random.integers(0, count, drawn)
    origins = random.integers(0, max(length - 1, 1), drawn)
    steps = random.integers(1, horizon + 1, drawn)
    inside = origins + steps < length
    rows, origins, steps = rows[inside], origins[inside], steps[inside]
    usable = np.isfinite(maker.units[rows, origins + steps])
    usable &= maker.known[rows, origins + 1] >= SHORTEST[maker.panel.frequency]
    triples = np.unique(np.column_stack([rows, origins, steps])[usable], axis=0)
    triples = triples[random.permutation(len(triples))[:wanted]]
    return Samples(triples[:, 0], triples[:, 1], triples[:, 2])


def _tree_params(params: DemandParams, seed: int) -> dict:
    return {
        "num_leaves": params.leaves,
        "learning_rate": params.learning_rate,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "min_data_in_leaf": 100,
        "lambda_l2": 1.0,
        "num_threads": params.threads,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "verbose": -1,
    }


def to_all_levels() -> np.ndarray:
    """(5, 9) weights: the levels in between are linear between their neighbours."""
    unit = np.eye(len(FITTED_LEVELS))
    return np.array([np.interp(LEVELS, FITTED_LEVELS, row) for row in unit])
