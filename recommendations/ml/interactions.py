"""Who touched what, how strongly and when: rows, pairs and histories as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class Rows:
    """Interactions as they were recorded, one array element per row, in file order.

    user, item: int64 codes in 0 … n_users − 1 and 0 … n_items − 1.
    weight:     float32, positive, no NaN.
    at:         float64, seconds since 1970 UTC, no NaN; None when no time is known, and then
                the order of the rows stands for the order of events.
    bought:     bool, whether the row is what a recommendation is for (a purchase) or only tells
                of interest (a view, a cart); None: all are. Only bought items are held out, and
                only bought items are never offered again.
    content:    float32 (n_items, d), what each item is said to be, rows of length 1, 0 where
                nothing is; None: nothing is known of any. With it a training part holds all
                items, also those that nobody has touched yet.
    """

    user: np.ndarray
    item: np.ndarray
    weight: np.ndarray
    at: np.ndarray | None
    n_users: int
    n_items: int
    bought: np.ndarray | None = None
    content: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.user)

    def take(self, chosen: np.ndarray) -> Rows:
        """The rows of a mask or an index array, in their order; codes stay what they are."""
        at = None if self.at is None else self.at[chosen]
        return Rows(
            self.user[chosen],
            self.item[chosen],
            self.weight[chosen],
            at,
            self.n_users,
            self.n_items,
            None if self.bought is None else self.bought[chosen],
            self.content,
        )


@dataclass(frozen=True)
class Histories:
    """What each of n users did, one row per (user, item), oldest first within a user.

    indptr:   int64 (n + 1,), rows of user u are indptr[u] … indptr[u + 1] − 1.
    item_idx: int32, weight: float32 (summed over the pair's rows).
    baskets_ago: int32, 0 for the user's newest basket; a basket is all that shares one time.
    bought: bool, whether the item was bought at least once.
    at: float64, the pair's latest time in seconds since 1970 UTC; None when no time is known.
    """

    indptr: np.ndarray
    item_idx: np.ndarray
    weight: np.ndarray
    baskets_ago: np.ndarray
    bought: np.ndarray
    at: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def row_user(self) -> np.ndarray:
        """int64 (n rows,): which of the n users each row belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.indptr))

    @property
    def rows_ago(self) -> np.ndarray:
        """int64 (n rows,): how many rows of the same user come later."""
        sizes = np.diff(self.indptr)
        return np.repeat(self.indptr[1:] - 1, sizes) - np.arange(self.indptr[-1])

    def take(self, users: np.ndarray) -> Histories:
        """The histories of some users, in the order asked for; −1 gives an empty history."""
        known = users >= 0
        safe = np.where(known, users, 0)
        lengths = np.where(known, np.diff(self.indptr)[safe], 0)
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        rows = np.repeat(self.indptr[:-1][safe] - indptr[:-1], lengths) + np.arange(indptr[-1])
        return Histories(
            indptr,
            self.item_idx[rows],
            self.weight[rows],
            self.baskets_ago[rows],
            self.bought[rows],
            None if self.at is None else self.at[rows],
        )

    def newest_baskets(self) -> Histories:
        """The same users with their newest basket alone."""
        kept = np.flatnonzero(self.baskets_ago == 0)
        sizes = np.bincount(self.row_user[kept], minlength=len(self))
        return Histories(
            np.concatenate([[0], np.cumsum(sizes)]),
            self.item_idx[kept],
            self.weight[kept],
            self.baskets_ago[kept],
            self.bought[kept],
            None if self.at is None else self.at[kept],
        )

    def matrix(self, values: np.ndarray, n_items: int) -> sparse.csr_matrix:
        """CSR (n, n_items) holding one value per row of the histories."""
        shape = (len(self), n_items)
        return sparse.csr_matrix(
            (values.astype(np.float32), self.item_idx, self.indptr), shape=shape
        )


@dataclass(frozen=True)
class Interactions:
    """A training part: the histories of all its users and the times of the pairs.

    at: float64 (n rows,), the pair's latest time, or None. content: as in Rows.
    """

    histories: Histories
    at: np.ndarray | None
    n_items: int
    content: np.ndarray | None = None

    @property
    def n_users(self) -> int:
        return len(self.histories)

    @property
    def has_time(self) -> bool:
        return self.at is not None

    def item_users(self) -> np.ndarray:
        """float64 (n_items,): how many users touched each item."""
        return np.bincount(self.histories.item_idx, minlength=self.n_items).astype(np.float64)


def interactions(rows: Rows) -> Interactions:
    """Gather rows into pairs: weights summed, the latest time kept, baskets numbered per user."""
    order = _by_user_and_time(rows)
    user, item = rows.user[order], rows.item[order]
    _keys, pair = np.unique(user * rows.n_items + item, return_inverse=True)
    latest = np.zeros(len(_keys), dtype=np.int64)
    np.maximum.at(latest, pair, np.arange(len(user)))
    weight = np.bincount(pair, weights=rows.weight[order], minlength=len(_keys))
    is_latest = np.zeros(len(user), dtype=bool)
    is_latest[latest] = True
    kept = np.flatnonzero(is_latest)
    user, item, weight = user[kept], item[kept], weight[pair[kept]]
    bought = np.ones(len(_keys), dtype=bool)
    if rows.bought is not None:
        bought = np.bincount(pair, weights=rows.bought[order], minlength=len(_keys)) > 0
    at = None if rows.at is None else rows.at[order][kept]
    indptr = np.searchsorted(user, np.arange(rows.n_users + 1))
    ago = _baskets_ago(user, at, indptr)
    histories = Histories(
        indptr, item.astype(np.int32), weight.astype(np.float32), ago, bought[pair[kept]], at
    )
    return Interactions(histories, at, rows.n_items, rows.content)


def _by_user_and_time(rows: Rows) -> np.ndarray:
    """int64 (n,): the rows by user, then time; file order decides between equal times.

    Rows of one order follow each other and have one time, so that runs of them are sorted (two and
    a half times as fast at five rows an order).
    """
    if rows.at is None:
        return np.argsort(rows.user, kind="stable")
    if not len(rows):
        return np.zeros(0, dtype=np.int64)
    user, at = rows.user, rows.at
    begins = np.flatnonzero(np.r_[True, (user[1:] != user[:-1]) | (at[1:] != at[:-1])])
    order = np.lexsort((at[begins], user[begins]))  # stable
    sizes = np.diff(np.r_[begins, len(user)])[order]
    shift = begins[order] - (np.cumsum(sizes) - sizes)
    return np.repeat(shift, sizes) + np.arange(len(user))


def _baskets_ago(user: np.ndarray, at: np.ndarray | None, indptr: np.ndarray) -> np.ndarray:
    """int32 per row: how many baskets of the same user came later. Rows are by user, then time."""
    if not len(user):
        return np.zeros(0, dtype=np.int32)
    changes = np.ones(len(user), dtype=bool)
    if at is not None:
        changes[1:] = (user[1:] != user[:-1]) | (at[1:] != at[:-1])
    number = np.cumsum(changes)
    last = number[np.maximum(indptr[1:] - 1, 0)]
    return (last[user] - number).astype(np.int32)


def one_history(
    item_idx: np.ndarray, weight: np.ndarray, at: np.ndarray, bought: np.ndarray
) -> Histories:
    """The history of one user from her rows in any order, exactly as `interactions` builds it."""
    n_items = int(item_idx.max()) + 1 if len(item_idx) else 1
    users = np.zeros(len(item_idx), dtype=np.int64)
    weight = weight.astype(np.float32)
    rows = Rows(users, item_idx.astype(np.int64), weight, at, 1, n_items, bought)
    return interactions(rows).histories
