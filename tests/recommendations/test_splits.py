"""Each split holds out exactly what its definition says."""

import numpy as np
import pytest

from recommendations.ml.interactions import Rows, interactions, one_history
from recommendations.ml.lists import top_lists
from recommendations.ml.splits import (
    SplitError,
    held_out_mask,
    likely_kind,
    split_parts,
    split_rows,
)


def make_rows(triples, timed=True):
    user, item, at = (np.array(column) for column in zip(*triples, strict=True))
    weight = np.ones(len(user), dtype=np.float32)
    times = at.astype(np.float64) if timed else None
    return Rows(user, item, weight, times, int(user.max()) + 1, int(item.max()) + 1)


ROWS = make_rows([(0, 0, 1), (0, 1, 5), (1, 0, 2), (1, 2, 3), (1, 1, 9), (2, 2, 4)])


def held_out(rows, kind, share=0.25, seed=1):
    return held_out_mask(rows, kind, share=share, seed=seed)


def test_leave_one_out_holds_out_the_newest_row_of_who_has_two():
    assert np.flatnonzero(held_out(ROWS, "leave-one-out")).tolist() == [1, 4]


def test_leave_one_out_without_times_takes_the_last_row_of_the_file():
    rows = make_rows([(0, 1, 0), (1, 1, 0), (0, 0, 0), (1, 2, 0)], timed=False)
    assert np.flatnonzero(held_out(rows, "leave-one-out")).tolist() == [2, 3]


def test_temporal_holds_out_the_newest_rows_and_keeps_equal_times_together():
    mask = held_out(ROWS, "temporal", 1 / 3)
    assert ROWS.at[mask].min() > ROWS.at[~mask].max()
    assert mask.sum() == 2
    tied = make_rows([(0, 0, 1), (0, 1, 7), (1, 0, 7), (1, 1, 7)])
    assert np.flatnonzero(held_out(tied, "temporal")).tolist() == [1, 2, 3]


def test_temporal_without_times_is_refused():
    rows = make_rows([(0, 0, 0), (0, 1, 0)], timed=False)
    with pytest.raises(SplitError, match="timestamp"):
        held_out(rows, "temporal")


def test_random_takes_an_exact_share_of_pairs_and_never_tears_a_pair():
    rng = np.random.default_rng(0)
    columns = rng.integers(0, 40, 900), rng.integers(0, 30, 900), np.arange(900)
    rows = make_rows(np.column_stack(columns))
    mask = held_out(rows, "random", seed=7)
    pairs = rows.user * rows.n_items + rows.item
    assert not set(pairs[mask]) & set(pairs[~mask])
    assert len(set(pairs[mask])) == round(0.25 * len(set(pairs)))
    assert (mask == held_out(rows, "random", seed=7)).all()
    assert (mask != held_out(rows, "random", seed=8)).any()


def test_one_row_cannot_be_split():
    with pytest.raises(SplitError):
        held_out(make_rows([(0, 0, 1)]), "temporal")


def test_held_out_counts_items_that_training_does_not_know():
    train = make_rows([(0, 0, 1), (1, 2, 1)])
    weight = np.ones(4, dtype=np.float32)
    test = Rows(np.array([0, 0, 0, 1]), np.array([1, 2, 2, 1]), weight, None, 2, 3)
    split = split_parts(train, test)
    assert split.item_codes.tolist() == [0, 2]
    assert split.held_out.users.tolist() == [0, 1]
    assert split.held_out.counts.tolist() == [2, 1]
    assert split.held_out.indptr.tolist() == [0, 1, 1]
    assert split.held_out.item_idx.tolist() == [1]


def test_the_kind_of_two_given_parts_is_recognised():
    rows = make_rows([(0, 0, 1), (0, 1, 2), (1, 0, 5), (1, 2, 6), (2, 1, 7)])
    for kind in ("temporal", "leave-one-out"):
        mask = held_out(rows, kind, 0.34)
        assert likely_kind(rows.take(~mask), rows.take(mask)) == kind
    assert likely_kind(ROWS.take([1, 4]), ROWS.take([0, 2, 3, 5])) == "random"


def test_pairs_are_gathered_with_their_latest_time_and_basket():
    part = interactions(make_rows([(0, 5, 10), (0, 3, 20), (0, 5, 20), (0, 4, 30)]))
    by_item = dict(zip(part.histories.item_idx.tolist(), range(3), strict=True))
    assert part.histories.weight[[by_item[3], by_item[5], by_item[4]]].tolist() == [1, 2, 1]
    assert part.histories.baskets_ago[[by_item[3], by_item[5], by_item[4]]].tolist() == [1, 1, 0]
    assert part.at.tolist() == [20, 20, 30]


def test_one_history_is_what_the_whole_set_holds():
    rng = np.random.default_rng(3)
    columns = rng.integers(0, 9, 200), rng.integers(0, 12, 200), rng.integers(0, 6, 200)
    rows = make_rows(np.column_stack(columns))
    whole = interactions(rows).histories
    for user in range(9):
        mine = rows.user == user
        bought = np.ones(mine.sum(), dtype=bool)
        alone = one_history(rows.item[mine], rows.weight[mine], rows.at[mine], bought)
        part = whole.take(np.array([user]))
        for name in ("item_idx", "weight", "baskets_ago"):
            assert getattr(alone, name).tolist() == getattr(part, name).tolist()


def test_taking_histories_keeps_the_order_asked_for_and_allows_nobody():
    whole = split_rows(ROWS, np.arange(6) == 5).train.histories
    taken = whole.take(np.array([1, -1, 0]))
    assert np.diff(taken.indptr).tolist() == [3, 0, 2]
    assert taken.item_idx.tolist() == [0, 2, 1, 0, 1]


def test_only_what_was_bought_is_held_out_and_never_offered_again():
    bought = np.array([True, False, True, False])
    weight = np.ones(4, dtype=np.float32)
    rows = Rows(
        np.zeros(4, int), np.array([0, 1, 2, 3]), weight, np.arange(4.0), 1, 4, bought=bought
    )
    split = split_rows(rows, rows.at >= 2)
    assert split.held_out.counts.tolist() == [1]
    assert split.train.histories.bought.tolist() == [True, False]
    found = top_lists(np.zeros((1, 2)), split.train.histories, np.ones(2), 2)
    assert found.tolist() == [[1, -1]]
