"""A request's sparse arithmetic says what the batch says of every item."""

from dataclasses import replace

import numpy as np
import pytest

from recommendations.ml import candidates as candidates_module
from recommendations.ml import one_person
from recommendations.ml.blend import Blend
from recommendations.ml.candidates import FINDERS, Case, Shelf, candidates
from recommendations.ml.chains import ORDER, SOURCES
from recommendations.ml.fits import fit
from recommendations.ml.interactions import interactions
from tests.recommendations.test_sources import START, make_taste

PART = interactions(make_taste())
WEIGHTS = {"item_knn": 1.0, "transitions": 0.6, "popularity": 0.2}
SOURCES_OF = {name: fit(name, PART, START[name], seed=1) for name in WEIGHTS}
NONE = np.zeros(0, dtype=np.int64)


def shelf(weights=None):
    weights = weights or WEIGHTS
    blend = Blend({name: SOURCES_OF[name] for name in weights}, weights)
    categories = np.arange(PART.n_items) % 4
    near, then, popular = (SOURCES_OF[n] for n in ("item_knn", "transitions", "popularity"))
    return Shelf.of(blend, near, then, popular, categories)


def case(user, *, sources=("personal",), anchors=NONE, categories=NONE, barred=NONE, **fields):
    history = PART.histories.take(np.array([user]))
    return Case(sources, history, anchors, categories, barred, **fields)


@pytest.mark.parametrize("user", [0, 7, 40])
@pytest.mark.parametrize("weights", [WEIGHTS, {"item_knn": 1.0}])
def test_scores_and_reasons_are_those_of_the_batch(monkeypatch, user, weights):
    own = shelf(weights)
    history = PART.histories.take(np.array([user]))
    dense = own.blend.scores(history)[0]
    added = own.blend.contributions(history, np.array([0, 9, 33]))
    monkeypatch.setattr(one_person, "DENSE_ITEMS", 0)
    assert one_person.is_sparse(own.blend)
    found = one_person.scored(own.blend, history, own.best_sold)
    assert found.scores == pytest.approx(dense[found.items], abs=1e-4)
    left = np.setdiff1d(np.arange(PART.n_items), found.items)
    assert not len(left) or dense[left].max() <= dense[found.items].min() + 1e-4
    rows = one_person.because(own.blend, history, np.array([0, 9, 33]))
    for column, (row, value) in enumerate(rows):
        assert value == pytest.approx(max(added[:, column].max(), 0), abs=1e-4)
        assert row == -1 or added[row, column] == pytest.approx(value, abs=1e-4)


def test_a_large_shop_s_list_is_the_small_shop_s(monkeypatch):
    asked = case(3, barred=np.array([1, 5, 20]))
    dense = candidates(shelf(), asked, 12)
    monkeypatch.setattr(one_person, "DENSE_ITEMS", 0)
    sparse = candidates(shelf(), asked, 12)
    assert sparse.items == dense.items
    assert sparse.scores == pytest.approx(dense.scores, abs=1e-4)
    assert not {1, 5, 20} & set(sparse.items)


def test_popular_and_category_come_from_orders_made_beforehand():
    own, popularity = shelf(), SOURCES_OF["popularity"].popularity
    barred = np.argsort(-popularity, kind="stable")[:2]
    found = candidates(own, case(0, sources=("popular",), barred=np.sort(barred)), 5)
    expected = [i for i in np.argsort(-popularity, kind="stable").tolist() if i not in set(barred)]
    assert found.items == expected[:5]
    inside = candidates(own, case(0, sources=("category",), categories=np.array([2])), 100)
    assert set(inside.items) == {i for i in range(PART.n_items) if i % 4 == 2 and popularity[i] > 0}
    assert inside.scores == sorted(inside.scores, reverse=True)


def test_the_session_source_asks_what_follows_the_newest_things():
    own, asked = shelf(), case(4, sources=("session",))
    history = asked.history
    newest = history.item_idx[np.argsort(history.baskets_ago, kind="stable")[:3]]
    expected = SOURCES_OF["transitions"].summed(newest, np.array([1, 0.5, 0.25], np.float32))
    found = candidates(own, asked, 5)
    assert found.scores == pytest.approx(expected[found.items], abs=1e-5)
    assert found.scores[0] == pytest.approx(expected.max())


def test_links_are_the_larger_of_both_directions():
    near = SOURCES_OF["item_knn"]
    items = np.array([5, -1, 9, 0])
    found = one_person.links(near, items)
    dense = near.weights.toarray()
    for a, one in enumerate(items):
        for b, other in enumerate(items):
            expected = 0 if min(one, other) < 0 else max(dense[one, other], dense[other, one])
            assert found[a, b] == pytest.approx(expected)
    assert one_person.link(near, 5, 9) == pytest.approx(dense[5, 9])


def test_every_source_has_a_finder_and_every_placement_only_known_sources():
    assert set(FINDERS) == set(SOURCES)
    assert {name for chain in ORDER.values() for name in chain} <= set(SOURCES)


@pytest.mark.parametrize("sources", [("similar",), ("bought_together",), ("session",)])
def test_of_one_item_its_row_alone_is_what_summing_it_gives(monkeypatch, sources):
    own = shelf()
    asked = case(0, sources=sources, anchors=np.array([9]), barred=np.array([9, 12]))
    if sources == ("session",):
        asked = replace(asked, history=asked.history.newest_baskets())
        assert len(asked.history.item_idx) == 1
    short = listed_by(own, asked)
    monkeypatch.setattr(
        candidates_module, "reached", lambda *given: pytest.fail("summed all the same")
    )
    assert listed_by(own, asked) == short
    summed = replace(asked, anchors=np.array([9, 9]))
    monkeypatch.setattr(candidates_module, "reached", one_person.reached)
    if sources != ("session",):  # twice the row: the same order, twice the score
        found = candidates(own, summed, 20)
        assert found.items == short[0]
        assert found.scores == pytest.approx([2 * score for score in short[1]])


def listed_by(own, asked):
    found = candidates(own, asked, 20)
    return found.items, found.scores
