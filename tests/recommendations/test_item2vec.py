"""item2vec learns what stands among the same others, the same each time, and lists it."""

import numpy as np

from recommendations.ml.fits import fit
from recommendations.ml.harness import BY_NAME, MODELS, USUAL
from recommendations.ml.interactions import Rows, interactions
from recommendations.ml.item2vec import item_vectors
from recommendations.ml.search import SPACES
from recommendations.ml.sources import Neighbours
from tests.recommendations.test_bpr import share_of_own
from tests.recommendations.test_content import make_rows

START = {key: values[0] for key, values in SPACES["item2vec"].items()} | {"factors": 16}


def make_groups(n_users=200, n_items=40, seed=1):
    """Two groups of items; everybody has 12 of one group's 20, a row a day."""
    rng = np.random.default_rng(seed)
    chosen = [rng.choice(np.arange(user % 2, n_items, 2), 12, False) for user in range(n_users)]
    user, item = np.repeat(np.arange(n_users), 12), np.concatenate(chosen)
    ones, at = np.ones(len(user), np.float32), np.tile(np.arange(12.0) * 86_400, n_users)
    return interactions(Rows(user, item, ones, at, n_users, n_items))


def test_what_stands_among_the_same_others_is_near():
    part = make_groups()
    vectors = item_vectors(part, START, 3)
    vectors = vectors - vectors.mean(axis=0)  # what all of them have in common
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    same = np.arange(40)[:, None] % 2 == np.arange(40)[None, :] % 2
    off = ~np.eye(40, dtype=bool)
    assert cosines[same & off].mean() > cosines[~same].mean() + 0.5
    source = fit("item2vec", part, START, 3)
    assert isinstance(source, Neighbours)
    assert share_of_own(source.scores(part.histories)) > 0.95


def test_the_nearest_of_many_groups_are_the_own_group():
    """30 groups of 20: negatives must come from all of them for nine of ten neighbours to be right."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 30, 3_000)
    item = np.concatenate([rng.choice(20, 8, False) + 20 * own for own in group])
    user, at = np.repeat(np.arange(3_000), 8), np.tile(np.arange(8.0) * 86_400, 3_000)
    part = interactions(Rows(user, item, np.ones(len(user), np.float32), at, 3_000, 600))
    vectors = item_vectors(part, START, 0)
    vectors = vectors - vectors.mean(axis=0)
    cosines = vectors @ vectors.T / np.outer(*[np.linalg.norm(vectors, axis=1)] * 2)
    np.fill_diagonal(cosines, -1)
    nearest = np.argsort(-cosines, axis=1)[:, :10]
    assert (nearest // 20 == np.arange(600)[:, None] // 20).mean() > 0.9


def test_the_same_seed_gives_the_same_bits_and_what_nobody_has_is_nobody_s():
    part = interactions(make_rows())
    once, again = (item_vectors(part, START, 5) for _time in range(2))
    assert (once == again).all()
    assert (item_vectors(part, START, 6) != once).any()
    assert (once[20:] == 0).all()
    assert fit("item2vec", part, START, 5).weights[20:].nnz == 0


def test_negatives_are_drawn_by_the_power_of_their_counts_and_all_powers_learn():
    part = make_groups()
    for power in SPACES["item2vec"]["power"]:
        source = fit("item2vec", part, START | {"power": power}, 3)
        assert share_of_own(source.scores(part.histories)) > 0.9


def test_it_is_tried_only_where_it_is_named():
    assert "item2vec" in MODELS
    assert "item2vec" in BY_NAME
    assert "item2vec" not in USUAL
