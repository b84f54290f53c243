"""What each family of features adds: LightGBM's own numbers, and always the whole prediction."""

from itertools import combinations, permutations

import lightgbm as lgb
import numpy as np
import pytest

from inventory.ml.tree_parts import FAMILIES, family_of, family_parts

QUIET = {"verbose": -1, "num_threads": 1, "seed": 3, "min_data_in_leaf": 20, "num_leaves": 15}


def grown(objective, features=5, rounds=12):
    random = np.random.default_rng(8)
    matrix = random.random((900, features))
    matrix[random.random(matrix.shape) < 0.15] = np.nan
    matrix[:, 1] = np.round(matrix[:, 1] * 3)
    known = np.nan_to_num(matrix)
    target = random.poisson(np.exp(known[:, 0] + known[:, 1] * known[:, 2]))
    data = lgb.Dataset(matrix, target)
    return lgb.train(QUIET | objective, data, rounds), matrix


@pytest.mark.parametrize(
    "objective",
    [
        {"objective": "tweedie"},
        {"objective": "quantile", "alpha": 0.7},
        {"objective": "regression", "zero_as_missing": True},
        {"objective": "regression", "use_missing": False},
    ],
    ids=lambda one: "-".join(map(str, one.values())),
)
def test_one_feature_per_family_gives_lightgbms_own_contributions(objective):
    trees, matrix = grown(objective)
    parts, base = family_parts(trees, matrix, np.arange(5))
    theirs = trees.predict(matrix, pred_contrib=True)
    np.testing.assert_allclose(parts, theirs[:, :-1], atol=1e-9)
    np.testing.assert_allclose(base, theirs[0, -1], atol=1e-9)


def test_families_sum_to_the_raw_score():
    trees, matrix = grown({"objective": "tweedie"}, features=9, rounds=30)
    family = np.array([0, 1, 1, 2, 0, 3, 2, 1, 0])
    parts, base = family_parts(trees, matrix, family)
    raw = trees.predict(matrix, raw_score=True)
    np.testing.assert_allclose(base + parts.sum(axis=1), raw, atol=1e-9)
    assert np.abs(parts[:, 0]).mean() > 0.01


def told(node, row, family, known) -> float:
    """The mean of a tree where only the families in `known` are told: at any other split both ways,
    by how many training rows went each."""
    if "split_feature" not in node:
        return node["leaf_value"]
    ways = node["left_child"], node["right_child"]
    if family[node["split_feature"]] in known:
        value = row[node["split_feature"]]
        left = node["default_left"] if np.isnan(value) else value <= node["threshold"]
        return told(ways[0] if left else ways[1], row, family, known)
    counts = [one.get("internal_count", one.get("leaf_count")) for one in ways]
    return sum(
        count / sum(counts) * told(one, row, family, known)
        for count, one in zip(counts, ways, strict=True)
    )


def test_several_features_per_family_are_the_games_own_values():
    """Shapley's mean over all orders of the families, each coalition asked of the trees."""
    trees, matrix = grown({"objective": "tweedie"}, features=7, rounds=4)
    family, rows = np.array([0, 1, 1, 2, 0, 2, 1]), matrix[:25]
    roots = [one["tree_structure"] for one in trees.dump_model()["tree_info"]]
    parts, base = family_parts(trees, rows, family)
    for row, own in zip(rows, parts, strict=True):
        value = {
            frozenset(known): sum(told(root, row, family, known) for root in roots)
            for size in range(4)
            for known in combinations(range(3), size)
        }
        for player in range(3):
            gains = [
                value[frozenset(order[: order.index(player) + 1])]
                - value[frozenset(order[: order.index(player)])]
                for order in permutations(range(3))
            ]
            assert own[player] == pytest.approx(np.mean(gains), abs=1e-9)
        assert base == pytest.approx(value[frozenset()], abs=1e-9)


def test_a_tree_without_a_split_is_all_base():
    data = lgb.Dataset(np.ones((50, 2)), np.arange(50.0))
    trees = lgb.train(QUIET | {"objective": "regression"}, data, 3)
    parts, base = family_parts(trees, np.ones((4, 2)), np.array([0, 1]))
    assert not parts.any()
    assert base == pytest.approx(trees.predict(np.ones((1, 2)))[0])


def test_every_feature_has_the_family_that_a_merchant_would_name():
    named = {name: FAMILIES[family_of(name)] for name in (
        "mean_28", "log_scale", "step", "season_1", "year_ago_ratio", "week", "weekday",
        "holiday", "days_to", "day_off", "price_to_usual", "promotion_lift", "share_sold",
    )}  # fmt: skip
    assert named == {
        "mean_28": "level", "log_scale": "level", "step": "level", "season_1": "season",
        "year_ago_ratio": "season", "week": "season", "weekday": "season",
        "holiday": "festival", "days_to": "festival", "day_off": "festival",
        "price_to_usual": "price", "promotion_lift": "promotion", "share_sold": "level",
    }  # fmt: skip
