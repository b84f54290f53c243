"""The same blocks for training, in torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from .blocks import EPSILON, LEFT_OUT

if TYPE_CHECKING:  # torch costs seconds and 200 MB: it comes with the first training
    import torch


def states(
    weights: Mapping[str, torch.Tensor],
    x: torch.Tensor,
    real: torch.Tensor,
    distances: Mapping[str, torch.Tensor],
    dropped: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """(n, L, dim): the state after every row; arguments as `blocks.last_states` has them.

    dropped: leaves out entries of what is added to a state.
    """
    import torch

    w = weights
    blocks = sum(name.endswith(".qkv") for name in w)
    heads = next(w[f"0.{name}"].shape[0] for name in distances)
    earlier = torch.tril(torch.ones((x.shape[1],) * 2, dtype=torch.bool, device=x.device))
    masked = ~(real[:, None, None, :] & earlier)
    for block in range(blocks):
        name = f"{block}."
        q, k, v = _heads(normalised(x, w[name + "norm_in"]) @ w[name + "qkv"], heads)
        logits = q @ k.transpose(2, 3) * q.shape[3] ** -0.5
        for bias, classes in distances.items():
            values = w[name + bias][:, classes]
            logits = logits + (values if classes.ndim == 2 else values.transpose(0, 1))
        mixed = logits.masked_fill(masked, float(LEFT_OUT)).softmax(3) @ v
        mixed = mixed.transpose(1, 2).reshape(x.shape)
        x = x + dropped(mixed @ w[name + "out"])
        hidden = normalised(x, w[name + "norm_mid"]) @ w[name + "up"] + w[name + "up_bias"]
        x = x + dropped(hidden.relu() @ w[name + "down"])
    return normalised(x, w["norm"])


def normalised(x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    return x * (x.square().mean(-1, keepdim=True) + EPSILON).rsqrt() * gain


def dropped(x: torch.Tensor, share: float, random: np.random.Generator) -> torch.Tensor:
    """A byte per entry: a tenth of the time of torch's own dropout on a processor."""
    import torch

    if not share or not torch.is_grad_enabled():
        return x
    draws = np.frombuffer(random.bytes(x.numel()), dtype=np.uint8)
    limit = round(256 * share)
    kept = (draws >= limit).reshape(x.shape) * np.float32(256 / (256 - limit))
    return x * torch.from_numpy(np.ascontiguousarray(kept)).to(x.device)


def adam_w(weights: Mapping[str, torch.Tensor], *, rate: float, decay: float) -> torch.optim.AdamW:
    """Matrices decay, vectors do not."""
    import torch

    matrices = [value for value in weights.values() if value.ndim > 1]
    vectors = [value for value in weights.values() if value.ndim == 1]
    kind = next(iter(weights.values())).device.type
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": decay},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=rate,
        betas=(0.9, 0.98),
        fused=kind in ("cpu", "cuda"),
    )


def torch_here() -> bool:
    """Whether torch is installed: not on macOS with Intel, for which it is no longer built."""
    return find_spec("torch") is not None


def device() -> torch.device:
    """The accelerator that torch finds, else the processor."""
    import torch

    found = torch.accelerator.current_accelerator(check_available=True)
    return found if found is not None else torch.device("cpu")


@contextmanager
def all_threads() -> Iterator[None]:
    """Every processor for the time of a training, whatever the process is pinned to otherwise."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _heads(qkv: torch.Tensor, heads: int) -> torch.Tensor:
    n, length, wide = qkv.shape
    return qkv.reshape(n, length, 3, heads, wide // 3 // heads).permute(2, 0, 3, 1, 4)
