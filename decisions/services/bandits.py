"""Shares that follow what earns: a batch a night, each drawn from what the ones before brought."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from decisions.ml.bandit import LEAST_SHARE, thompson_shares
from decisions.ml.moments import Moments
from decisions.models import Allocation, Experiment, ExperimentState, ShareBatch

__all__ = ["LEAST_SHARE", "next_batch", "replayed", "seed_of", "thompson_shares"]


def seed_of(name: str) -> int:
    """A seed that the name alone decides."""
    return zlib.crc32(name.encode())


def next_batch(
    experiment: Experiment, arms: Mapping[str, Moments | None], *, at: datetime
) -> ShareBatch | None:
    """Draw and write the shares that hold from `at` on.

    arms: what each has brought so far. None for an experiment with fixed shares, or that does not
    run. Asked again for the same moment it returns what is written. The batch keeps what it was
    drawn from and the seed, so that every propensity can be computed again (`replayed`).
    """
    if experiment.allocation != Allocation.THOMPSON:
        return None
    with transaction.atomic():
        locked = Experiment.objects.select_for_update().get(pk=experiment.pk)
        if locked.state != ExperimentState.RUNNING:
            return None
        last = locked.batches.order_by("-number").first()
        if last and last.began_at >= at:
            return last
        number = last.number + 1 if last else 1
        seed = seed_of(f"{experiment.key}:{number}")
        named = {given["name"]: arms.get(given["name"]) for given in experiment.arms}
        return ShareBatch.objects.create(
            experiment=locked,
            number=number,
            shares=thompson_shares(named, seed=seed),
            evidence={name: asdict(one) if one else None for name, one in named.items()},
            seed=seed,
            began_at=at,
        )


def replayed(batch: ShareBatch) -> dict[str, float]:
    """The shares again, from what the batch says it was drawn from."""
    names = [given["name"] for given in batch.experiment.arms]
    kept = batch.evidence
    arms = {name: Moments(**kept[name]) if kept[name] else None for name in names}
    return thompson_shares(arms, seed=batch.seed)
