"""Peeking every evening: ours stays under 5 %, a t-test does not, intervals hold the truth."""

import pytest

from benchmarks.experiment_flips import flips, verdicts
from benchmarks.experiment_simulation import ratio_test, simulate


@pytest.fixture(scope="module")
def no_effect():
    return simulate(400, 0.0, seed=11)


@pytest.mark.parametrize("metric", ["conversion", "revenue", "adjusted"])
def test_peeking_finds_nothing_where_nothing_is(no_effect, metric):
    found = no_effect[metric]
    assert found["always"] <= 0.05
    assert found["naive"] > 0.15  # the negative control: peeking with a t-test
    assert 0.92 <= found["once_holds"] <= 0.98
    assert found["always_holds"] >= 0.95


def test_a_known_uplift_is_recovered():
    found = simulate(150, 0.03, seed=12)
    assert found["conversion"]["always"] > 0.95
    for metric in found.values():
        assert abs(metric["bias"]) < 3.5
        assert metric["always_holds"] >= 0.95


def test_sizes_alarm_only_where_something_is_wrong():
    assert ratio_test(60, 0.5, seed=13) <= 0.02
    assert ratio_test(20, 0.51, seed=13) == 1.0


def snapshot(n: int, treated: float) -> dict:
    return {
        "count_c": n, "mean_c": 0.1, "variance_c": 0.09,
        "count_t": n, "mean_t": treated, "variance_t": 0.09,
    }  # fmt: skip


def test_a_novelty_effect_flips_the_t_test_and_not_us():
    rows = [snapshot(1200, 0.13), snapshot(4000, 0.135), snapshot(20_000, 0.104)]
    rows += [snapshot(40_000, 0.1005)]
    said, moved = verdicts(rows)
    assert said["t_test"] == ["win", "win", "cannot tell", "cannot tell"]
    assert said["ours"] == ["cannot tell", "win", "win", "win"]
    assert (flips(said["t_test"]), flips(said["ours"]), moved) == (1, 0, False)
