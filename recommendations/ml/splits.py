"""Cut recorded interactions into a training and a held-out part, in three honest ways."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .interactions import Interactions, Rows, interactions


class SplitError(ValueError):
    """The rows cannot be split in this way; the text says why."""


@dataclass(frozen=True)
class HeldOut:
    """What n customers did in the held-out part.

    users:    int64 (n,), the customer's index in the training part, where a customer without
              training rows has an empty history.
    indptr, item_idx: CSR of the distinct held-out items that the training part knows.
    counts:   int64 (n,), distinct held-out items, those unknown to the training part included.
    """

    users: np.ndarray
    indptr: np.ndarray
    item_idx: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.users)

    def take(self, chosen: np.ndarray) -> HeldOut:
        """Some of the customers, in the order asked for."""
        lengths = np.diff(self.indptr)[chosen]
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        rows = np.repeat(self.indptr[chosen] - indptr[:-1], lengths) + np.arange(indptr[-1])
        return HeldOut(self.users[chosen], indptr, self.item_idx[rows], self.counts[chosen])


@dataclass(frozen=True)
class Split:
    """A training part over its own items, and what was held out.

    item_codes: int64 (train.n_items,), the code of each training item in the rows' numbering.
    """

    train: Interactions
    held_out: HeldOut
    item_codes: np.ndarray


def held_out_mask(rows: Rows, kind: str, *, share: float, seed: int) -> np.ndarray:
    """bool (n rows,): True where a row is held out.

    random:        a share of the (customer, product) pairs; all rows of a pair stay together.
    temporal:      the newest share of the rows; rows of one time stay together.
    leave-one-out: the newest row of every customer who has at least two.
    Raises SplitError when the rows carry no time (temporal) or one part would be empty.
    """
    rules = {"random": _random, "temporal": _temporal, "leave-one-out": _leave_one_out}
    mask = rules[kind](rows, share, seed)
    if not mask.any() or mask.all():
        raise SplitError(f"the {kind} split leaves one part empty: {len(rows)} rows are too few")
    return mask


def split_rows(rows: Rows, mask: np.ndarray) -> Split:
    """Build the training part from the rows outside the mask and hold out the rest."""
    return split_parts(rows.take(~mask), rows.take(mask))


def split_parts(train: Rows, test: Rows) -> Split:
    """Two parts with common codes; items are numbered anew by the training part alone.

    Where the rows say what every item is, the training part holds all of them.
    """
    codes, item = np.unique(train.item, return_inverse=True)
    if train.content is not None:
        codes, item = np.arange(train.n_items), train.item
    own = replace(train, item=item, n_items=len(codes))
    return Split(interactions(own), _held_out(test, codes), codes)


def _held_out(test: Rows, codes: np.ndarray) -> HeldOut:
    if test.bought is not None:
        test = test.take(test.bought)
    pairs = np.unique(test.user * np.int64(test.n_items) + test.item)
    user, item = np.divmod(pairs, test.n_items)
    users, counts = np.unique(user, return_counts=True)
    place = np.minimum(np.searchsorted(codes, item), len(codes) - 1)
    known = codes[place] == item
    indptr = np.searchsorted(user[known], np.append(users, test.n_users))
    return HeldOut(users, indptr, place[known].astype(np.int32), counts)


def _random(rows: Rows, share: float, seed: int) -> np.ndarray:
    _pairs, pair = np.unique(rows.user * np.int64(rows.n_items) + rows.item, return_inverse=True)
    draws = np.random.default_rng(seed).random(len(_pairs))
    # An exact share, not a coin per pair: the smallest draws are held out.
    held = np.zeros(len(_pairs), dtype=bool)
    held[np.argsort(draws, kind="stable")[: round(share * len(_pairs))]] = True
    return held[pair]


def _temporal(rows: Rows, share: float, seed: int) -> np.ndarray:
    if rows.at is None:
        raise SplitError("the temporal split needs a timestamp on every row")
    cut = np.sort(rows.at)[min(len(rows) - 1, round((1 - share) * len(rows)))]
    mask = rows.at >= cut
    return mask if not mask.all() else rows.at > cut


def _leave_one_out(rows: Rows, share: float, seed: int) -> np.ndarray:
    order = np.lexsort((rows.user,) if rows.at is None else (rows.at, rows.user))
    user = rows.user[order]
    last = np.append(user[1:] != user[:-1], True)
    counts = np.bincount(rows.user, minlength=rows.n_users)
    mask = np.zeros(len(rows), dtype=bool)
    mask[order[last & (counts[user] >= 2)]] = True
    return mask


def likely_kind(train: Rows, test: Rows) -> str:
    """How two given parts were split: the validation part is cut in the same way."""
    counts = np.bincount(test.user, minlength=test.n_users)
    if train.at is not None and test.at is not None and train.at.max() <= test.at.min():
        return "temporal"
    if counts.max() == 1 and _test_is_newest(train, test):
        return "leave-one-out"
    return "random"


def _test_is_newest(train: Rows, test: Rows) -> bool:
    if train.at is None or test.at is None:
        return True  # one row each and no times: file order is all that is known
    newest = np.full(train.n_users, -np.inf)
    np.maximum.at(newest, train.user, train.at)
    return bool(np.mean(test.at >= newest[test.user]) > 0.99)
