"""The ranker: trees in numpy, features that look at no future, and a verdict that is not luck."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from recommendations.ml.fits import fit
from recommendations.ml.harness import Plan, choose, measure, ranker_of
from recommendations.ml.interactions import Rows, interactions
from recommendations.ml.item_facts import learn_facts
from recommendations.ml.ranker import explain_candidates, explain_groups, rank_candidates
from recommendations.ml.ranker_features import Attributes, FeatureReader
from recommendations.ml.search import SPACES
from recommendations.ml.selection import decide, difference
from recommendations.ml.splits import held_out_mask, split_rows
from recommendations.ml.trees import read_trees
from recommendations.services.artefacts import Recommender, read_recommender, write_recommender

MIXES = ["blend", "ranker"]
MODELS = ("popularity", "item_knn", "transitions", "blend", "ranker")
START = {name: {key: values[0] for key, values in space.items()} for name, space in SPACES.items()}
DAY = 86_400.0


def fashion_rows(seed=0, users=300, items=120, bought=12):
    """An item is in fashion for a while; everybody buys what is in fashion on her days."""
    rng = np.random.default_rng(seed)
    peak = rng.random(items) * 300
    user, item, at = [], [], []
    for one in range(users):
        day = rng.random() * 300
        wish = rng.gumbel(0, 1, items) - np.abs(peak - day) / 12
        for place, which in enumerate(np.argsort(-wish)[:bought]):
            user.append(one)
            item.append(which)
            at.append((day + place / 10) * DAY)
    n = len(user)
    return Rows(np.array(user), np.array(item), np.ones(n, np.float32), np.array(at), users, items)


def chosen_on(rows, kind="random", models=MODELS, seconds=0, ticks=None):
    plan = Plan(models=models, seconds=seconds, k=5)
    mask = held_out_mask(rows, kind, share=0.25, seed=1)
    clock = (ticks or itertools.count()).__next__
    choice = choose(rows.take(~mask), kind, plan, clock=clock, report=lambda *_: None)
    return choice, split_rows(rows, mask), plan, clock


def fitted(train, names=("popularity", "item_knn", "transitions")):
    return {name: fit(name, train, START[name], 1) for name in names}


def test_what_only_times_tell_is_learned_and_the_ranker_is_chosen():
    choice, split, plan, clock = chosen_on(fashion_rows())
    assert choice.chosen == "ranker"
    assert any("ranker is chosen over" in line for line in choice.why)
    found = measure(split, choice, plan, clock=clock, report=lambda *_: None)
    assert found.metrics["ranker"]["ndcg"] > 1.03 * found.metrics["blend"]["ndcg"]
    card = found.metrics["ranker"]
    assert card["ndcg_low"] < card["ndcg"] < card["ndcg_high"]


def test_the_same_seed_grows_the_same_trees():
    first, second = (chosen_on(fashion_rows(users=120))[0] for _ in range(2))
    assert first.learned.text == second.learned.text
    assert first.values == second.values


def test_cuts_that_know_different_numbers_of_items_are_joined():
    """40 items, a fifth of which nobody has touched before the newest part: each step back knows
    fewer, and all have fewer than a source may list."""
    rows = fashion_rows(items=40, bought=6)
    choice, *_rest = chosen_on(rows, kind="temporal", seconds=10**9)
    assert choice.cuts > 1
    assert choice.values["blend"] > 0


def test_a_search_that_is_cut_is_cut_at_the_same_place_whatever_the_clock_says():
    rows = fashion_rows(users=120)
    runs = [
        chosen_on(rows, seconds=0.1, ticks=ticks)[0]
        for ticks in (itertools.repeat(0.0), itertools.count(0, 1e-5))
    ]
    assert runs[0].cut_by_budget
    assert runs[0].trials == runs[1].trials
    assert runs[0].values == runs[1].values
    stopped = chosen_on(rows, seconds=0.1, ticks=itertools.count())[0]
    assert sum(stopped.trials.values()) < sum(runs[0].trials.values())


def test_noise_gives_no_ranker():
    rng = np.random.default_rng(3)
    n = 3000
    rows = Rows(
        rng.integers(0, 300, n), rng.integers(0, 60, n), np.ones(n, np.float32),
        rng.random(n) * DAY, 300, 60,
    )  # fmt: skip
    choice, *_rest = chosen_on(rows)
    assert choice.chosen != "ranker"
    assert any("ranker is not chosen over" in line for line in choice.why)


@pytest.fixture(scope="module")
def ranker():
    choice, split, *_rest = chosen_on(fashion_rows())
    attributes = Attributes(price=np.arange(1.0, split.train.n_items + 1))
    assert choice.learned
    sources = fitted(split.train)
    return ranker_of(split.train, choice, sources, Attributes()), split, attributes


def test_numpy_s_trees_are_lightgbm_s(ranker):
    from lightgbm import Booster

    model, *_rest = ranker
    rng = np.random.default_rng(5)
    features = rng.normal(0, 2, (700, len(model.reader.names))).astype(np.float32)
    theirs = Booster(model_str=model.text).predict(features, num_threads=1)
    assert model.trees.predict(features) == pytest.approx(theirs, abs=1e-9)
    assert np.ptp(theirs) > 0


def test_a_tree_by_hand():
    """x0 ≤ 1 → 10; else x1 ≤ 5 → 20, else 30."""
    text = (
        "tree\n\nTree=0\nnum_leaves=3\nnum_cat=0\nsplit_feature=0 1\nthreshold=1 5\n"
        "left_child=-1 -2\nright_child=1 -3\nleaf_value=10 20 30\n\nend of trees\n"
    )
    rows = np.array([[1, 9], [2, 5], [2, 6]], dtype=np.float32)
    assert read_trees(text).predict(rows).tolist() == [10, 20, 30]


def test_one_history_is_ranked_as_in_a_batch(ranker):
    model, split, _attributes = ranker
    histories = split.train.histories.take(np.arange(3))
    found = model.reader.scores(histories)
    items = model.reader.pool(found, histories)
    every = model.of_pool(found, histories, items)
    for row in range(3):
        pool = items[row][items[row] >= 0]
        single = rank_candidates(model, histories.take(np.array([row])), pool)
        assert single == pytest.approx(every[row][items[row] >= 0], abs=1e-4)


def test_what_the_features_add_is_the_score(ranker):
    model, split, _attributes = ranker
    history = split.train.histories.take(np.array([4]))
    items = np.arange(30)
    parts = explain_candidates(model, history, items)
    assert [name for name, _values in parts] == [*model.reader.names, "start"]
    total = sum(values for _name, values in parts)
    assert total == pytest.approx(rank_candidates(model, history, items), abs=1e-4)


def test_groups_hold_the_same_sum_under_fewer_names(ranker):
    model, split, _attributes = ranker
    history, items = split.train.histories.take(np.array([4])), np.arange(30)
    groups = explain_groups(model, history, items)
    assert groups.keys() >= {"blend", "transitions", "popularity", "season", "history_items"}
    assert not any(name.endswith(("_score", "_rank", "_newest")) for name in groups)
    assert sum(groups.values()) == pytest.approx(rank_candidates(model, history, items), abs=1e-4)


def test_a_history_s_past_knows_nothing_of_what_came_later():
    """Rows after everybody's newest one are added for other customers: no feature moves."""
    rows = fashion_rows(users=80)
    early = rows.take(rows.user < 40)
    at = early.at
    late = np.full(len(at), at.max() + 40 * DAY)
    later = Rows(
        np.concatenate([early.user, early.user + 40]),
        np.concatenate([early.item, early.item[::-1]]),
        np.ones(2 * len(at), np.float32), np.concatenate([at, late]), 80, rows.n_items,
    )  # fmt: skip
    full = interactions(later)
    facts = learn_facts(full, "leave-one-out")
    asked = facts.moments(full.histories.take(np.arange(40)))
    newest = full.histories.at[full.histories.indptr[1:41] - 1]
    ends = np.array([facts.edges[asked[row].indices].max(initial=-np.inf) for row in range(40)])
    assert (ends <= newest).all()
    level = asked @ facts.levels[2]
    came_later = facts.first_at >= late[0]
    assert not level[:, came_later].any()


def test_a_stored_ranker_ranks_as_before(ranker, tmp_path):
    model, split, _attributes = ranker
    n_items = split.train.n_items
    params = {name: START[name] for name in model.reader.sources}
    ids = np.arange(n_items)
    kept = Recommender(
        ids, ids, dict(model.reader.sources), params, "ranker", model.reader.weights, model
    )
    write_recommender(kept, tmp_path / "a.npz")
    again = read_recommender(tmp_path / "a.npz").ranker
    asked_now = replace(model, reader=replace(model.reader, facts=model.reader.facts.asked_now()))
    history, items = split.train.histories.take(np.array([4])), np.arange(40)
    assert again.reader.names == model.reader.names
    assert rank_candidates(again, history, items).tolist() == pytest.approx(
        rank_candidates(asked_now, history, items).tolist(), abs=1e-5
    )
    assert np.ptp(rank_candidates(again, history, items)) > 0


def test_attributes_become_features_of_taste():
    rows = fashion_rows(users=60)
    train = interactions(rows)
    n_items = train.n_items
    attributes = Attributes(
        price=np.where(np.arange(n_items) % 2, 100.0, 1.0),
        codes={"brand": np.arange(n_items) % 3},
        figures={"margin_rate": np.linspace(0, 1, n_items)},
    )
    facts = learn_facts(train, "temporal")
    reader = FeatureReader(fitted(train), {"item_knn": 1.0}, facts, attributes)
    history = train.histories.take(np.array([0]))
    pool = np.arange(n_items)[None, :]
    at = {name: values[:, :] for name, values in reader.scores(history).items()}
    features = dict(zip(reader.names, reader.read(at, history, pool)[0].T, strict=True))
    brand = np.bincount(history.item_idx % 3, minlength=3) / len(history.item_idx)
    assert features["brand"] == pytest.approx(brand[np.arange(n_items) % 3])
    usual = np.log(attributes.price)[history.item_idx].mean()
    assert features["price_distance"][1] == pytest.approx(abs(np.log(100) - usual), abs=1e-5)
    assert features["margin_rate"] == pytest.approx(attributes.figures["margin_rate"])


def test_one_standard_error_decides():
    rng = np.random.default_rng(0)
    base = rng.random(400)
    person = np.arange(400)
    noise = rng.normal(0, 0.1, 400)
    lucky = base + noise - noise.mean() + 0.001  # ahead, by a fifth of its standard error
    verdict = decide({"ease": base, "blend": lucky, "ranker": base + 0.01}, person, MIXES)
    assert verdict.chosen == "ranker"
    assert "blend is not chosen over ease" in verdict.why[1]
    assert "ranker is chosen over ease" in verdict.why[2]
    assert decide({"a": base, "blend": base - 0.1}, person, MIXES).chosen == "a"


def test_a_person_held_out_twice_counts_once():
    ours, theirs = np.array([1.0, 1.0, 0.0]), np.zeros(3)
    apart = difference(ours, theirs, np.arange(3))
    twice = difference(ours, theirs, np.array([7, 7, 8]))
    assert apart[0] == twice[0] == pytest.approx(2 / 3)
    assert apart[1] == pytest.approx(np.std(ours) / np.sqrt(3))
    assert twice[1] > apart[1]
