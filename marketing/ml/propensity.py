"""Will she order within 30 days? Boosted trees on behaviour, calibrated, judged on a later month.

Snapshots of the past are made 30 days apart: behaviour as of a moment, and whether an order came
in the 30 days after it. The newest judges, the one before calibrates, older ones teach.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from .behaviour import NAMES
from .behaviour_sequences import SequenceModel, Sequences

WINDOW_DAYS = 30
INPUTS = (*NAMES, "value_chance")
SEQUENCE = "sequence_score"  # the last column of models that read sequences
MOST_TAUGHT = 4  # snapshots
BANDS, RECENCY_BANDS = 10, 20
LEAST_CUSTOMERS, LEAST_BUYERS = 200, 40
REASONS = 3
Z80, Z95 = 1.2815515655446004, 1.959963984540054


@dataclass(frozen=True)
class PropensityParams:
    leaves: int = 15
    rate: float = 0.05
    least_in_leaf: int = 40
    most_rounds: int = 300
    seed: int = 42


@dataclass(frozen=True)
class Snapshot:
    """inputs: (n, len(INPUTS)), NaN where there is none, and where a model reads sequences their
    score after them; ordered: bool (n,) within WINDOW_DAYS; sequences: of the same customers."""

    inputs: np.ndarray
    ordered: np.ndarray
    sequences: Sequences | None = None


@dataclass(frozen=True)
class PropensityModel:
    """booster: LightGBM's text; scale and shift: Platt's line on its raw score; bands: from the
    month that judged, [lowest probability, Wilson low, Wilson high] of tenths of the customers;
    sequence: the model of behaviour in its order, as JSON, where its score is an input."""

    booster: str
    scale: float
    shift: float
    bands: list[list[float]]
    sequence: dict[str, Any] | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        return INPUTS if self.sequence is None else (*INPUTS, SEQUENCE)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def opened(self) -> Opened:
        import lightgbm

        read = SequenceModel.of(self.sequence) if self.sequence is not None else None
        return Opened(self, lightgbm.Booster(model_str=self.booster), read)


@dataclass(frozen=True)
class Opened:
    """A model ready to answer many times."""

    model: PropensityModel
    trees: Any
    sequence: SequenceModel | None

    def inputs(self, figures: np.ndarray, found: Sequences | None) -> np.ndarray:
        """(n, len(model.inputs)) from the figures (n, len(INPUTS)) and what sequences say."""
        if self.sequence is None:
            return figures
        if found is None:
            raise ValueError("this model reads sequences")
        return np.column_stack([figures, self.sequence.scores(found)])

    def probability(self, inputs: np.ndarray) -> np.ndarray:
        return _sigmoid(
            self.model.scale * self.trees.predict(inputs, raw_score=True) + self.model.shift
        )

    def interval(self, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """80 %: how often customers of the same band really ordered in the month that judged."""
        edges = np.array([band[0] for band in self.model.bands])
        place = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, len(edges) - 1)
        low, high = (np.array([band[side] for band in self.model.bands])[place] for side in (1, 2))
        return np.minimum(low, probability), np.maximum(high, probability)

    def reasons(self, inputs: np.ndarray) -> list[list[dict[str, Any]]]:
        """Per customer the REASONS inputs that moved the score most: name, value, effect (log-odds).

        Source: Lundberg et al., Nature Machine Intelligence 2 (2020), TreeSHAP, as LightGBM has it.
        """
        moved = self.trees.predict(inputs, pred_contrib=True)[:, :-1] * self.model.scale
        best = np.argsort(-np.abs(moved), axis=1, kind="stable")[:, :REASONS]
        return [
            [
                {
                    "input": self.model.inputs[place],
                    "value": None
                    if np.isnan(inputs[row, place])
                    else round(float(inputs[row, place]), 4),
                    "effect": round(float(moved[row, place]), 3),
                }
                for place in places
            ]
            for row, places in enumerate(best)
        ]


def model_from(text: str) -> PropensityModel:
    return PropensityModel(**json.loads(text))


@dataclass(frozen=True)
class Judged:
    """Log loss per customer and area under the ROC curve of each, on the month that judged."""

    log_loss: dict[str, float]
    auc: dict[str, float | None]
    reliability: list[dict[str, float]]
    calibration_error: float
    customers: int
    buyers: int


def train_and_judge(
    snapshots: Sequence[Snapshot], params: PropensityParams, *, usable: np.ndarray | None = None
) -> tuple[PropensityModel, Judged]:
    """snapshots: oldest first, three at least: teach …, calibrate, judge.

    usable: bool (len(INPUTS),), inputs to learn from; the rest is shown to the trees as missing.
    """
    *taught, calibrating, judging = [_masked(one, usable) for one in snapshots]
    trees = _grow(taught, params)
    scale, shift = _platt(trees.predict(calibrating.inputs, raw_score=True), calibrating.ordered)
    model = PropensityModel(trees.model_to_string(), scale, shift, [])
    probability = Opened(model, trees, None).probability(judging.inputs)
    usual = float(np.mean(np.concatenate([one.ordered for one in taught])))
    rivals = {
        "propensity": probability,
        "recency": _by_recency(snapshots[:-1], snapshots[-1]),
        "bg_nbd": np.nan_to_num(snapshots[-1].inputs[:, INPUTS.index("value_chance")], nan=usual),
        "everybody_alike": np.full(judging.ordered.size, usual),
    }
    table = reliability(probability, judging.ordered)
    bands = [[row["from"], row["low80"], row["high80"]] for row in table]
    judged = Judged(
        {name: log_loss(one, judging.ordered) for name, one in rivals.items()},
        {name: auc(one, judging.ordered) for name, one in rivals.items()},
        table,
        _calibration_error(table),
        judging.ordered.size,
        int(judging.ordered.sum()),
    )
    return PropensityModel(model.booster, scale, shift, bands), judged


def _masked(one: Snapshot, usable: np.ndarray | None) -> Snapshot:
    if usable is None:
        return one
    return replace(one, inputs=np.where(usable, one.inputs, np.nan))


def _grow(taught: Sequence[Snapshot], params: PropensityParams) -> Any:
    """Rounds are chosen on a fifth of the rows, then all of them teach."""
    import lightgbm

    inputs = np.concatenate([one.inputs for one in taught])
    ordered = np.concatenate([one.ordered for one in taught]).astype(float)
    options = {
        "objective": "binary", "num_leaves": params.leaves, "learning_rate": params.rate,
        "min_data_in_leaf": params.least_in_leaf, "seed": params.seed, "deterministic": True,
        "force_row_wise": True, "num_threads": 2, "verbosity": -1, "lambda_l2": 1.0,
        "feature_fraction": 0.8,
    }  # fmt: skip
    held = np.random.default_rng(params.seed).random(ordered.size) < 0.2
    part = lightgbm.Dataset(inputs[~held], ordered[~held], free_raw_data=False)
    tried = lightgbm.train(
        options, part, params.most_rounds,
        valid_sets=[lightgbm.Dataset(inputs[held], ordered[held], reference=part)],
        callbacks=[lightgbm.early_stopping(20, verbose=False)],
    )  # fmt: skip
    rounds = max(tried.best_iteration, 5)
    return lightgbm.train(options, lightgbm.Dataset(inputs, ordered), rounds)


def _platt(score: np.ndarray, ordered: np.ndarray) -> tuple[float, float]:
    """Source: Platt, Advances in Large Margin Classifiers 1999. Scale held above 0: order stays."""
    from scipy.optimize import minimize

    def loss(at: np.ndarray) -> float:
        line = np.exp(at[0]) * score + at[1]
        return float(np.mean(np.logaddexp(0, line) - ordered * line))

    found = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-3, 1.5), (-8, 8)])
    return float(np.exp(found.x[0])), float(found.x[1])


def _by_recency(taught: Sequence[Snapshot], judging: Snapshot) -> np.ndarray:
    """The baseline: how often customers silent for as long ordered in the months before."""
    place = INPUTS.index("recency_days")
    recency = np.concatenate([one.inputs[:, place] for one in taught])
    ordered = np.concatenate([one.ordered for one in taught])
    edges = np.unique(np.nanquantile(recency, np.linspace(0, 1, RECENCY_BANDS + 1)[1:-1]))
    band = np.searchsorted(edges, recency)
    count = np.bincount(band, minlength=edges.size + 1)
    hits = np.bincount(band, weights=ordered, minlength=edges.size + 1)
    rate = (hits + ordered.mean()) / (count + 1)
    return rate[np.searchsorted(edges, judging.inputs[:, place])]


def log_loss(probability: np.ndarray, ordered: np.ndarray) -> float:
    """Nats per customer."""
    return float(log_losses(probability, ordered).mean())


def log_losses(probability: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Nats of each customer, shape (n,)."""
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    return -np.where(ordered, np.log(p), np.log1p(-p))


def auc(score: np.ndarray, ordered: np.ndarray) -> float | None:
    """Chance that who ordered stands above who did not; None where all did the same."""
    from scipy.stats import rankdata

    some = int(ordered.sum())
    if some in (0, ordered.size):
        return None
    above = rankdata(score)[ordered].sum() - some * (some + 1) / 2
    return float(above / (some * (ordered.size - some)))


def reliability(probability: np.ndarray, ordered: np.ndarray) -> list[dict[str, float]]:
    """Tenths of the customers by probability: what was said, what came, Wilson's intervals."""
    rows: list[dict[str, float]] = []
    order = np.argsort(probability, kind="stable")
    for band in np.array_split(order, BANDS):
        if not band.size:
            continue
        rate = float(ordered[band].mean())
        (low, high), (low80, high80) = (wilson(rate, band.size, z) for z in (Z95, Z80))
        rows.append(
            {
                "from": float(probability[band].min()) if rows else 0.0,
                "customers": int(band.size),
                "said": float(probability[band].mean()),
                "came": rate,
                "low": low, "high": high, "low80": low80, "high80": high80,
            }
        )  # fmt: skip
    return rows


def wilson(rate: float, n: int, z: float) -> tuple[float, float]:
    """Interval of a share. Source: Wilson, JASA 22 (1927)."""
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return float(max(middle - half, 0)), float(min(middle + half, 1))


def _calibration_error(table: list[dict[str, float]]) -> float:
    total = sum(row["customers"] for row in table)
    return sum(row["customers"] * abs(row["said"] - row["came"]) for row in table) / total


def _sigmoid(score: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(score, -40, 40)))
