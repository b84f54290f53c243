"""Training of the model of behaviour in its order: torch, seeded, snapshot after snapshot.

A score is out of fold by time: the snapshot of a month is scored by weights that saw only the months
before it, whose windows had ended by then. So a model that reads the scores learns from what it
will get when it serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attention import blocks, blocks_torch

from .behaviour_sequences import (
    BIASES,
    EMBEDDINGS,
    MOST_CATEGORIES,
    SequenceModel,
    Sequences,
    padded,
)

if TYPE_CHECKING:
    import torch

HEADS = 2


@dataclass(frozen=True)
class SequenceParams:
    """most: customers of a snapshot that teach, each n-th where there are more."""

    dim: int = 16
    blocks: int = 1
    dropout: float = 0.1
    decay: float = 0.01
    rate: float = 5e-3
    epochs: int = 4
    batch: int = 128
    most: int = 6_000
    seed: int = 42


def scores_over_time(
    snapshots: Sequence[tuple[Sequences, np.ndarray]], params: SequenceParams
) -> tuple[list[np.ndarray], SequenceModel]:
    """snapshots: (sequences, ordered bool (n,)), oldest first, two at least.

    Returns the scores of each, those of the first NaN, and the model that scored the last. Nothing
    of the last is learned.
    """
    trainer = SequenceTrainer(_categories(snapshots[0][0]), params)
    scores = [np.full(snapshots[0][0].size, np.nan)]
    for number in range(1, len(snapshots)):
        trainer.run(snapshots[:number])
        model = trainer.model()
        scores.append(model.scores(snapshots[number][0]))
    return scores, model


def _categories(found: Sequences) -> tuple[int, ...]:
    """The most frequent ones of the oldest snapshot, ascending."""
    keys, counts = np.unique(found.category[found.category >= 0], return_counts=True)
    often = keys[np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]]
    return tuple(sorted(often.tolist()))


class SequenceTrainer:
    """Binary cross-entropy of "orders within the window" by the state after the newest row."""

    def __init__(self, categories: tuple[int, ...], params: SequenceParams):
        self.categories, self.params = categories, params
        self.random = np.random.default_rng(params.seed)
        self.device = blocks_torch.device()
        self.weights = {
            name: self._tensor(self._initial(name, shape)).requires_grad_()
            for name, shape in _shapes(params).items()
        }
        self.optimizer = blocks_torch.adam_w(self.weights, rate=params.rate, decay=params.decay)

    def _initial(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        if name in EMBEDDINGS:
            return self.random.normal(0, 0.3, shape)
        if name.startswith("said"):
            return np.zeros(shape)
        return blocks.initial(name, shape, self.random)

    def run(self, snapshots: Sequence[tuple[Sequences, np.ndarray]]) -> None:
        """`epochs` times over the customers of the snapshots that have rows."""
        steps = [
            (place, chosen)
            for _epoch in range(self.params.epochs)
            for place, chosen in self._steps(snapshots)
        ]
        with blocks_torch.all_threads():
            for place, chosen in steps:
                found, ordered = snapshots[place]
                self._step(found, ordered, chosen)

    def _steps(
        self, snapshots: Sequence[tuple[Sequences, np.ndarray]]
    ) -> list[tuple[int, np.ndarray]]:
        """(snapshot, customers of alike length) in random order."""
        steps = []
        for place, (found, _ordered) in enumerate(snapshots):
            lengths = np.diff(found.indptr)
            filled = np.flatnonzero(lengths)
            filled = filled[:: -(-filled.size // self.params.most) or 1]
            filled = self.random.permutation(filled)
            filled = filled[np.argsort(lengths[filled], kind="stable")]
            cuts = range(0, filled.size, self.params.batch)
            steps += [(place, filled[cut : cut + self.params.batch]) for cut in cuts]
        return [steps[number] for number in self.random.permutation(len(steps))]

    def _step(self, found: Sequences, ordered: np.ndarray, chosen: np.ndarray) -> None:
        from torch.nn.functional import binary_cross_entropy_with_logits

        self.optimizer.zero_grad(set_to_none=True)
        wanted = self._tensor(ordered[chosen])
        loss = binary_cross_entropy_with_logits(self.forward(found, chosen), wanted)
        loss.backward()
        self.optimizer.step()

    def forward(self, found: Sequences, chosen: np.ndarray) -> torch.Tensor:
        """Log-odds, (n,); `SequenceModel.scores` does the same."""
        import torch

        w, read = self.weights, padded(found, chosen, self.categories)
        kinds, categories, ages, real = (
            torch.from_numpy(np.ascontiguousarray(one)).to(self.device)
            for one in (read.kinds, read.categories, read.ages, read.real)
        )
        x = self._dropped(w["kinds"][kinds] + w["categories"][categories] + w["ages"][ages])
        apart = {
            name: torch.from_numpy(classes).to(self.device)
            for name, classes in read.distances.items()
        }
        states = blocks_torch.states(w, x, real, apart, self._dropped)[:, -1]
        return states @ w["said"] + w["said_bias"][0]

    def _dropped(self, x: torch.Tensor) -> torch.Tensor:
        return blocks_torch.dropped(x, self.params.dropout, self.random)

    def _tensor(self, values: np.ndarray) -> torch.Tensor:
        import torch

        return torch.tensor(np.asarray(values), dtype=torch.float32, device=self.device)

    def model(self) -> SequenceModel:
        """As it stands."""
        weights = {name: one.detach().cpu().numpy().copy() for name, one in self.weights.items()}
        return SequenceModel(weights, self.categories)


def _shapes(params: SequenceParams) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {
        name: (size, params.dim) for name, size in EMBEDDINGS.items()
    }
    found |= blocks.shapes(params.dim, params.blocks, heads=HEADS, biases=BIASES)
    return found | {"said": (params.dim,), "said_bias": (1,)}
