"""Whose sale it was, by convention: last touch, linear, and first-order Markov chains.

None of these measures a cause; a holdout does. They share out orders that came anyway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Path:
    """What a customer met, oldest first, and what it ended in. touches: names, at least one.
    orders: 0 for somebody who did not buy. value: of those orders, in minor units. customers: how
    many went this very way."""

    touches: tuple[str, ...]
    orders: int
    value: int
    customers: int = 1


def last_touch(paths: Iterable[Path]) -> dict[str, float]:
    """All of the value to what came last."""
    found: dict[str, float] = defaultdict(float)
    for path in paths:
        found[path.touches[-1]] += path.value
    return dict(found)


def linear(paths: Iterable[Path]) -> dict[str, float]:
    """The value in equal parts to everything on the way."""
    found: dict[str, float] = defaultdict(float)
    for path in paths:
        for touch in path.touches:
            found[touch] += path.value / len(path.touches)
    return dict(found)


def markov(paths: Iterable[Path]) -> dict[str, float]:
    """The value by how much less often a walk over the touches would end in an order without each.

    Walks start, move from touch to touch as customers did, and end in an order or in nothing. The
    removal effects are scaled to add up to the whole value.
    Source: Anderl, Becker, von Wangenheim & Schumann, International Journal of Research in
    Marketing 33 (2016).
    """
    paths = list(paths)
    names = sorted({touch for path in paths for touch in path.touches})
    value = sum(path.value for path in paths)
    if not names or not value:
        return dict.fromkeys(names, 0.0)
    begin, moves, end = _counts(paths, {name: n for n, name in enumerate(names)})
    whole = _converts(begin, moves, end)
    without = np.array([_converts(begin, moves, end, gone=n) for n in range(len(names))])
    effect = np.maximum(0.0, 1 - without / whole) if whole > 0 else np.zeros(len(names))
    total = effect.sum()
    share = effect / total if total > 0 else np.full(len(names), 1 / len(names))
    return {name: float(value * part) for name, part in zip(names, share, strict=True)}


def _counts(paths: list[Path], index: dict[str, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customers from the start to each touch, from touch to touch, from touch to (order, nothing)."""
    begin = np.zeros(len(index))
    moves = np.zeros((len(index), len(index)))
    end = np.zeros((len(index), 2))
    for path in paths:
        way = [index[touch] for touch in path.touches]
        begin[way[0]] += path.customers
        for one, other in pairwise(way):
            moves[one, other] += path.customers
        bought = min(path.customers, path.orders)
        end[way[-1]] += bought, path.customers - bought
    return begin, moves, end


def _converts(
    begin: np.ndarray, moves: np.ndarray, end: np.ndarray, gone: int | None = None
) -> float:
    """Chance of ending in an order; whoever steps on what is gone ends in nothing."""
    leaving = moves.sum(axis=1) + end.sum(axis=1)
    scale = np.where(leaving > 0, leaving, 1.0)
    step, wins = moves / scale[:, None], end[:, 0] / scale
    start = begin / begin.sum()
    if gone is not None:
        step[:, gone] = 0.0
        start = start.copy()
        start[gone] = 0.0
    chance = np.linalg.solve(np.eye(len(wins)) - step, wins)
    return float(start @ chance)


def ways(rows: Iterable[tuple[int, str]]) -> dict[int, tuple[str, ...]]:
    """(customer, touch) in order of time → each customer's touches, repeats in a row once."""
    found: dict[int, list[str]] = defaultdict(list)
    for customer, touch in rows:
        if not found[customer] or found[customer][-1] != touch:
            found[customer].append(touch)
    return {customer: tuple(way) for customer, way in found.items()}
