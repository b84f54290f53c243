"""Descriptions lead to items that nobody has bought, and say nothing of what is not described."""

import numpy as np
import pytest

from recommendations.ml import content
from recommendations.ml.content import content_neighbours, with_unsold
from recommendations.ml.fits import FITS, fit
from recommendations.ml.interactions import Rows, interactions
from recommendations.ml.lists import lists_for
from recommendations.ml.search import SPACES
from recommendations.ml.splits import held_out_mask, split_rows

START = {name: {key: values[0] for key, values in space.items()} for name, space in SPACES.items()}
START["sasrec"]["epochs"] = 1


def make_rows(n_users=40, n_items=24, unsold=4):
    """Even users buy even items, odd ones odd; the last four items nobody has bought yet."""
    rng = np.random.default_rng(1)
    own = [rng.choice(np.arange(u % 2, n_items - unsold, 2), 6, False) for u in range(n_users)]
    user, item = np.repeat(np.arange(n_users), 6), np.concatenate(own)
    at = np.tile(np.arange(6.0), n_users)
    vectors = np.eye(2, dtype=np.float32)[np.arange(n_items) % 2]
    ones = np.ones(len(user), np.float32)
    return Rows(user, item, ones, at, n_users, n_items, content=vectors)


def test_neighbours_are_the_largest_cosines():
    vectors = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)
    found = content_neighbours(vectors, 3, 0).toarray()
    centred = vectors - vectors.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -1)
    for row, expected in zip(found, cosines, strict=True):
        best = np.sort(np.argsort(-expected)[:3])
        assert np.flatnonzero(row).tolist() == best.tolist()
        assert row[best] == pytest.approx(expected[best], abs=1e-5)


def test_many_vectors_are_projected_and_keep_their_neighbours(monkeypatch):
    rng = np.random.default_rng(0)
    groups = rng.normal(size=(5, 300))
    vectors = (groups[np.arange(50) % 5] + 0.3 * rng.normal(size=(50, 300))).astype(np.float32)
    monkeypatch.setattr(content, "MANY", 10)
    found = content_neighbours(vectors, 9, 0)
    rows, columns = found.nonzero()
    assert (rows % 5 == columns % 5).all()
    assert found.nnz == 50 * 9


def test_what_is_not_described_is_nobody_s_neighbour():
    vectors = np.eye(2, dtype=np.float32)[np.arange(10) % 2]
    vectors[3] = 0
    found = content_neighbours(vectors, 5, 0)
    assert found[[3]].nnz == found[:, [3]].nnz == 0


def test_an_unsold_item_is_in_the_training_part_and_can_be_reached():
    rows = make_rows()
    split = split_rows(rows, held_out_mask(rows, "leave-one-out", share=0, seed=1))
    assert split.train.n_items == 24
    source = fit("content", split.train, START["content"], 0)
    lists = lists_for(source, split.train.histories, split.train.item_users(), 12)
    for user, listed in enumerate(lists.tolist()):
        own = set(range(20 + user % 2, 24, 2))
        assert own <= {item for item in listed if item >= 0}


def test_new_items_stand_beside_what_they_are_like_and_proven_links_stay_first():
    part = interactions(make_rows())
    proven = fit("item_knn", part, START["item_knn"], 0)
    alike = fit("content", part, START["content"], 0)
    both = with_unsold(proven, alike, part.item_users()).weights.toarray()
    old = proven.weights.toarray()
    sold = old[:20, :20] / old[:20].max(axis=1, keepdims=True)
    assert both[:20, :20] == pytest.approx(sold, abs=1e-6)
    assert old[20:].max() == old[:, 20:].max() == 0
    for item in range(24):  # among the first: the unsold ones of her own group
        unsold = [other for other in range(20 + item % 2, 24, 2) if other != item]
        assert both[item, unsold] == pytest.approx(0.5, abs=1e-5)
        assert both[item, 20 + (item + 1) % 2 : 24 : 2].max() == 0


@pytest.mark.parametrize("name", FITS)
def test_every_source_bears_items_that_nobody_bought(name):
    part = interactions(make_rows())
    source = fit(name, part, START[name], 1)
    scores = source.scores(part.histories)
    assert np.isfinite(scores).all()
    for values in source.arrays().values():
        assert np.isfinite(values).all()


def test_without_descriptions_there_is_nothing_to_compare():
    rows = make_rows()
    plain = Rows(rows.user, rows.item, rows.weight, rows.at, rows.n_users, rows.n_items)
    with pytest.raises(ValueError, match="no descriptions"):
        fit("content", interactions(plain), START["content"], 0)


def test_of_a_large_catalogue_most_neighbours_are_found_in_bounded_blocks(monkeypatch):
    """4,000 items in 200 groups: nine of ten of the true neighbours, and no block of n × n."""
    rng = np.random.default_rng(3)
    groups = rng.normal(size=(200, 64))
    noise = 0.7 * rng.normal(size=(4_000, 64))
    vectors = (groups[rng.integers(0, 200, 4_000)] + noise).astype(np.float32)
    exact = content_neighbours(vectors, 10, 0)
    monkeypatch.setattr(content, "MANY", 1_000)
    monkeypatch.setattr(content, "COSINES_AT_ONCE", 50_000)
    sizes = []
    kept = content.strongest
    monkeypatch.setattr(
        content, "strongest", lambda part, k: sizes.append(part.size) or kept(part, k)
    )
    found = content_neighbours(vectors, 10, 0)
    both = found.astype(bool).multiply(exact.astype(bool)).nnz
    assert both > 0.9 * exact.nnz
    assert max(sizes) <= 50_000
    assert found.diagonal().max() == 0
    assert (found != content_neighbours(vectors, 10, 0)).nnz == 0  # the same again
