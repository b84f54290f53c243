"""Lists for many people in blocks are the lists of one people after the other."""

import numpy as np
import pytest

from recommendations.ml import batch, sources
from recommendations.ml.blend import Blend
from recommendations.ml.fits import fit
from recommendations.ml.interactions import interactions
from recommendations.ml.lists import lists_for, top_lists
from tests.recommendations.test_sources import START, make_taste

KINDS = ("popularity", "item_knn", "transitions", "ease", "als")


@pytest.fixture(scope="module")
def part():
    return interactions(make_taste())


def in_blocks(source, part, k=9):
    found = list(batch.lists_in_blocks(source, part.histories, part.item_users(), k, threads=2))
    assert [first for first, _lists in found] == list(range(0, len(part.histories), batch.AT_ONCE))
    return np.vstack([lists for _first, lists in found])


@pytest.mark.parametrize("name", KINDS)
def test_blocks_give_the_lists_of_the_harness(monkeypatch, part, name):
    monkeypatch.setattr(batch, "BLOCK", 16)
    monkeypatch.setattr(batch, "AT_ONCE", 40)
    source = fit(name, part, START[name], seed=5)
    assert (
        in_blocks(source, part) == lists_for(source, part.histories, part.item_users(), 9)
    ).all()


def test_a_blend_and_a_machine_without_numba_have_the_same_lists(monkeypatch, part):
    fitted = {name: fit(name, part, START[name], seed=5) for name in ("ease", "als")}
    blend = Blend(fitted, {"ease": 1.0, "als": 0.5})
    compiled = in_blocks(blend, part)
    monkeypatch.setattr(batch, "compiled_here", lambda: False)
    assert (in_blocks(blend, part) == compiled).all()


def test_factors_alone_are_ranked_without_scoring_everything(monkeypatch, part):
    als = fit("als", part, START["als"], seed=5)
    plain = lists_for(als, part.histories, part.item_users(), 9)
    for source in (als, Blend({"als": als}, {"als": 2.0})):
        monkeypatch.setattr(type(source), "scores", lambda self, histories: pytest.fail("scored"))
        assert (in_blocks(source, part) == plain).all()


def test_the_compiled_lists_are_those_of_numpy_also_for_equal_scores(part):
    rng = np.random.default_rng(0)
    ties = rng.integers(0, 4, 60).astype(float)
    for scores in (rng.integers(-2, 3, (150, 60)), rng.normal(size=(150, 60)), np.zeros((150, 60))):
        scores = scores.astype(np.float32)
        for k in (1, 10, 60, 80):
            expected = top_lists(scores, part.histories, ties, k)
            assert (batch._best(scores, part.histories, ties, k) == expected).all()


def test_a_fold_in_of_many_is_the_exact_solve_of_each(part):
    source = fit("als", part, START["als"], seed=5)
    together = source.user_factors(part.histories)
    assert len(together) > sources.FEW
    alone = [source.user_factors(part.histories.take(np.array([u])))[0] for u in range(150)]
    assert together == pytest.approx(np.vstack(alone), abs=1e-5)
