"""EASE in blocks is EASE, exactly where the context holds all items and nearly where it does not."""

import numpy as np
import pytest

from recommendations.ml import ease
from recommendations.ml.fits import fit
from recommendations.ml.interactions import Rows, interactions
from recommendations.ml.lists import lists_for
from recommendations.ml.search import SPACES

START = {key: values[0] for key, values in SPACES["ease"].items()} | {"penalty": 20.0}


def make_departments(n_users=600, n_items=240, seed=4):
    """Eight departments of items; everybody buys 12 of one and 3 of all."""
    rng = np.random.default_rng(seed)
    rows = []
    for user, department in enumerate(rng.integers(0, 8, n_users)):
        own = rng.choice(np.arange(department, n_items, 8), 12, False)
        rows += [(user, item) for item in np.union1d(own, rng.choice(n_items, 3, False))]
    user, item = np.array(rows).T
    ones = np.ones(len(user), np.float32)
    return interactions(Rows(user, item, ones, None, n_users, n_items))


def as_matrix(part):
    return part.histories.matrix(np.ones(len(part.histories.item_idx)), part.n_items).tocsc()


def test_blocks_with_everything_in_their_context_are_the_dense_model():
    matrix = as_matrix(make_departments())
    dense = ease.ease_weights(matrix, START)
    blocks = ease.weights_by_blocks(matrix, START, block=50, context=240)
    assert blocks.toarray() == pytest.approx(dense, abs=1e-6)


def test_a_context_of_a_third_lists_nearly_the_same():
    part = make_departments()
    dense = fit("ease", part, START, 0)
    matrix = ease.weights_by_blocks(as_matrix(part), START, block=30, context=80)
    blocks = type(dense)(matrix, dense.rule)
    popularity = part.item_users()
    ours, theirs = (lists_for(s, part.histories, popularity, 10) for s in (blocks, dense))
    common = [len(set(a) & set(b)) for a, b in zip(ours.tolist(), theirs.tolist(), strict=True)]
    assert np.mean(common) > 9


def test_past_its_limit_ease_goes_by_blocks(monkeypatch):
    part = make_departments()
    dense = fit("ease", part, START, 0)
    monkeypatch.setattr(ease, "EASE_ITEMS", 100)
    blocks = fit("ease", part, START, 0)  # its context is larger than this shop
    assert blocks.weights.toarray() == pytest.approx(dense.weights.toarray(), abs=1e-6)


def test_items_that_nobody_bought_have_no_neighbours():
    history = make_departments().histories
    part = interactions(
        Rows(history.row_user, history.item_idx * 2, history.weight, None, len(history), 480)
    )
    weights = fit("ease", part, START, 0).weights
    assert weights.shape == (480, 480)
    assert weights[1::2].nnz == weights[:, 1::2].nnz == 0
    assert weights[::2][:, ::2].nnz > 0
