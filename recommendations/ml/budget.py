"""How long a search may take, counted in work that is the same on any machine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .bpr import PASSES
from .content import MANY, PROBED
from .ease import EASE_ITEMS
from .interactions import Interactions
from .search import TRAINERS, Fitter
from .sources import Source

BRAKE = 1.5  # times the seconds asked for by the clock: a slow machine ends there


class Budget:
    """Seconds of a search, counted by what each piece of work takes on one ordinary core.

    The clock itself would cut the search in another place on every run. It is only a brake: past
    BRAKE times the seconds nothing new begins, and then alone a run cannot be repeated exactly.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]):
        self.seconds, self.clock = seconds, clock
        self.begun = clock()
        self.spent = 0.0

    def add(self, seconds: float) -> None:
        """Work that is done or about to be."""
        self.spent += seconds

    def allows(self, share: float = 1.0) -> bool:
        """Whether less than this share of the seconds is spent and the brake is not on."""
        return self.spent < share * self.seconds and not self.stopped

    @property
    def stopped(self) -> bool:
        """Whether the clock has run BRAKE times the seconds."""
        return self.clock() - self.begun >= BRAKE * self.seconds


class CountedFitter(Fitter):
    """A Fitter whose fits are counted."""

    def __init__(self, name: str, train: Interactions, seed: int, budget: Budget):
        super().__init__(name, train, seed)
        self.budget = budget

    def __call__(self, params: dict) -> Source:
        if not self.has(params):
            self.budget.add(fit_seconds(self.name, self.train, params))
        return super().__call__(params)


def fit_seconds(name: str, train: Interactions, params: dict) -> float:
    """What fitting takes, measured once on one core; right within a factor of two or so.

    What is trained by epochs costs nothing here: it counts its steps.
    """
    rows = len(train.histories.item_idx)
    lengths = np.diff(train.histories.indptr).astype(np.float64)
    pairs = float((lengths**2).sum())
    factors, n = params.get("factors", 0), train.n_items
    eased = min(n, params.get("most_items") or n)
    dense = min(eased, EASE_ITEMS)
    costs = {
        "popularity": 1e-7 * rows,
        "item_knn": 1e-6 * rows + 5e-9 * pairs,
        "complements": 1e-6 * rows + 5e-9 * pairs,
        "content": 1e-6 * rows + (6e-8 * PROBED * n**1.5 if n > MANY else 0.0),
        "item2vec": 2e-9
        * rows
        * factors
        * params.get("epochs", 0)
        * params.get("window", 0)
        * (1 + params.get("negatives", 0)),
        "transitions": 1e-5 * rows,
        "walks": 1e-6 * rows + 3e-8 * pairs,
        "ease": 1.2e-11 * dense**2 * eased + 2e-8 * eased * dense + 1e-8 * pairs,
        "als": params.get("iterations", 0)
        * (4e-9 * rows * factors + 3e-10 * (train.n_users + n) * factors**2),
    }
    if name in TRAINERS:
        return 0.0
    return costs.get(name, 1e-6 * rows)


def step_seconds(name: str, train: Interactions) -> float:
    """What passes between two questions of a trainer whether it may go on."""
    costs = {"sasrec": 0.03, "bpr": 3e-6 * len(train.histories.item_idx) / PASSES}
    return costs.get(name, 0.0)


def score_seconds(customers: int, n_items: int) -> float:
    """What it takes to score all items for so many customers and to list the best."""
    return 1e-8 * customers * n_items + 5e-5 * customers
