"""A crowd that buys: Zipf popularity, a few busy people, clusters of taste; no shop's data."""

from __future__ import annotations

import numpy as np
import polars as pl
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


def made_sequences(users: int = 22_363, items: int = 12_101, seed: int = 0) -> pl.DataFrame:
    """Short histories in which order says something: customer_id, product_id, timestamp.

    A customer has three of 400 clusters; the next item follows the last one in its cluster's chain, or
    is drawn from the cluster by popularity, or, one time in four, from the whole shop. Four
    customers in ten bought several things at one time.
    """
    rng = np.random.default_rng(seed)
    popularity = rng.permutation((1 + np.arange(items)) ** -0.7)
    cluster = rng.integers(0, 400, items)
    members = [np.flatnonzero(cluster == number) for number in range(400)]
    shares = [np.cumsum(popularity[own]) / popularity[own].sum() for own in members]
    rows: list[tuple[int, int, float]] = []
    for user in range(users):
        wanted = 5 + min(int(rng.pareto(1.6) * 2.2), 60)
        taken = _sequence(rng, wanted, members, shares, cluster)
        at = rng.uniform(0, 1e8) + np.arange(len(taken)) * 86_400 * rng.integers(1, 30)
        if rng.random() < 0.4:
            at = np.floor(at / 3e6) * 3e6
        rows += zip([user] * len(taken), taken, at.tolist(), strict=True)
    return pl.DataFrame(rows, ["customer_id", "product_id", "timestamp"], orient="row")


def _sequence(
    rng: np.random.Generator,
    wanted: int,
    members: list[np.ndarray],
    shares: list[np.ndarray],
    cluster: np.ndarray,
) -> list[int]:
    own = rng.integers(0, len(members), 3)
    now, taken = own[0], {}  # a dict keeps its order
    for _draw in range(3 * wanted):
        if len(taken) == wanted:
            break
        now = own[rng.integers(3)] if rng.random() < 0.25 else now
        inside = members[now]
        last = next(reversed(taken), None)
        if rng.random() < 0.25:
            item = rng.integers(len(cluster))
        elif last is not None and cluster[last] == now and rng.random() < 0.4:
            place = np.searchsorted(inside, last) + 1 + int(rng.exponential(1.5))
            item = inside[place % len(inside)]
        else:
            item = inside[np.searchsorted(shares[now], rng.random())]
        taken[int(item)] = True
    return list(taken)
