"""Rows of item-item matrices: the strongest entries of each, without the diagonal."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def without_diagonal(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """The same matrix as float32 with neither diagonal nor stored zeros."""
    entries = matrix.tocoo()
    off = (entries.row != entries.col) & (entries.data != 0)
    return sparse.csr_matrix(
        (entries.data[off].astype(np.float32), (entries.row[off], entries.col[off])), matrix.shape
    )


def strongest(dense: np.ndarray, keep: int) -> sparse.csr_matrix:
    """Per row the `keep` entries of largest absolute value, as CSR; zeros are dropped."""
    if dense.shape[1] <= keep:
        return sparse.csr_matrix(dense)
    rows = []
    for start in range(0, len(dense), 1024):
        block = dense[start : start + 1024]
        columns = np.argpartition(-np.abs(block), keep, axis=1)[:, :keep]
        columns.sort(axis=1)
        values = np.take_along_axis(block, columns, axis=1)
        indptr = np.arange(0, columns.size + 1, keep)
        rows.append(
            sparse.csr_matrix(
                (values.ravel(), columns.ravel(), indptr), (len(block), dense.shape[1])
            )
        )
    kept = sparse.vstack(rows, format="csr")
    kept.eliminate_zeros()
    return kept


def strongest_sparse(matrix: sparse.csr_matrix, keep: int) -> sparse.csr_matrix:
    """The same for a sparse matrix of positive entries."""
    row = row_of(matrix)
    rank_order = np.lexsort((matrix.indices, -matrix.data, row))
    kept = rank_order[np.arange(matrix.nnz) - matrix.indptr[row] < keep]
    return sparse.csr_matrix((matrix.data[kept], (row[kept], matrix.indices[kept])), matrix.shape)


def row_of(matrix: sparse.csr_matrix) -> np.ndarray:
    """int64 (nnz,): the row of each stored entry."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def spread_out(matrix: sparse.csr_matrix, places: np.ndarray, size: int) -> sparse.csr_matrix:
    """CSR (size, size): row and column i of the matrix at places[i], empty elsewhere.

    places: int64, ascending.
    """
    if matrix.shape[0] == size:
        return matrix
    lengths = np.zeros(size, dtype=np.int64)
    lengths[places] = np.diff(matrix.indptr)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return sparse.csr_matrix((matrix.data, places[matrix.indices], indptr), (size, size))
