"""Train the sentence encoder on (tuned_encoder.py), in torch: some minutes of one core per epoch.

Read at learning time alone; what is learned is read in numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .tuned_encoder import VECTOR_SCALE, TunedEncoder, weights_of

WIDTHS = ((2, 0), (3, 1), (5, 2))  # of the encoder's convolutions: words, and how many to the left
MOST_TOKENS = 160
N_CHUNKS = 17  # of the encoder's table of words, each with a scale of its own


@dataclass(frozen=True)
class Course:
    """epochs over all texts; a rate that rises over the first share of steps and falls to zero."""

    epochs: int = 3
    rate: float = 7e-4
    head_rate_factor: float = 5.0
    batch: int = 64
    dropout: float = 0.1
    decay: float = 0.01
    warm_share: float = 0.06
    seed: int = 0


class TunableEncoder(nn.Module):
    """The encoder as torch sees it, with one weight per dimension of its vector on top."""

    def __init__(self, backend: Any, dropout: float) -> None:
        super().__init__()
        self.backend, self.eps = backend, backend.eps
        own = weights_of(backend)
        self.names = tuple(own)
        # torch allows no point in a name.
        self.layers = nn.ParameterDict({
            _key(name): nn.Parameter(torch.from_numpy(np.ascontiguousarray(array)).clone())
            for name, array in own.items()
        })  # fmt: skip
        self.head = nn.Linear(own["p3"].shape[1], 1)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)
        self.drop = nn.Dropout(dropout)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """ids, mask: (n_texts, n_tokens), of int64 and bool. Returns log-odds, (n_texts,)."""
        vector = self._vectors(self._features(ids, mask), mask)
        return self.head(self.drop(vector * VECTOR_SCALE)).squeeze(1)

    def _layer(self, name: str) -> Tensor:
        return self.layers[_key(name)]

    def _words(self, ids: Tensor) -> Tensor:
        chunk = (ids % N_CHUNKS).numpy()
        words = self.backend.table[ids.numpy()] * self.backend.scale[chunk][..., None]
        return torch.from_numpy((words + self.backend.lo[chunk][..., None]).astype(np.float32))

    def _features(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Shape (n_texts, n_tokens, d): words beside what the convolutions of each width see."""
        here = mask[..., None].float()
        words = self._words(ids) * here
        projected = words @ self._layer("proj_W") + self._layer("proj_b")
        projected = self._normed(projected, "ln_g_all", "ln_b_all") * here
        parts = self.drop(projected).split(projected.shape[-1] // len(WIDTHS), dim=-1)
        seen = [words]
        for place, ((width, left), x) in enumerate(zip(WIDTHS, parts, strict=True)):
            h = self.drop((self._convolved(x, f"1.{place}", width, left) + x) * here)
            seen.append((self._convolved(h, f"2.{place}", width, left) + h) * here)
        return self._normed(torch.cat(seen, -1), "ln_g", "ln_b") * here

    def _normed(self, x: Tensor, scale: str, shift: str) -> Tensor:
        own = self._layer(scale), self._layer(shift)
        return functional.layer_norm(x, x.shape[-1:], *own, self.eps)

    def _convolved(self, x: Tensor, which: str, width: int, left: int) -> Tensor:
        size = x.shape[-1]
        padded = functional.pad(x.transpose(1, 2), (left, width - 1 - left))
        kernel = self._layer(f"w{which}").view(width, size, size).permute(2, 1, 0)
        return functional.relu(
            functional.conv1d(padded, kernel, self._layer(f"b{which}")).transpose(1, 2)
        )

    def _vectors(self, features: Tensor, mask: Tensor) -> Tensor:
        n_tokens = mask.sum(1, keepdim=True).float()
        total = features.sum(1) @ self._layer("cnn_W") + n_tokens * self._layer("cnn_b")
        mean = self.drop(total / n_tokens.sqrt())
        y0 = functional.relu(mean @ self._layer("d0"))
        y1 = functional.relu(mean @ self._layer("p1") + y0 @ self._layer("d1"))
        y2 = functional.relu(y1 @ self._layer("d2"))
        out = torch.tanh(y1 @ self._layer("p3") + y2 @ self._layer("d3"))
        return functional.normalize(out, dim=1)

    def tuned(self) -> TunedEncoder:
        """What was learned so far, in numpy."""
        weights = {name: self._layer(name).detach().numpy().copy() for name in self.names}
        head = self.head.weight.detach().numpy()[0].copy()
        return TunedEncoder(weights, head, float(self.head.bias.detach()[0]))


def tune(
    backend: Any,
    texts: Sequence[str],
    stated: Sequence[bool],
    weights: Sequence[float],
    course: Course | None = None,
    *,
    tell: Callable[[str], object] = lambda line: None,
) -> TunedEncoder:
    """Train on from `backend`. texts: as the encoder reads them; weights: of each in the loss.

    The same course and machine give the same weights. Raises ValueError unless both answers occur.
    """
    course = course or Course()
    if all(stated) or not any(stated):
        raise ValueError("needs texts that state something and texts that state nothing")
    torch.set_num_threads(1)  # two wait for each other, and add up in another order
    torch.manual_seed(course.seed)
    dice = np.random.default_rng(course.seed)
    model = TunableEncoder(backend, course.dropout)
    tokens = tokens_of(backend, texts)
    truth = torch.tensor(np.array(stated), dtype=torch.float32)
    weight = torch.tensor(np.array(weights), dtype=torch.float32)
    optimiser, pace = _optimiser(model, course, len(tokens))
    model.train()
    for epoch in range(course.epochs):
        losses = []
        for rows in _batches([len(one) for one in tokens], course.batch, dice):
            said = model(*padded([tokens[row] for row in rows]))
            loss = functional.binary_cross_entropy_with_logits(said, truth[rows], weight[rows])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            pace.step()
            losses.append(loss.item())
        tell(f"epoch {epoch + 1} of {course.epochs}: loss {np.mean(losses):.4f}")
    return model.tuned()


def tokens_of(backend: Any, texts: Sequence[str]) -> list[list[int]]:
    """As the encoder cuts them, with the marks of beginning and end."""
    return [
        backend.sp.encode(text, out_type=int, add_bos=True, add_eos=True)[:MOST_TOKENS]
        for text in texts
    ]


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """ids and mask, each (n_rows, the longest)."""
    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = True
    return ids, mask


def _optimiser(model: TunableEncoder, course: Course, n_texts: int) -> tuple[Any, Any]:
    groups = [
        {"params": list(model.layers.parameters()), "lr": course.rate},
        {"params": list(model.head.parameters()), "lr": course.rate * course.head_rate_factor},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=course.decay)
    steps = course.epochs * (n_texts // course.batch + 1)

    def share(step: int) -> float:
        warm = min(1.0, (step + 1) / (course.warm_share * steps))
        return warm * max(0.0, 1.0 - step / steps)

    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, share)


def _batches(lengths: Sequence[int], size: int, dice: np.random.Generator) -> Iterator[np.ndarray]:
    """Texts of like length together, in an order of its own each time."""
    order = np.argsort(np.array(lengths) + dice.normal(0.0, 3.0, len(lengths)))
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    for place in dice.permutation(len(batches)):
        yield batches[place]


def _key(name: str) -> str:
    return name.replace(".", "_")
