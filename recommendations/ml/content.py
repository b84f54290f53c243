"""Neighbours by what products are said to be: the way to items that nobody has bought yet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from .interactions import Interactions
from .sources import HistoryRule, Neighbours
from .sparse_rows import strongest

MANY = 20_000  # items up to which every pair is compared, by full vectors
DIRECTIONS = 128  # kept of the vectors past MANY
PROBED = 16  # cells that an item's neighbours are looked for in, of about 2·√n
ROUNDS = 4  # of moving the cells' centres
COSINES_AT_ONCE = 4_000_000  # 16 MB, and some copies of it


def fit_content(train: Interactions, params: dict, seed: int) -> Neighbours:
    """Items whose descriptions lie closest, bought or not.

    weight(i → j) = max(0, cos(i, j))^sharpness of the vectors less their mean, which is what all
    descriptions of a shop have in common; the k largest per item. Items without a description
    (a zero vector) have no neighbours and are nobody's. params: k, sharpness, recency_baskets.
    Raises ValueError for a training part without vectors.
    """
    if train.content is None:
        raise ValueError("the items have no descriptions to compare")
    weights = content_neighbours(train.content, params["k"], seed)
    weights.data **= np.float32(params["sharpness"])
    return Neighbours(weights, HistoryRule.of(params))


def content_neighbours(vectors: np.ndarray, k: int, seed: int) -> sparse.csr_matrix:
    """CSR float32 (n, n): the k largest positive cosines of each row, without the diagonal.

    Past MANY rows they are looked for in the PROBED cells nearest to the row's own, which finds nine
    of ten and takes n·√n instead of n² (Jégou et al., IEEE PAMI 33, 2011: inverted file).
    """
    described = np.abs(vectors).max(axis=1) > 0
    vectors = projected(vectors, seed) if len(vectors) > MANY else vectors
    centred = np.where(described[:, None], vectors - vectors[described].mean(axis=0), 0)
    lengths = np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    unit = (centred / np.maximum(lengths, 1e-12)).astype(np.float32)
    n = len(unit)
    everything = np.arange(n)
    groups = _in_cells(unit, seed) if n > MANY else [(everything, everything)]
    parts = [part for rows, among in groups for part in _blocks(unit, rows, among, k)]
    row, column, value = (np.concatenate(some) for some in zip(*parts, strict=True))
    return sparse.csr_matrix((value, (row, column)), shape=(n, n))


def projected(vectors: np.ndarray, seed: int = 0) -> np.ndarray:
    """float32 (n, DIRECTIONS) by a random projection, which keeps cosines to about 1 / √DIRECTIONS.

    Vectors that are no longer stay as they are.
    Source: Johnson & Lindenstrauss, Contemporary Mathematics 26, 1984.
    """
    if vectors.shape[1] <= DIRECTIONS:
        return vectors
    draws = np.random.default_rng(seed).normal(size=(vectors.shape[1], DIRECTIONS))
    return vectors @ (draws / np.sqrt(DIRECTIONS)).astype(np.float32)


def _blocks(unit: np.ndarray, rows: np.ndarray, among: np.ndarray, k: int) -> Iterator[tuple]:
    """(row, column, cosine) of the k largest positive ones of each row, a bounded block at a time."""
    step = max(1, COSINES_AT_ONCE // len(among))
    for start in range(0, len(rows), step):
        own = rows[start : start + step]
        cosines = np.maximum(unit[own] @ unit[among].T, 0)
        cosines[own[:, None] == among[None, :]] = 0
        found = strongest(cosines, k).tocoo()
        yield own[found.row], among[found.col], found.data


def _in_cells(unit: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The rows of each cell, and those of the cells nearest to it, its own among them."""
    rng = np.random.default_rng(seed)
    count = 2 * int(len(unit) ** 0.5)
    centres = unit[rng.choice(len(unit), count, replace=False)]
    for _round in range(ROUNDS):
        cell = _nearest(unit, centres)
        sums = sparse.csr_matrix((np.ones(len(unit), np.float32), (cell, np.arange(len(unit)))))
        moved = np.zeros_like(centres)
        moved[: sums.shape[0]] = sums @ unit
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        centres = np.where(lengths > 0, moved / np.maximum(lengths, 1e-12), centres)
    cell = _nearest(unit, centres)
    order = np.argsort(cell, kind="stable")
    members = np.split(order, np.searchsorted(cell[order], np.arange(1, count)))
    near = np.argsort(-(centres @ centres.T), axis=1, kind="stable")[:, :PROBED]
    for own, others in zip(members, near, strict=True):
        if len(own):
            yield own, np.concatenate([members[other] for other in others])


def _nearest(unit: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """int64 (n,): the centre with the largest cosine."""
    step = max(1, COSINES_AT_ONCE // len(centres))
    starts = range(0, len(unit), step)
    return np.concatenate([(unit[s : s + step] @ centres.T).argmax(axis=1) for s in starts])


def with_unsold(
    similar: Neighbours, content: Neighbours, item_users: np.ndarray, share: float = 0.5
) -> Neighbours:
    """`similar` with, for items that nobody has bought, what their descriptions say.

    Rows are brought to a largest weight of 1; links to and from unsold items count `share` of the
    content's weight, so that a new item stands beside what it is like, below what is proven.
    item_users: (n_items,), how many users touched each item.
    """
    matrix = similar.weights
    highest = np.maximum(matrix.max(axis=1).toarray().ravel(), 1e-12)
    proven = sparse.diags((1 / highest).astype(np.float32)) @ matrix
    unsold = sparse.diags((item_users == 0).astype(np.float32))
    links = content.weights
    new = unsold @ links + links @ unsold - unsold @ links @ unsold
    total = (proven + share * new).tocsr().astype(np.float32)
    total.eliminate_zeros()
    return Neighbours(total, similar.rule)
