"""The same ALS on any torch device: exact solves, in batches of rows of about the same length.

For graphics processors. On a processor it is several times slower than the loops of `als`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from .als import AlsParams, Scale, extra_of, start_factors

GATHERED = 2**18  # rows of factors in one batch: 64 MB at 64 factors
BATCH = 4_096  # matrices of factors × factors in one batch: 64 MB at 64 factors


def fit_factors(
    confidence: sparse.csr_matrix, params: AlsParams, device: str = "cpu"
) -> tuple[np.ndarray, np.ndarray]:
    """float32 factors of the users and of the items, as `als.fit_factors`, solved by Cholesky."""
    import torch

    by_user, by_item = (_Side(part, params, device) for part in (confidence, confidence.T.tocsr()))
    start = start_factors(confidence.shape, params)
    users, items = (torch.from_numpy(values).to(device) for values in start)
    for _iteration in range(params.iterations):
        users = by_user.solve(items, params.regularization)
        items = by_item.solve(users, params.regularization)
    return users.cpu().numpy(), items.cpu().numpy()


def best_device() -> str:
    """The accelerator that torch finds, else "cpu"."""
    import torch

    found = torch.accelerator.current_accelerator(check_available=True)
    return found.type if found else "cpu"


class _Side:
    """One side's entries on the device, cut into batches of similar length."""

    def __init__(self, matrix: sparse.csr_matrix, params: AlsParams, device: str):
        import torch

        extra = extra_of(matrix.indptr, Scale.of(matrix, params), params.regularization)
        self.extra = torch.from_numpy(extra).to(device)

        lengths = np.diff(matrix.indptr)
        order = np.argsort(lengths, kind="stable")
        order = order[lengths[order] > 0]
        self.rows = matrix.shape[0]
        self.starts = torch.from_numpy(matrix.indptr.astype(np.int64)).to(device)
        self.indices = torch.from_numpy(matrix.indices.astype(np.int64)).to(device)
        self.confidence = torch.from_numpy(matrix.data.astype(np.float32)).to(device)
        parts = _batches(lengths[order])
        self.batches = [torch.from_numpy(order[part].astype(np.int64)).to(device) for part in parts]
        self.longest = [int(lengths[order[part]].max()) for part in parts]

    def solve(self, fixed: Any, regularization: float) -> Any:
        """(rows, factors): the best rows while the other side stands; zeros without entries."""
        import torch

        size = fixed.shape[1]
        gram = fixed.T @ fixed + regularization * torch.eye(size, device=fixed.device)
        solved = torch.zeros((self.rows, size), device=fixed.device)
        for rows, longest in zip(self.batches, self.longest, strict=True):
            solved[rows] = self._solve(rows, longest, fixed, gram)
        return solved

    def _solve(self, rows: Any, longest: int, fixed: Any, gram: Any) -> Any:
        import torch

        first, last = self.starts[rows][:, None], self.starts[rows + 1][:, None]
        places = first + torch.arange(longest, device=fixed.device)
        there = places < last
        places = torch.where(there, places, first)
        confidence = torch.where(there, self.confidence[places], 1.0)  # 1: adds nothing
        factors = fixed[self.indices[places]]
        matrix = gram + factors.transpose(1, 2) @ ((confidence - 1)[:, :, None] * factors)
        penalty = self.extra[rows][:, None, None]
        matrix = matrix + penalty * torch.eye(fixed.shape[1], device=fixed.device)
        right = (torch.where(there, confidence, 0.0)[:, None, :] @ factors).transpose(1, 2)
        return torch.cholesky_solve(right, torch.linalg.cholesky(matrix))[:, :, 0]


def _batches(lengths: np.ndarray) -> list[slice]:
    """Runs of ascending lengths whose padded size stays within the limits; at least a row each."""
    found, begin = [], 0
    while begin < len(lengths):
        end = min(begin + BATCH, len(lengths))
        while end > begin + 1 and (end - begin) * lengths[end - 1] > GATHERED:
            end = begin + max((end - begin) // 2, 1)
        found.append(slice(begin, end))
        begin = end
    return found
