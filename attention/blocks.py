"""Blocks of causal self-attention as they serve: plain arrays and numpy, no torch.

Shared by the recommender (what comes next) and by marketing (what a customer is about to do).
`blocks_torch` does the same for training; a test holds both to the same states.
Source: Kang & McAuley, ICDM 2018 (SASRec); Raffel et al., JMLR 21, 2020, 2.1 (relative bias).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

EPSILON = 1e-6
LEFT_OUT = np.float32(-1e30)


def last_states(
    weights: Mapping[str, np.ndarray],
    x: np.ndarray,
    real: np.ndarray,
    distances: Mapping[str, np.ndarray],
) -> np.ndarray:
    """float32 (n, dim): the state after the newest row.

    weights: by the names of `shapes`; x: (n, L, dim) embedded rows, padded on the left, newest
    last; real: bool (n, L), no padding; distances: per bias the class of every pair of rows,
    (L, L) or (n, L, L), query first.
    """
    w = weights
    blocks = sum(name.endswith(".qkv") for name in w)
    heads = next(w[f"0.{name}"].shape[0] for name in distances)
    masked = ~(real[:, None, :] & np.tri(x.shape[1], dtype=bool))
    for block in range(blocks):
        # Of the last block only the newest row's state is wanted.
        since = x.shape[1] - 1 if block == blocks - 1 else 0
        name = f"{block}."
        normed = normalised(x, w[name + "norm_in"])
        q, k, v = _heads(normed @ w[name + "qkv"], heads)
        logits = q[:, :, since:] @ k.swapaxes(2, 3) * np.float32(q.shape[3] ** -0.5)
        for bias, classes in distances.items():
            values = w[name + bias]
            if classes.ndim == 2:
                logits += values[:, classes[since:]]
            else:
                logits += values[:, classes[:, since:]].swapaxes(0, 1)
        logits = np.where(masked[:, None, since:], LEFT_OUT, logits)
        mixed = softmax(logits) @ v
        mixed = mixed.swapaxes(1, 2).reshape(len(x), -1, x.shape[2])
        x = x[:, since:] + mixed @ w[name + "out"]
        hidden = normalised(x, w[name + "norm_mid"]) @ w[name + "up"] + w[name + "up_bias"]
        x = x + np.maximum(hidden, 0) @ w[name + "down"]
    return normalised(x[:, -1], w["norm"])


def shapes(
    dim: int, blocks: int, *, heads: int, biases: Mapping[str, int]
) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight. biases: name → how many classes of distance it tells apart."""
    found: dict[str, tuple[int, ...]] = {}
    for block in range(blocks):
        found |= {f"{block}.norm_in": (dim,), f"{block}.qkv": (dim, 3 * dim)}
        found |= {f"{block}.{name}": (heads, classes) for name, classes in biases.items()}
        found |= {
            f"{block}.out": (dim, dim),
            f"{block}.norm_mid": (dim,),
            f"{block}.up": (dim, 2 * dim),
            f"{block}.up_bias": (2 * dim,),
            f"{block}.down": (2 * dim, dim),
        }
    return found | {"norm": (dim,)}


def initial(name: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Gains 1, biases 0, matrices normal; what is added to a state begins small, so that at first
    the newest row speaks."""
    kind = name.split(".")[-1]
    if kind.startswith("norm"):
        return np.ones(shape)
    if kind.endswith("bias"):
        return np.zeros(shape)
    small = 0.3 if kind in ("out", "down") else 1.0
    return random.normal(0, small * shape[0] ** -0.5, shape)


def normalised(x: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Each vector over its root mean square. Source: Zhang & Sennrich, NeurIPS 2019."""
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(EPSILON)) * gain


def softmax(logits: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _heads(qkv: np.ndarray, heads: int) -> np.ndarray:
    """(3, n, heads, L, dim / heads) from (n, L, 3 · dim)."""
    n, length, wide = qkv.shape
    parts = qkv.reshape(n, length, 3, heads, wide // 3 // heads)
    return parts.transpose(2, 0, 3, 1, 4)
