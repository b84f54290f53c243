"""The lists for everybody are those of `implicit`, and of the plain numpy lines, to the last id."""

import numpy as np
import pytest
from implicit.cpu.topk import topk
from scipy import sparse
from threadpoolctl import threadpool_limits

from recommendations.ml.topn import top_items


def make_factors(n_users, n_items, factors=16, seed=0):
    rng = np.random.default_rng(seed)
    draw = [rng.normal(size=(rows, factors)).astype(np.float32) for rows in (n_users, n_items)]
    draw[1] *= rng.lognormal(size=(n_items, 1)).astype(np.float32)  # some much longer than others
    seen = sparse.random(n_users, n_items, 0.05, "csr", np.float32, rng)
    return (*draw, seen)


def theirs(users, items, seen, k):
    with threadpool_limits(1, "blas"):
        return topk(items, users, k, filter_query_items=seen)[0]


@pytest.mark.parametrize(("n_users", "n_items"), [(1, 40), (300, 2_500), (1_500, 1_024)])
def test_the_ids_are_those_of_implicit(n_users, n_items):
    users, items, seen = make_factors(n_users, n_items)
    assert (top_items(users, items, seen, 10) == theirs(users, items, seen, 10)).all()


def test_equal_scores_stand_as_implicit_has_them():
    users, items, seen = make_factors(60, 1_500)
    items = items.round(0)
    users = users.round(0)
    items[700:] = items[:800]
    assert (top_items(users, items, seen, 10) == theirs(users, items, seen, 10)).all()


def test_users_without_factors_have_implicit_s_list_of_equal_scores():
    users, items, seen = make_factors(40, 700)
    users[::3] = 0
    assert (top_items(users, items, seen, 10) == theirs(users, items, seen, 10)).all()


def test_most_items_are_never_scored_where_lengths_differ(monkeypatch):
    users, items, seen = make_factors(200, 8_000)
    scored = []
    plain = np.matmul
    monkeypatch.setattr(np, "matmul", lambda a, b, out: scored.append(out.size) or plain(a, b, out))
    found = top_items(users, items, seen, 10, 1)
    monkeypatch.undo()
    assert (found == theirs(users, items, seen, 10)).all()
    assert sum(scored) < 0.5 * 200 * 8_000


def test_the_number_of_threads_changes_nothing():
    users, items, seen = make_factors(2_500, 400)
    assert (top_items(users, items, seen, 7, 1) == top_items(users, items, seen, 7, 3)).all()


def test_what_was_seen_is_never_listed_and_a_short_list_ends_in_minus_one():
    users, items, _seen = make_factors(3, 8)
    seen = sparse.csr_matrix(np.array([[1] * 8, [1] * 5 + [0] * 3, [0] * 8]))
    found = top_items(users, items, seen, 5)
    assert found[0].tolist() == [-1] * 5
    assert set(found[1].tolist()) == {5, 6, 7, -1}
    assert found[1, 3:].tolist() == [-1, -1]
    assert (found[2] >= 0).all()
