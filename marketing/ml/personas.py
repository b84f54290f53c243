"""Kinds of customers by how they buy: found, judged and refused; no clock, no database.

A shop is always cut into groups by an algorithm that is asked to. What is asked here first is
whether the cut means anything: do habits repeat, does the same cut come again from other samples,
and does a customer's other half of orders lead to the same group?

Source: Dolnicar and Leisch (2010), Evaluation of structure and reproducibility of cluster solutions
using the bootstrap, Marketing Letters 21 (natural and reproducible segments).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

import numpy as np

from .persona_clusters import (
    Cut,
    fit_centres,
    judge_cut,
    nearest,
    prediction_strength,
    valley,
)
from .persona_habits import (
    Baskets,
    Repeat,
    Space,
    habits,
    halves,
    only_orders,
    repeats,
    space_of,
    swapped,
)
from .persona_words import Words

LEAST_CUSTOMERS = 300
LEAST_ORDERS = 3  # of a customer whom the groups are learned from
LEAST_STABILITY = 0.6  # Hennig (2007): below, a group should not be trusted
NATURAL_STRENGTH = 0.8  # Tibshirani and Walther (2005)
# Two groups cut out of one heap are found again too (their line is), so a gap is asked for as well.
NATURAL_VALLEY = 0.5
FORMAT = 1


@dataclass(frozen=True)
class PersonaParams:
    """method: kmeans, mixture or hdbscan. fewest, most: how many groups are tried; samples: per
    number; nulls: shops without habits that the found one is compared with (19: one in twenty)."""

    seed: int
    method: str = "kmeans"
    fewest: int = 2
    most: int = 8
    samples: int = 20
    nulls: int = 19
    least_share: float = 0.03


class NoPersonasError(Exception):
    """Nothing to publish. `reason`: few, no_habit, unstable; `figures` fill its sentence."""

    def __init__(self, reason: str, **figures: float):
        super().__init__(reason)
        self.reason, self.figures = reason, figures


@dataclass(frozen=True)
class PersonaModel:
    """centres: (groups, axes); radius: (groups,), distance within which 99 of 100 members lie."""

    words: Words
    space: Space
    centres: np.ndarray
    radius: np.ndarray

    def group_of(self, baskets: Baskets, *, least_orders: int = 2) -> np.ndarray:
        """(customers,) row of `centres`; −1 for fewer orders than that, or farther off than nearly
        every member of the nearest group."""
        found, distance = nearest(self.space.place(habits(baskets)), self.centres)
        orders = np.bincount(baskets.customer, minlength=baskets.customers)
        is_far = distance > self.radius[np.maximum(found, 0)]
        return np.where((found < 0) | (orders < least_orders) | is_far, -1, found)

    def to_json(self) -> str:
        return json.dumps(
            {
                "format": FORMAT,
                "words": _plain(self.words),
                "space": _plain(self.space),
                "centres": self.centres.tolist(),
                "radius": self.radius.tolist(),
            }
        )


def _plain(part: Words | Space) -> dict:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else list(value)
        for name, value in vars(part).items()
    }


def model_from(text: str) -> PersonaModel:
    """Raises ValueError for a file of another format."""
    found = json.loads(text)
    if found["format"] != FORMAT:
        raise ValueError("written by another version")
    space, words = found["space"], found["words"]
    return PersonaModel(
        Words(
            tuple(words["categories"]),
            tuple(words["channels"]),
            *(np.array(words[name]) for name in ("usual_price", "text_axes", "text_mean")),
        ),
        Space(
            tuple(space["names"]), *(np.array(space[name]) for name in ("mean", "scale", "axes"))
        ),
        np.array(found["centres"]),
        np.array(found["radius"]),
    )


@dataclass(frozen=True)
class Judged:
    """agreement: how often a customer's odd orders lead to the group of her even ones, less chance
    (Cohen's kappa); null_agreement: the most that shops without habits reached."""

    agreement: float
    null_agreement: float
    stability: float
    silhouette: float
    prediction_strength: float
    valley: float
    is_natural: bool
    groups: int
    customers: int
    cuts: list[dict]
    repeats: dict[str, dict]


def learn(
    baskets: Baskets, words: Words, params: PersonaParams, *, before: int = 0
) -> tuple[PersonaModel, Judged]:
    """Raises NoPersonasError. Only customers with LEAST_ORDERS orders teach.

    words: what the baskets were read with; it stays with the model. before: how many groups there
    are now, which stay where they are as good as any other number; 0: none.
    """
    taught = with_orders(baskets, LEAST_ORDERS)
    if taught.customers < LEAST_CUSTOMERS:
        raise NoPersonasError(
            "few", customers=taught.customers, least=LEAST_CUSTOMERS, orders=LEAST_ORDERS
        )
    repeating = repeats(taught, seed=params.seed)
    kept = {name: one.correlation for name, one in repeating.items() if one.is_kept}
    if not kept:
        best = max(repeating.values(), key=lambda one: one.correlation - one.by_chance)
        raise NoPersonasError("no_habit", best=best.correlation, by_chance=best.by_chance)
    found = habits(taught)
    space = space_of(found, kept)
    points = space.place(found)
    cuts = search(points, params)
    best_cut = chosen(cuts, taught.customers, params, before)
    if best_cut is None:
        stability = max((cut.stability for cut in cuts), default=0.0)
        raise NoPersonasError("unstable", stability=stability, least=LEAST_STABILITY)
    model = PersonaModel(words, space, best_cut.centres, _radius(points, best_cut.centres))
    return model, _judged(taught, (model, best_cut, cuts), repeating, params)


def with_orders(baskets: Baskets, least: int) -> Baskets:
    """Only customers with so many orders; their rows are numbered anew."""
    count = np.bincount(baskets.customer, minlength=baskets.customers)
    enough = count >= least
    kept = only_orders(baskets, enough[baskets.customer])
    place = np.cumsum(enough) - 1
    return replace(kept, customers=int(enough.sum()), customer=place[kept.customer])


def search(points: np.ndarray, params: PersonaParams) -> list[Cut]:
    """Every number of groups that is tried, judged. HDBSCAN says its number itself."""
    if params.method == "hdbscan":
        found = judge_cut(points, 0, params.method, seed=params.seed, samples=params.samples)
        return [found] if found else []
    return [
        cut
        for groups in range(params.fewest, params.most + 1)
        if (
            cut := judge_cut(
                points, groups, params.method, seed=params.seed, samples=params.samples
            )
        )
    ]


def chosen(cuts: list[Cut], customers: int, params: PersonaParams, before: int = 0) -> Cut | None:
    """Of the cuts whose every group comes again and is large enough, the best silhouette; a finer
    one where its silhouette is as good within two standard errors, and the number of `before` first
    of all: personas that part and join by turns are no use to anybody."""
    fit = [
        cut
        for cut in cuts
        if cut.stability >= LEAST_STABILITY
        and cut.least_recovery >= LEAST_STABILITY
        and cut.smallest >= params.least_share * customers
    ]
    if not fit:
        return None
    best = max(fit, key=lambda cut: cut.silhouette)
    as_good = [cut for cut in fit if cut.silhouette >= best.silhouette - 2 * best.silhouette_error]
    return max(as_good, key=lambda cut: (len(cut.centres) == before, len(cut.centres)))


def _radius(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    group, distance = nearest(points, centres)
    return np.array([np.quantile(distance[group == row], 0.99) for row in range(len(centres))])


def _judged(
    taught: Baskets,
    found: tuple[PersonaModel, Cut, list[Cut]],
    repeating: dict[str, Repeat],
    params: PersonaParams,
) -> Judged:
    model, cut, cuts = found
    random = np.random.default_rng(params.seed + 1)
    kept = {name: repeating[name].correlation for name in model.space.names}
    nulls = [
        _null_agreement(swapped(taught, random), kept, cut, params) for _ in range(params.nulls)
    ]
    points = model.space.place(habits(taught))
    strength = prediction_strength(points, len(cut.centres), params.method, seed=params.seed)
    shallowest = valley(points, cut.centres)
    return Judged(
        agreement=agreement(model.space, model.centres, taught),
        null_agreement=max(nulls),
        stability=cut.stability,
        silhouette=cut.silhouette,
        prediction_strength=strength,
        valley=shallowest,
        is_natural=strength >= NATURAL_STRENGTH and shallowest <= NATURAL_VALLEY,
        groups=len(cut.centres),
        customers=taught.customers,
        cuts=[one.figures() for one in cuts],
        repeats={name: asdict(one) for name, one in repeating.items()},
    )


def _null_agreement(
    shop: Baskets, kept: dict[str, float], cut: Cut, params: PersonaParams
) -> float:
    """The same steps on a shop without habits."""
    found = habits(shop)
    space = space_of(found, kept)
    centres = fit_centres(space.place(found), len(cut.centres), "kmeans", seed=params.seed)
    return agreement(space, centres, shop)


def agreement(space: Space, centres: np.ndarray, baskets: Baskets) -> float:
    """Cohen's kappa of the groups of odd and even orders: 0 is chance, 1 always the same."""
    first, second = half_groups(space, centres, baskets)
    both = (first >= 0) & (second >= 0)
    table = np.zeros((len(centres), len(centres)))
    np.add.at(table, (first[both], second[both]), 1)
    table /= max(table.sum(), 1)
    by_chance = float(table.sum(axis=0) @ table.sum(axis=1))
    return (float(np.trace(table)) - by_chance) / max(1 - by_chance, 1e-9)


def half_groups(
    space: Space, centres: np.ndarray, baskets: Baskets
) -> tuple[np.ndarray, np.ndarray]:
    """Group of each customer by her odd orders alone, and by her even ones; −1 without any."""
    first, second = (nearest(space.place(habits(half)), centres)[0] for half in halves(baskets))
    return first, second
