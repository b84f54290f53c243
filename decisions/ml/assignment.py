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
