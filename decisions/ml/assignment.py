"""Deterministic assignment: the same unit and experiment always give the same arm."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence


def position(experiment: str, unit: str) -> float:
    """A number in [0, 1) that looks random over units and is the same on every machine.

    experiment: names what is assigned, so that two experiments share no order.
    unit: who is assigned, e.g. a customer code.
    """
    digest = hashlib.sha256(f"{experiment}\x00{unit}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def in_share(experiment: str, unit: str, rate: float) -> bool:
    """Whether the unit belongs to the first `rate` (0 to 1) of all; growing it only adds units."""
    return position(experiment, unit) < rate


def arm(experiment: str, unit: str, arms: Sequence[str]) -> str:
    """One of the arms, each with the same share. Raises ValueError without arms."""
    if not arms:
        raise ValueError("no arms to choose from")
    return arms[int(position(experiment, unit) * len(arms))]


def weighted_arm(experiment: str, unit: str, shares: Mapping[str, float]) -> str:
    """One of the arms, each with its share (summing to 1), in the order they are given.

    Raises ValueError without arms.
    """
    if not shares:
        raise ValueError("no arms to choose from")
    left = position(experiment, unit)
    for name, share in shares.items():
        left -= share
        if left < 0:
            return name
    return list(shares)[-1]  # rounding: the shares sum to a hair less than 1


def in_slice(layer: str, unit: str, begin: float, rate: float) -> bool:
    """Whether the unit lies in the part [begin, begin + rate) of a layer.

    Everybody has one place in a layer, so experiments with parts of their own share nobody.
    Source: Tang, Agarwal, O'Brien & Meyer, Overlapping Experiment Infrastructure, KDD 2010.
    """
    return begin <= position(f"layer:{layer}", unit) < begin + rate


def free_slice(taken: Sequence[tuple[float, float]], rate: float) -> float | None:
    """Where the first free part of this size begins; None when the layer is too full.

    taken: (begin, rate) of the parts that are in use.
    """
    edge = 0.0
    for begin, size in sorted(taken):
        if begin - edge >= rate - 1e-9:
            return edge
        edge = max(edge, begin + size)
    return edge if 1 - edge >= rate - 1e-9 else None
