"""Which model goes on: the best on validation, unless a simpler one is as good within luck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Verdict:
    """The chosen model and why: one line for each model that was asked to beat a simpler one."""

    chosen: str
    why: list[str]


def decide(ndcg: dict[str, np.ndarray], person: np.ndarray, ladder: list[str]) -> Verdict:
    """Start with the best single model; climb to a richer one only for a clear gain.

    ndcg: float64 (n,) per model, of the same n validation customers. person: int64 (n,), who they
    are; somebody who was held out twice is one observation. ladder: the richer models, from
    simple to rich; each must be ahead of what is chosen so far by more than one standard error
    of the difference. Source: Breiman et al., CART, 1984, section 3.4.3 (one standard error).
    """
    singles = [name for name in ndcg if name not in ladder]
    chosen = max(singles, key=lambda name: float(ndcg[name].mean()))
    why = [f"{chosen} is the best single source on validation data"]
    for name in ladder:
        if name not in ndcg:
            continue
        mean, error = difference(ndcg[name], ndcg[chosen], person)
        clear = mean > error
        verb = "is chosen over" if clear else "is not chosen over"
        why.append(
            f"{name} {verb} {chosen}: nDCG {mean:+.5f} on validation customers,"
            f" standard error {error:.5f}" + ("" if clear else "; a gain must exceed it")
        )
        chosen = name if clear else chosen
    return Verdict(chosen, why)


def difference(ours: np.ndarray, theirs: np.ndarray, person: np.ndarray) -> tuple[float, float]:
    """Mean difference per customer and its standard error over persons."""
    _people, index = np.unique(person, return_inverse=True)
    sums = np.bincount(index, weights=ours - theirs)
    mean = float((ours - theirs).mean())
    sizes = np.bincount(index)
    spread = float(((sums - mean * sizes) ** 2).sum()) ** 0.5
    return mean, spread / len(person)
