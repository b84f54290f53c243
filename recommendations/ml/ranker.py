"""A LightGBM LambdaRank over the pool that the sources bring together.

It starts from the blend's score and learns corrections to it, so that with little to learn from
it stays the blend. Labels are held out before any source is fitted; a customer's value is
computed by trees that were grown on other customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from .blend import Blend, Candidates
from .interactions import Histories
from .ranker_features import FeatureReader
from .trees import MOST_LEAVES, Trees, read_trees

FOLDS = 4
MOST_ROUNDS = 120  # trees of 16 leaves: a pool of 200 is scored in about a millisecond
PATIENCE = 30
HARD, EASY = 40, 40  # negatives per customer: the blend's best, and drawn from the rest
LEAST_GROUPS = 50  # below this there is nothing to learn a ranking from
DATA_PARAMS: dict[str, Any] = {"max_bin": 127, "use_missing": False, "verbosity": -1}
PARAMS: dict[str, Any] = {
    "objective": "lambdarank",
    "num_leaves": MOST_LEAVES,
    "learning_rate": 0.05,
    "min_data_in_leaf": 40,
    "lambda_l2": 10.0,
    "path_smooth": 20.0,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    **DATA_PARAMS,
    "num_threads": 1,  # two threads on a busy machine wait for each other: 5 to 30 times slower
}


@dataclass(frozen=True)
class Ranker:
    """score = slope · blend + trees(features) for the pool; all others come after it.

    text: the trees in LightGBM's own format, which is what is stored and explained.
    """

    reader: FeatureReader
    slope: float
    text: str
    trees: Trees
    personal = True

    @staticmethod
    def of(reader: FeatureReader, slope: float, text: str) -> Ranker:
        return Ranker(reader, slope, text, read_trees(text))

    @property
    def blend(self) -> Blend:
        """What brings the pool together, and what serves where nothing is ranked."""
        weights = self.reader.weights
        return Blend({name: self.reader.sources[name] for name in weights}, weights)

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 (n, n_items): the pool above everything else, which keeps the blend's order."""
        found = self.reader.scores(histories)
        items = self.reader.pool(found, histories)
        ranked = self.of_pool(found, histories, items)
        total = found["blend"] - found["blend"].max(axis=1, keepdims=True) - 1
        ranked -= np.where(items < 0, np.inf, ranked).min(axis=1, keepdims=True)
        rows, columns = np.nonzero(items >= 0)
        total[rows, items[rows, columns]] = ranked[rows, columns]
        total[np.diff(histories.indptr) == 0] = 0
        return total

    def of_pool(
        self, scores: dict[str, np.ndarray], histories: Histories, items: np.ndarray
    ) -> np.ndarray:
        """float32 (n, c): comparable within a row; what stands at an item −1 means nothing."""
        features = self.reader.read(at_items(scores, items), histories, items)
        flat = features.reshape(-1, features.shape[2])
        added = self.trees.predict(flat).reshape(items.shape)
        return (self.slope * features[:, :, 0] + added).astype(np.float32)

    def contributions(self, history: Histories, items: np.ndarray) -> np.ndarray:
        """As the blend's: the trees' corrections belong to no single row of a history."""
        return self.slope * self.blend.contributions(history, items)

    def arrays(self) -> dict[str, np.ndarray]:
        """The trees, facts and attributes, without pickle; the sources have their own."""
        trees = np.frombuffer(self.text.encode(), dtype=np.uint8)
        facts = self.reader.facts.asked_now().arrays()
        return {"trees": trees, **facts, **self.reader.attributes.arrays()}


def at_items(scores: dict[str, np.ndarray], items: np.ndarray) -> dict[str, np.ndarray]:
    """float32 (n, c) per view: the scores of these items; an item −1 gives any."""
    safe = np.maximum(items, 0)
    return {name: np.take_along_axis(values, safe, axis=1) for name, values in scores.items()}


def rank_candidates(ranker: Ranker, history: Histories, items: np.ndarray) -> np.ndarray:
    """float32 (len(items),): how high each of the items belongs for ONE history.

    items: int, item indices in any order without −1, the whole pool that is to be ordered (a
    place within the pool is a feature). The history must not be empty.
    """
    pool = np.asarray(items, dtype=np.int64)[None, :]
    return ranker.of_pool(ranker.reader.scores(history), history, pool)[0]


def explain_candidates(
    ranker: Ranker, history: Histories, items: np.ndarray
) -> list[tuple[str, np.ndarray]]:
    """(feature, float64 (len(items),)): what each feature adds to `rank_candidates`, and "start".

    They add up to the score. Source: Lundberg et al., Nature MI 2, 2020 (TreeSHAP).
    """
    from lightgbm import Booster  # 200 MB and OpenMP: only for who asks why, never to serve

    pool = np.asarray(items, dtype=np.int64)[None, :]
    at = at_items(ranker.reader.scores(history), pool)
    features = ranker.reader.read(at, history, pool)[0]
    booster = Booster(model_str=ranker.text)
    added = np.asarray(booster.predict(features, pred_contrib=True, num_threads=1))
    added[:, 0] += ranker.slope * features[:, 0]
    return list(zip([*ranker.reader.names, "start"], added.T, strict=True))


def explain_groups(ranker: Ranker, history: Histories, items: np.ndarray) -> dict[str, np.ndarray]:
    """float64 (len(items),) per group: what each source, and each other fact, adds to the score.

    A source's score, its place and its view of the session are one group, and so is how an item
    fares at a time. What is equal for all items, such as the length of a history, counts too.
    """
    groups: dict[str, np.ndarray] = {}
    for feature, added in explain_candidates(ranker, history, items):
        name = feature.removesuffix("_score").removesuffix("_rank").removesuffix("_newest")
        if name.startswith("level_") or name == "lift":
            name = "season"
        groups[name] = groups.get(name, 0.0) + added
    return groups


@dataclass(frozen=True)
class Examples:
    """Pools of customers who have something held out in theirs, perhaps from several cuts.

    features: float32 (rows, f); label: bool (rows,); starts: int64 (groups + 1,);
    customer: int64 (groups,), index into `counts` and `person`; counts: int64 (n,), how much was
    held out of every customer, those without a group included; person: int64 (n,), who it is.
    """

    features: np.ndarray
    label: np.ndarray
    starts: np.ndarray
    customer: np.ndarray
    counts: np.ndarray
    person: np.ndarray

    @property
    def group(self) -> np.ndarray:
        """int64 (rows,): the group of each row."""
        return np.repeat(np.arange(len(self.customer)), np.diff(self.starts))

    def places(self, scores: np.ndarray) -> np.ndarray:
        """int64 (rows,): the place of each row in its group, 0 for the highest score."""
        group = self.group
        order = np.lexsort((-scores, group))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order)) - self.starts[:-1][group[order]]
        return place

    def ndcg(self, scores: np.ndarray, k: int) -> np.ndarray:
        """float64 (n,): per customer; 0 for one whose pool holds nothing of what was held out."""
        place = self.places(scores)
        hit = self.label & (place < k)
        discount = 1 / np.log2(np.arange(2, k + 2))
        customer = self.customer[self.group[hit]]
        gains = np.bincount(customer, weights=discount[place[hit]], minlength=len(self.counts))
        ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(self.counts, k)]
        return gains / np.maximum(ideal, 1e-12)


def examples_of(reader: FeatureReader, found: Candidates, histories: Histories) -> Examples:
    """Features of gathered candidates, 256 customers at a time.

    histories: of the customers whom the candidates were gathered for, in that order.
    """
    parts = []
    for start in range(0, len(found.customer), 256):
        batch = found.take(np.arange(start, min(start + 256, len(found.customer))))
        parts.append(reader.of_candidates(batch, histories.take(batch.customer)))
    features, label, sizes = (np.concatenate(column) for column in zip(*parts, strict=True))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return Examples(features, label, starts, found.customer, found.counts, found.person)


def joined(parts: list[Examples]) -> Examples:
    """Examples of several cuts in one; a customer of two cuts stays one person."""
    rows = np.cumsum([0] + [len(part.label) for part in parts])
    people = np.cumsum([0] + [len(part.counts) for part in parts])
    starts = [part.starts[:-1] + begin for part, begin in zip(parts, rows[:-1], strict=True)]
    customer = [part.customer + begin for part, begin in zip(parts, people[:-1], strict=True)]
    return Examples(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.append(np.concatenate(starts), rows[-1]),
        np.concatenate(customer),
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.person for part in parts]),
    )


@dataclass(frozen=True)
class Learned:
    """Trees, and what they were worth to customers they were not grown on.

    ndcg: float64 (n customers,), of cross-fitted scores.
    """

    slope: float
    text: str
    rounds: int
    ndcg: np.ndarray


def learn(examples: Examples, *, k: int, seed: int) -> Learned | None:
    """Grow trees on all examples, with as many as was best for customers left out.

    None when fewer than LEAST_GROUPS customers have something held out in their pool.
    """
    if len(examples.customer) < LEAST_GROUPS:
        return None
    grower = _Grower(examples, _slope(examples), k, seed)
    people, index = np.unique(examples.person[examples.customer], return_inverse=True)
    fold = (np.random.default_rng(seed).permutation(len(people)) % FOLDS)[index]
    boosters = [grower.until_best(fold == place) for place in range(FOLDS)]
    rounds = max(1, round(float(np.mean([one.best_iteration for one in boosters]))))
    scores = grower.start.copy()
    for place, booster in enumerate(boosters):
        rows = (fold == place)[examples.group]
        scores[rows] += booster.predict(
            examples.features[rows], num_iteration=rounds, raw_score=True
        )
    text = grower.on_all(rounds).model_to_string(num_iteration=rounds)
    return Learned(grower.slope, text, rounds, examples.ndcg(scores, k))


def _slope(examples: Examples) -> float:
    """How much one unit of the blend's score is worth: the best softmax over each pool."""
    starts, group = examples.starts[:-1], examples.group
    base = examples.features[:, 0].astype(np.float64)

    def loss(slope: float) -> float:
        scaled = slope * base
        top = np.maximum.reduceat(scaled, starts)[group]
        total = np.log(np.add.reduceat(np.exp(scaled - top), starts))[group] + top
        return float((total - scaled)[examples.label].sum())

    return float(minimize_scalar(loss, bounds=(1e-3, 20.0), method="bounded").x)


class _Grower:
    """Boosters over one set of examples that start from the blend's score."""

    def __init__(self, examples: Examples, slope: float, k: int, seed: int):
        self.examples, self.slope = examples, slope
        self.start = slope * examples.features[:, 0].astype(np.float64)
        self.params = PARAMS | {
            "seed": seed,
            "metric": "ndcg",
            "eval_at": [k],
            "lambdarank_truncation_level": k + 10,
        }
        self.sampled = self._sample(seed)

    def until_best(self, left_out: np.ndarray) -> Any:
        """Grown on the other groups until those left out, bool (groups,), no longer gain."""
        import lightgbm

        outside = left_out[self.examples.group]
        return lightgbm.train(
            self.params,
            self._dataset(~outside & self.sampled),
            MOST_ROUNDS,
            valid_sets=[self._dataset(outside)],
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],  # type: ignore[list-item]
        )

    def on_all(self, rounds: int) -> Any:
        """Grown on all groups."""
        import lightgbm

        return lightgbm.train(self.params, self._dataset(self.sampled), rounds)

    def _sample(self, seed: int) -> np.ndarray:
        """bool (rows,): all that was held out, the blend's best and some of the rest."""
        examples = self.examples
        place = examples.places(self.start)
        sizes = np.diff(examples.starts)[examples.group]
        draws = np.random.default_rng(seed).random(len(place))
        return examples.label | (place < HARD) | (draws < EASY / np.maximum(sizes - HARD, 1))

    def _dataset(self, rows: np.ndarray) -> Any:
        import lightgbm

        sizes = np.bincount(self.examples.group[rows], minlength=len(self.examples.customer))
        return lightgbm.Dataset(
            self.examples.features[rows],
            label=self.examples.label[rows].astype(np.int8),
            group=sizes[sizes > 0],
            init_score=self.start[rows],
            params=DATA_PARAMS,
        )
