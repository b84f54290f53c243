"""Training of the self-attentive sequence model: torch, any device, resumable by epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attention import blocks, blocks_torch
from attention.blocks import LEFT_OUT
from attention.blocks_torch import adam_w, all_threads, device

from .attention import SelfAttention, distances
from .interactions import Interactions
from .sources import history_values

if TYPE_CHECKING:  # torch costs seconds and 200 MB: it comes with the first training
    import torch

HEADS = 2
LENGTH = 50
BASKETS = 20
STEP_ROWS = (64, 1_024)  # of one step: a hundredth of an epoch within these bounds
NEGATIVES = 1_024  # drawn anew for each step; where there are fewer items, all of them
LEARNING_RATE = 5e-3
AVERAGED = 0.99  # a step's share of the past in the averaged weights, which are what serves


class AttentionTrainer:
    """Trains epoch after epoch; 3 epochs and then 2 are the same as 5.

    params: dim, blocks, dropout, decay (of weights), horizon (a row learns one of the next
    `horizon` rows, drawn anew in every epoch), shuffle (the rows of a basket have no order). The loss is the softmax over all items, or over a
    uniform sample with its correction; a row counts with its weight, up to 1.
    Source: Klenitskiy & Vasilev, RecSys 2023 (softmax in place of the binary loss); Bengio &
    Senécal, IEEE Trans. Neural Networks 19(4), 2008 (sampled softmax).
    """

    def __init__(self, train: Interactions, params: dict, seed: int):

        self.train, self.params = train, params
        self.windows = windows(train.histories.indptr)
        self.step_rows = int(np.clip(len(train.histories.item_idx) // 100, *STEP_ROWS))
        self.rng = np.random.default_rng(seed)
        self.device = device()
        self.weights = {
            name: self._initial(name, shape)
            for name, shape in shapes(train.n_items, params["dim"], params["blocks"]).items()
        }
        self.averaged = {name: value.detach().clone() for name, value in self.weights.items()}
        self.optimizer = adam_w(self.weights, rate=LEARNING_RATE, decay=params["decay"])
        self.steps = 0

    def _initial(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        import torch

        if name == "items":
            values = self.rng.normal(0, 0.5 * shape[1] ** -0.5, shape)
        else:
            values = blocks.initial(name, shape, self.rng)
        tensor = torch.tensor(values, dtype=torch.float32, device=self.device)
        return tensor.requires_grad_()

    def run(self, epochs: int, may_go_on: Callable[[], bool] = lambda: True) -> bool:
        """Train on; False when it was told to stop before the last step."""
        with all_threads():
            for _epoch in range(epochs):
                for batch in self._batches():
                    if not may_go_on():
                        return False
                    self._step(batch)
        return True

    def _batches(self) -> Iterator[Batch]:
        """All windows once, alike lengths together, batches in random order."""
        found = self.windows[self.rng.permutation(len(self.windows))]
        found = found[np.argsort(found[:, 1] - found[:, 0], kind="stable")]
        cuts = cut_into_steps(found[:, 1] - found[:, 0], self.step_rows)
        order = self._order()
        for number in self.rng.permutation(len(cuts)):
            yield self._batch(found[cuts[number]], order)

    def _order(self) -> np.ndarray:
        """int64 (n rows,): the rows as they stand, or anew in any order within their basket."""
        histories = self.train.histories
        if not self.params["shuffle"]:
            return np.arange(len(histories.item_idx))
        draws = self.rng.random(len(histories.item_idx))
        return np.lexsort((draws, -histories.baskets_ago, histories.row_user))

    def _batch(self, chosen: np.ndarray, order: np.ndarray) -> Batch:
        """Some windows, and for each of their rows one of the next `horizon` to learn."""
        histories = self.train.histories
        begins, ends, last = chosen.T[:, :, None]
        rows = ends - int((ends - begins).max()) + np.arange(int((ends - begins).max()))
        real = rows >= begins
        row = rows[real]
        ahead = np.broadcast_to(last, rows.shape)[real] - row - 1
        ahead = np.minimum(ahead, self.params["horizon"])
        target = order[row + 1 + (self.rng.random(len(row)) * ahead).astype(np.int64)]
        rows = order[np.maximum(rows, 0)]
        return Batch(
            histories.item_idx[rows].astype(np.int64),
            np.where(real, histories.baskets_ago[rows], 0).astype(np.int64),
            real,
            histories.item_idx[target].astype(np.int64),
            history_values(histories.weight[target], by_weight=False).astype(np.float32),
        )

    def _step(self, batch: Batch) -> None:
        import torch

        self.optimizer.zero_grad(set_to_none=True)
        states = self.forward(batch)[self._tensor(batch.real)]
        states.backward(self._output_gradients(states.detach(), batch))
        self.optimizer.step()
        self.steps += 1
        past = min(AVERAGED, self.steps / (self.steps + 10))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.averaged.values()), list(self.weights.values()), 1 - past
            )

    def _output_gradients(self, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The loss's gradient by the states; those by items and their biases are added up.

        By hand, because the (rows, items) matrix is the time of a step: autograd would pass over
        it three times as often.
        """
        import torch

        targets, weights = self._tensor(batch.targets), self._tensor(batch.weights)
        weights = weights / weights.sum()
        drawn, place = self._drawn(batch.targets)
        with torch.no_grad():
            items, bias = self.weights["items"], self.weights["item_bias"]
            others, theirs = items[drawn], items[targets]
            correction = float(np.log(max(1, (self.train.n_items - 1) / len(drawn))))
            powers = torch.addmm(bias[drawn] + correction, states, others.T)
            found = torch.nonzero(place >= 0)[:, 0]
            powers[found, place[found]] = float(LEFT_OUT)  # a target is no negative of itself
            own = (states * theirs).sum(1) + bias[targets]
            highest = torch.maximum(powers.amax(1), own)
            powers.sub_(highest[:, None]).exp_()
            own = (own - highest).exp_()
            total = powers.sum(1) + own
            powers.mul_((weights / total)[:, None])
            surprise = weights * (own / total - 1)
            items.grad = torch.zeros_like(items)
            items.grad.index_add_(0, drawn, powers.T @ states)
            items.grad.index_add_(0, targets, surprise[:, None] * states)
            bias.grad = torch.zeros_like(bias)
            bias.grad.index_add_(0, drawn, powers.sum(0)).index_add_(0, targets, surprise)
            return powers @ others + surprise[:, None] * theirs

    def _drawn(self, targets: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """The step's negatives, ascending, and where among them each target stands, or −1."""
        n_items = self.train.n_items
        drawn = np.arange(n_items)
        if n_items > NEGATIVES:
            drawn = np.sort(self.rng.choice(n_items, NEGATIVES, replace=False))
        place = np.minimum(np.searchsorted(drawn, targets), len(drawn) - 1)
        place = np.where(drawn[place] == targets, place, -1)
        return self._tensor(drawn), self._tensor(place)

    def forward(self, batch: Batch) -> torch.Tensor:
        """(n, L, dim): the state after every row; `attention.SelfAttention` does the same."""
        from torch.nn.functional import embedding

        w, real = self.weights, self._tensor(batch.real)
        x = self._dropped(embedding(self._tensor(batch.items), w["items"]) * self.scale)
        rows, baskets = (self._tensor(part) for part in distances(batch.ago, LENGTH, BASKETS))
        apart = {"row_bias": rows, "basket_bias": baskets}
        return blocks_torch.states(w, x, real, apart, self._dropped)

    @property
    def scale(self) -> float:
        return float(self.params["dim"] ** 0.5)

    def _dropped(self, x: torch.Tensor) -> torch.Tensor:
        return blocks_torch.dropped(x, self.params["dropout"], self.rng)

    def _tensor(self, values: np.ndarray) -> torch.Tensor:
        import torch

        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device)

    def source(self) -> SelfAttention:
        """The model as it stands, with averaged weights."""
        weights = {name: value.cpu().numpy().copy() for name, value in self.averaged.items()}
        known = self.train.item_users() > 0
        weights["items"][~known] = 0  # never trained: noise
        return SelfAttention(weights, known)


def fit_attention(train: Interactions, params: dict, seed: int) -> SelfAttention:
    """The self-attentive sequence model after `epochs` epochs; the rest as AttentionTrainer says."""
    trainer = AttentionTrainer(train, params, seed)
    trainer.run(params["epochs"])
    return trainer.source()


def shapes(n_items: int, dim: int, n_blocks: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight."""
    biases = {"row_bias": LENGTH, "basket_bias": BASKETS}
    found: dict[str, tuple[int, ...]] = {"items": (n_items, dim), "item_bias": (n_items,)}
    return found | blocks.shapes(dim, n_blocks, heads=HEADS, biases=biases)


@dataclass(frozen=True)
class Batch:
    """Windows of alike length, padded on the left: items, ago int64 and real bool are (n, L).

    targets int64 and weights float32: one per real row, in their order.
    """

    items: np.ndarray
    ago: np.ndarray
    real: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


def windows(indptr: np.ndarray) -> np.ndarray:
    """int64 (n, 3): first row, end, and the end of the user's rows; at most LENGTH rows each.

    A user's last row has nothing after it and is in no window.
    """
    begins, ends = indptr[:-1], indptr[1:]
    numbers = np.maximum(-(-(ends - begins - 1) // LENGTH), 0)
    user = np.repeat(np.arange(len(begins)), numbers)
    place = np.arange(len(user)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    end = ends[user] - 1 - place * LENGTH
    return np.stack([np.maximum(begins[user], end - LENGTH), end, ends[user]], axis=1)


def cut_into_steps(lengths: np.ndarray, step_rows: int) -> list[slice]:
    """Runs of ascending lengths such that padded to the longest each has about `step_rows` rows."""
    cuts, start = [], 0
    while start < len(lengths):
        end = min(len(lengths), start + max(1, step_rows // int(lengths[start])))
        end = min(end, start + max(1, step_rows // int(lengths[end - 1])))
        cuts.append(slice(start, end))
        start = end
    return cuts
