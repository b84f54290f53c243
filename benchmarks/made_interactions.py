"""A crowd that buys: Zipf popularity, a few busy people, clusters of taste; no shop's data."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def make_counts(
    n_users: int, n_items: int, entries: int, *, clusters: int = 50, seed: int = 0
) -> sparse.csr_matrix:
    """How often each user took each item: CSR float32 with about `entries` distinct pairs.

    Two draws in three come from the items of the user's own cluster. Popularity falls with rank to
    the power of 0.8; activity is log-normal.
    """
    rng = np.random.default_rng(seed)
    activity = rng.lognormal(0, 1, n_users)
    popularity = rng.permutation((1 + np.arange(n_items)) ** -0.8)
    own = rng.integers(0, clusters, n_users)
    counts = sparse.csr_matrix((n_users, n_items), dtype=np.float32)
    while counts.nnz < 0.995 * entries:  # a pair drawn twice is one entry
        missing = int(1.2 * (entries - counts.nnz)) + 1
        user = rng.choice(n_users, missing, p=activity / activity.sum())
        item = _items(rng, own[user], popularity, clusters)
        more = sparse.csr_matrix((np.ones(missing, np.float32), (user, item)), counts.shape)
        counts = counts + more
    counts.sort_indices()
    return counts


def _items(
    rng: np.random.Generator, cluster: np.ndarray, popularity: np.ndarray, clusters: int
) -> np.ndarray:
    """Item i is of cluster i mod `clusters`."""
    item = rng.choice(len(popularity), len(cluster), p=popularity / popularity.sum())
    at_home = rng.random(len(cluster)) < 2 / 3
    for number in range(clusters):
        mine = np.flatnonzero(at_home & (cluster == number))
        some = popularity[number::clusters]
        item[mine] = number + clusters * rng.choice(len(some), len(mine), p=some / some.sum())
    return item
