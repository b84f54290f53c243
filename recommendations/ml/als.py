"""Implicit ALS: factors of users and items from confidences, and the fold-in of one side.

min Σ_ui c_ui (p_ui − x_u·y_i)² + λ (Σ‖x_u‖² + Σ‖y_i‖²), p = 1 where there is an entry, else p = 0
and c = 1. Source: Hu, Koren & Volinsky, ICDM 2008. The start and the sweeps are those of `implicit`,
so that the same seed leads to the same factors up to rounding.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import sparse

CG_STEPS = 3  # of a training sweep, as in `implicit`; the next sweep goes on from there
FOLD_IN_STEPS = 60
FOLD_IN_TOLERANCE = 1e-12  # of the squared residual: a millionth of its length
PARTS_A_THREAD = 16


@dataclass(frozen=True)
class AlsParams:
    """regularization: λ. The seed alone decides the start, the number of threads nothing.

    by_frequency: λ grows with how much stands behind a row (`Scale`), its mean stays; unobserved: what
    a pair without an entry weighs there beside one with.
    """

    factors: int = 64
    regularization: float = 10.0
    iterations: int = 15
    seed: int = 0
    by_frequency: bool = False
    unobserved: float = 1.0


@dataclass(frozen=True)
class Scale:
    """How λ grows with a row's entries n: (n + offset) / mean; 1 throughout at the mean.

    Source: Rendle, Krichene, Zhang & Koren, Revisiting the performance of iALS on item
    recommendation benchmarks, RecSys 2022, equation 4 with ν = 1.
    """

    offset: float
    mean: float

    @staticmethod
    def of(matrix: sparse.csr_matrix, params: AlsParams) -> Scale | None:
        """Of the matrix's rows; None where λ is the same for all."""
        if not params.by_frequency:
            return None
        offset = params.unobserved * matrix.shape[1]
        return Scale(offset, float(np.diff(matrix.indptr).mean() + offset))

    def extra(self, entries: np.ndarray, regularization: float) -> np.ndarray:
        """float32 per row: its λ less the mean one. entries: how many each row has."""
        scale = (np.asarray(entries) + self.offset) / self.mean
        return (regularization * (scale - 1)).astype(np.float32)


def extra_of(indptr: np.ndarray, scale: Scale | None, regularization: float) -> np.ndarray:
    """float32 per row, 0 without a scale."""
    if scale is None:
        return np.zeros(len(indptr) - 1, dtype=np.float32)
    return scale.extra(np.diff(indptr), regularization)


def compiled_here() -> bool:
    """Whether numba is installed: not on macOS with Intel, for which it is no longer built."""
    return importlib.util.find_spec("numba") is not None


def threads_here() -> int:
    return os.cpu_count() or 1


def start_factors(shape: tuple[int, int], params: AlsParams) -> tuple[np.ndarray, np.ndarray]:
    """float32 (n_users, factors) and (n_items, factors), small, positive, drawn in this order.

    shape: (n_users, n_items).
    """
    random = np.random.default_rng(params.seed)
    users = random.random((shape[0], params.factors), dtype=np.float32)
    items = random.random((shape[1], params.factors), dtype=np.float32)
    return users * np.float32(0.01), items * np.float32(0.01)


def fit_factors(
    confidence: sparse.csr_matrix, params: AlsParams, threads: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """float32 factors of the users and of the items, the same whatever the number of threads.

    confidence: CSR (n_users, n_items), every entry at least 1. Needs numba.
    """
    from threadpoolctl import threadpool_limits

    turned = confidence.T.tocsr()
    by_user, by_item = _csr(confidence), _csr(turned)
    of_user, of_item = (
        extra_of(part.indptr, Scale.of(part, params), params.regularization)
        for part in (confidence, turned)
    )
    users, items = start_factors(confidence.shape, params)
    limits = (CG_STEPS, np.float32(0))
    with threadpool_limits(1, "blas"):  # of several threads, each would add in another order
        for _iteration in range(params.iterations):
            sweep((by_user, of_user), users, items, params.regularization, limits, threads)
            sweep((by_item, of_item), items, users, params.regularization, limits, threads)
    return users, items


Csr = tuple[np.ndarray, np.ndarray, np.ndarray]


def _csr(matrix: sparse.csr_matrix) -> Csr:
    """The three arrays in the one set of types that the loops are compiled for."""
    return (
        matrix.indptr.astype(np.int64),
        np.ascontiguousarray(matrix.indices, dtype=np.int32),
        np.ascontiguousarray(matrix.data, dtype=np.float32),
    )


def sweep(
    side: tuple[Csr, np.ndarray],
    solved: np.ndarray,
    fixed: np.ndarray,
    regularization: float,
    limits: tuple[int, np.float32],
    threads: int | None = None,
) -> None:
    """Improve every row of `solved` in place while `fixed` stands.

    side: its entries, and float32 per row what its penalty is above `regularization`.
    """
    from .kernels import solve_rows

    gram = fixed.T @ fixed + np.float32(regularization) * np.eye(fixed.shape[1], dtype=np.float32)
    threads = threads or threads_here()
    matrix, extra = side
    spans = equal_work(matrix[0], fixed.shape[1], PARTS_A_THREAD * threads)

    def solve(span: tuple[int, int]) -> None:
        solve_rows(span, (*matrix, extra), fixed, gram, solved, limits)

    in_threads(solve, spans, threads)


def equal_work(indptr: np.ndarray, factors: int, parts: int) -> list[tuple[int, int]]:
    """Cut the rows into at most `parts` runs that cost about the same."""
    rows = len(indptr) - 1
    # A row costs its entries, and the Gram matrix about as much as factors / 2 entries.
    cost = indptr.astype(np.float64) + np.arange(rows + 1) * (factors / 2)
    edges = np.searchsorted(cost, np.linspace(0, cost[-1], min(parts, max(rows, 1)) + 1))
    edges[0], edges[-1] = 0, rows
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return [(begin, end) for begin, end in pairs if end > begin]


def in_threads(work: Callable, spans: list[tuple[int, int]], threads: int) -> None:
    """Call `work` for every span. The threads end here, so that a later fork inherits none."""
    if threads == 1 or len(spans) < 2:
        for span in spans:
            work(span)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, spans))


def fold_in(
    confidence: sparse.csr_matrix,
    item_factors: np.ndarray,
    regularization: float,
    threads: int | None = None,
    scale: Scale | None = None,
) -> np.ndarray:
    """float32 (n, factors): what a training would give these users while the items stand.

    confidence: CSR (n, n_items). scale: of the training's users. Solved to a relative residual of 1e−6; zeros for an empty row.
    Needs numba.
    """
    users = np.zeros((confidence.shape[0], item_factors.shape[1]), dtype=np.float32)
    fixed = np.ascontiguousarray(item_factors, dtype=np.float32)
    limits = (FOLD_IN_STEPS, np.float32(FOLD_IN_TOLERANCE))
    side = _csr(confidence), extra_of(confidence.indptr, scale, regularization)
    sweep(side, users, fixed, regularization, limits, threads)
    return users


def objective(
    confidence: sparse.csr_matrix, users: np.ndarray, items: np.ndarray, regularization: float
) -> float:
    """The function that ALS lowers, in float64, over all user-item pairs."""
    users, items = users.astype(np.float64), items.astype(np.float64)
    total = float(np.sum((users.T @ users) * (items.T @ items)))  # every pair as if p = 0, c = 1
    for begin in range(0, confidence.shape[0], 4_096):
        part = confidence[begin : begin + 4_096].tocoo()
        scores = np.einsum("ij,ij->i", users[begin + part.row], items[part.col])
        total += float(np.sum(part.data * (1 - scores) ** 2 - scores**2))
    return total + regularization * float(np.sum(users**2) + np.sum(items**2))
