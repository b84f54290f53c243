"""Does the order of what a customer did say more than the figures of it? Asked of a later month.

Two propensities learn from the same months: one of the figures, one of them and the score of the
model of sequences. The second is kept where, on the month that judges, its log loss per customer is
lower by more than chance: the lower end of the 95 % interval of the paired difference lies above 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from attention.blocks_torch import torch_here

from .propensity import (
    Z95,
    Judged,
    PropensityModel,
    PropensityParams,
    Snapshot,
    auc,
    log_losses,
    train_and_judge,
)
from .sequence_training import SequenceParams, scores_over_time

LEAST_SNAPSHOTS, LEAST_ROWS = 4, 2_000
RESAMPLES = 200


@dataclass(frozen=True)
class SequenceVerdict:
    """reason: "better", "no_better", "no_torch", "few_snapshots" or "few_rows". The rest, where it
    was tried, on the month that judged: nats per customer without and with the sequences, the gain
    (below 0: worse) with its 95 % interval, and the same of the area under the ROC curve."""

    is_used: bool
    reason: str
    log_loss_without: float | None = None
    log_loss_with: float | None = None
    gain: list[float] | None = None
    auc_gain: list[float] | None = None


def train_with_sequences(
    snapshots: Sequence[Snapshot], params: PropensityParams
) -> tuple[PropensityModel, Judged, SequenceVerdict]:
    """snapshots: oldest first, with their sequences. Seeded: the same data, the same answer."""
    plain, judged = train_and_judge(snapshots, params)
    if reason := _why_not(snapshots):
        return plain, judged, SequenceVerdict(False, reason)
    read = [(one.sequences, one.ordered) for one in snapshots if one.sequences is not None]
    scores, model = scores_over_time(read, SequenceParams(seed=params.seed))
    # The oldest snapshot has no score out of fold and teaches the sequences alone.
    known = [
        replace(one, inputs=np.column_stack([one.inputs, score]))
        for one, score in zip(snapshots[1:], scores[1:], strict=True)
    ]
    rich, rich_judged = train_and_judge(known, params)
    without = plain.opened().probability(snapshots[-1].inputs)
    within = rich.opened().probability(known[-1].inputs)
    verdict = compare(without, within, snapshots[-1].ordered, seed=params.seed)
    if not verdict.is_used:
        return plain, judged, verdict
    return replace(rich, sequence=model.to_json()), rich_judged, verdict


def _why_not(snapshots: Sequence[Snapshot]) -> str:
    if not torch_here():
        return "no_torch"
    if len(snapshots) < LEAST_SNAPSHOTS:
        return "few_snapshots"
    rows = [one.sequences.kind.size if one.sequences is not None else 0 for one in snapshots]
    return "few_rows" if not rows[0] or sum(rows[:-2]) < LEAST_ROWS else ""


def compare(
    without: np.ndarray, within: np.ndarray, ordered: np.ndarray, *, seed: int
) -> SequenceVerdict:
    """Probabilities of the same customers, shape (n,). The AUC's interval is a paired bootstrap."""
    losses = log_losses(without, ordered), log_losses(within, ordered)
    difference = losses[0] - losses[1]
    half = Z95 * float(difference.std(ddof=1)) / float(np.sqrt(ordered.size))
    gain = float(difference.mean())
    is_used = gain - half > 0
    return SequenceVerdict(
        is_used,
        "better" if is_used else "no_better",
        float(losses[0].mean()),
        float(losses[1].mean()),
        [gain, gain - half, gain + half],
        _auc_gain(without, within, ordered, seed),
    )


def _auc_gain(
    without: np.ndarray, within: np.ndarray, ordered: np.ndarray, seed: int
) -> list[float] | None:
    random, gains = np.random.default_rng(seed), []
    for number in range(RESAMPLES + 1):
        drawn = (
            np.arange(ordered.size)
            if not number
            else random.integers(0, ordered.size, ordered.size)
        )
        before, after = (auc(said[drawn], ordered[drawn]) for said in (without, within))
        if before is None or after is None:
            return None
        gains.append(after - before)
    low, high = np.quantile(gains[1:], [0.025, 0.975])
    return [gains[0], float(low), float(high)]
