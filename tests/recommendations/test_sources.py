"""Every source finds a known answer, explains its score exactly and is repeatable."""

from pathlib import Path

import numpy as np
import pytest

from recommendations.ml import harness
from recommendations.ml.blend import Blend, gather_candidates, search_weights
from recommendations.ml.fits import FITS, als_item_factors, fit, has_cuda
from recommendations.ml.harness import MODELS, SHARES, USUAL
from recommendations.ml.interactions import Rows, interactions
from recommendations.ml.lists import lists_for, top_lists
from recommendations.ml.metrics import per_customer
from recommendations.ml.search import SPACES, Fitter, coordinate_search
from recommendations.ml.splits import held_out_mask, split_rows

START = {name: {key: values[0] for key, values in space.items()} for name, space in SPACES.items()}
START["sasrec"]["epochs"] = 2  # seconds; what it can learn is in test_attention.py
PERSONAL = [name for name in FITS if name not in ("popularity", "trend")]


def make_rows(user, item, at, n_users, n_items, groups=1):
    """Each item's content is the group that it stands in."""
    weight = np.ones(len(user), np.float32)
    content = np.eye(groups, dtype=np.float32)[np.arange(n_items) % groups]
    at = np.asarray(at, dtype=np.float64)
    return Rows(user, item, weight, at, n_users, n_items, content=content)


def make_checker_board(size=50):
    """Even users like even items, odd users odd ones; the diagonal is left for the model to find.

    Source: the idea of implicit's tests, get_checker_board.
    """
    user, item = np.nonzero(np.add.outer(np.arange(size), np.arange(size)) % 2 == 0)
    off = user != item
    user, item = user[off], item[off]
    return make_rows(user, item, np.zeros(len(user)), size, size, groups=2)


def make_taste(n_users=150, n_items=60, seed=1):
    """Four groups of items; each user buys mostly from one of them, in random order."""
    rng = np.random.default_rng(seed)
    rows = []
    for user, group in enumerate(rng.integers(0, 4, n_users)):
        own = rng.choice(np.arange(group, n_items, 4), 8, False)
        bought = np.union1d(own, rng.choice(n_items, 3, False))
        rows += [(user, item, at) for at, item in enumerate(rng.permutation(bought))]
    return make_rows(*np.array(rows).T, n_users, n_items, groups=4)


@pytest.mark.parametrize("name", PERSONAL)
def test_the_checker_board_is_solved(name):
    part = interactions(make_checker_board())
    fine = {
        "ease": {"penalty": 1.0},
        "als": {"factors": 4},
        "bpr": {"factors": 4, "tries": 1},
        "sasrec": {"epochs": 15, "shuffle": True},
    }
    source = fit(name, part, START[name] | fine.get(name, {}), seed=3)
    lists = lists_for(source, part.histories, part.item_users(), 1)
    assert lists[:, 0].tolist() == list(range(50))


@pytest.mark.parametrize("name", PERSONAL)
def test_contributions_add_up_to_the_score(name):
    part = interactions(make_taste())
    source = Fitter(name, part, 3)(START[name] | {"recency_baskets": 2.0})
    history, items = part.histories.take(np.array([4])), np.array([0, 7, 33])
    expected = source.scores(history)[0, items]
    assert source.contributions(history, items).sum(axis=0) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", FITS)
def test_the_same_seed_gives_the_same_model(name):
    part = interactions(make_taste())
    first, second = (fit(name, part, START[name], seed=5).arrays() for _ in range(2))
    for key, values in first.items():
        assert (values == second[key]).all()


@pytest.mark.parametrize("name", PERSONAL)
def test_one_history_scores_as_it_does_in_a_batch(name):
    part = interactions(make_taste())
    source = fit(name, part, START[name], seed=5)
    batch = source.scores(part.histories)
    alone = np.vstack([source.scores(part.histories.take(np.array([u]))) for u in range(150)])
    assert alone == pytest.approx(batch, abs=1e-4)


def test_the_fold_in_is_the_library_s_own():
    from implicit.cpu.als import AlternatingLeastSquares

    part = interactions(make_taste())
    source = fit("als", part, START["als"], seed=5)
    values = np.full(len(part.histories.item_idx), 1 + source.alpha)
    confidence = part.histories.matrix(values, part.n_items)
    model = AlternatingLeastSquares(factors=64, regularization=source.regularization)
    model.item_factors = source.item_factors
    theirs = model.recalculate_user(np.arange(5), confidence[:5])
    assert source.user_factors(part.histories)[:5] == pytest.approx(theirs, abs=1e-4)


@pytest.mark.gpu
def test_gpu_and_cpu_rank_alike():
    if not has_cuda():
        pytest.skip("skipped: no GPU")
    part = interactions(make_taste())
    confidence = part.histories.matrix(np.full(len(part.histories.item_idx), 11.0), part.n_items)
    params = START["als"] | {"factors": 32}
    cpu, gpu = (als_item_factors(confidence, params, 1, gpu=device) for device in (False, True))
    similar = [factors @ factors.T for factors in (cpu, gpu)]
    assert np.corrcoef(similar[0].ravel(), similar[1].ravel())[0, 1] > 0.95


def test_ease_is_the_closed_form():
    part = interactions(make_taste())
    ones = np.ones(len(part.histories.item_idx))
    matrix = part.histories.matrix(ones, 60).toarray().astype(float)
    inverse = np.linalg.inv(matrix.T @ matrix + 300 * np.eye(60))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    found = fit("ease", part, START["ease"], seed=0).weights.toarray()
    assert found == pytest.approx(expected, abs=1e-5)


def test_transitions_count_what_follows():
    """2, 0, 1 in every history: 1 must follow 0, and 2 must not."""
    rows = [(user, item, at) for user in range(30) for at, item in enumerate([2, 0, 1])]
    part = interactions(make_rows(*np.array(rows).T, 30, 3))
    source = fit("transitions", part, START["transitions"] | {"backward": 0.0}, seed=0)
    after_zero = source.weights[[0]].toarray()[0]
    assert after_zero[1] > 0
    assert after_zero[2] == 0


def test_popularity_decays_by_its_half_life():
    ten_days = 10 * 86_400.0
    rows = make_rows(np.array([0, 1, 2]), np.array([0, 0, 1]), [0.0, 0.0, ten_days], 3, 2)
    part = interactions(rows)
    assert fit("popularity", part, {"half_life_days": None}, 0).popularity.tolist() == [2, 1]
    assert fit("popularity", part, {"half_life_days": 5.0}, 0).popularity.tolist() == [0.5, 1]


def test_lists_never_hold_a_seen_item_and_break_ties_by_popularity():
    part = interactions(make_taste())
    history = part.histories.take(np.array([0, -1]))
    lists = top_lists(np.zeros((2, 60), np.float32), history, np.arange(60, dtype=float), 60)
    seen = set(history.item_idx.tolist())
    assert not seen & set(lists[0].tolist())
    assert (lists[0] == -1).sum() == len(seen)
    assert lists[1].tolist() == list(range(59, -1, -1))


def test_a_blend_is_never_worse_on_validation_than_what_it_starts_from():
    rows = make_taste()
    split = split_rows(rows, held_out_mask(rows, "random", share=0.25, seed=1))
    ties, n_items = split.train.item_users(), split.train.n_items
    sources = {name: fit(name, split.train, START[name], seed=1) for name in FITS}
    histories = split.train.histories.take(split.held_out.users)

    def ndcg(source):
        lists = lists_for(source, histories, ties, 5)
        return per_customer(lists, split.held_out, n_items)["ndcg"].mean()

    candidates = gather_candidates(sources, {}, histories, split.held_out, ties)
    weights, value = search_weights(candidates, list(sources), k=5, start="ease")
    assert value >= ndcg(sources["ease"]) - 1e-9
    assert value == pytest.approx(ndcg(Blend({n: sources[n] for n in weights}, weights)), abs=1e-3)


def test_the_search_is_bounded_and_says_when_it_was_cut():
    part, space = interactions(make_taste()), SPACES["item_knn"]
    for may_go_on, trials in ((False, 1), (True, 11)):
        fitter = Fitter("item_knn", part, 1)
        found = coordinate_search(fitter, space, lambda source: 1.0, lambda go=may_go_on: go)
        assert (found.trials, found.cut_by_budget) == (trials, not may_go_on)


def test_what_cannot_be_trained_here_is_left_out_and_says_why(monkeypatch):
    monkeypatch.setattr(harness, "torch_here", lambda: False)
    monkeypatch.setattr(harness, "compiled_here", lambda: False)
    rows = make_taste()
    quiet = {"clock": lambda: 0.0, "report": lambda done, total, note: None}
    plan = harness.Plan(("popularity", "bpr", "sasrec"), seconds=0.0)
    choice = harness.choose(rows, "leave-one-out", plan, **quiet)
    assert set(choice.params) == {"popularity"}
    assert "torch" in choice.left_out["sasrec"]
    assert "numba" in choice.left_out["bpr"]


def test_every_source_is_searched_has_its_share_and_is_described():
    page = (Path(__file__).parents[2] / "docs/recommendation_sources.md").read_text()
    assert set(FITS) == set(SPACES) == set(SHARES)
    assert [name for name in MODELS if name in FITS] == list(SHARES)
    assert sum(SHARES.get(name, 0) for name in USUAL) == pytest.approx(0.96)  # the rest is by name
    for name in FITS:
        assert f"| `{name}` |" in page
