"""Who gets which arm, what an experiment may be, and when its arms stand still."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from decisions.ml.assignment import free_slice
from decisions.models import Experiment, ExperimentState
from decisions.services.experiments import (
    ExperimentError,
    arm_of,
    in_global_holdout,
    sample_ratio_p,
    save_experiment,
    start_experiment,
    stop_experiment,
    takes_part,
)
from tests.factories import NOW


def make_experiment(key="e", place="recommendations:home", shares=(0.5, 0.5), **fields):
    arms = [
        {"name": name, "share": share, "settings": {"rules": name == "a"}}
        for name, share in zip("abcde", shares, strict=False)
    ]
    return Experiment(key=key, label=key, place=place, arms=fields.pop("arms", arms), **fields)


def test_arms_follow_their_shares_and_never_move():
    experiment = make_experiment(shares=(0.2, 0.5, 0.3))
    drawn = [arm_of(experiment, f"customer:{n}").name for n in range(4000)]
    assert drawn == [arm_of(experiment, f"customer:{n}").name for n in range(4000)]
    counts = [drawn.count(name) for name in "abc"]
    assert sample_ratio_p(counts, [0.2, 0.5, 0.3]) > 0.001
    other = [arm_of(make_experiment("f", shares=(0.2, 0.5, 0.3)), f"customer:{n}").name
             for n in range(4000)]  # fmt: skip
    assert other != drawn  # a second experiment draws anew


def test_shares_that_do_not_add_up_by_a_rounding_error_give_the_last_arm():
    experiment = make_experiment(shares=(1 / 3, 1 / 3, 1 / 3 - 1e-12))
    assert {arm_of(experiment, f"v:{n}").name for n in range(500)} == {"a", "b", "c"}


def test_a_ratio_that_chance_does_not_make_is_found():
    # Worked: (60 − 50)² / 50 × 2 = 4, one degree of freedom → p = 0.0455.
    assert sample_ratio_p([60, 40], [0.5, 0.5]) == pytest.approx(0.0455, abs=5e-5)
    assert sample_ratio_p([5200, 4800], [0.5, 0.5]) < 0.001
    with pytest.raises(ValueError, match="units"):
        sample_ratio_p([0, 0], [0.5, 0.5])


@pytest.mark.django_db
@pytest.mark.parametrize("shares", [(1.0,), (0.5, 0.6), (1.0, 0.0), (0.2,) * 5])
def test_arms_that_cannot_be_are_refused(shares):
    with pytest.raises(ExperimentError):
        save_experiment(make_experiment(shares=shares))
    assert not Experiment.objects.exists()


@pytest.mark.django_db
def test_one_runs_in_a_place_and_its_arms_stand_still():
    first, second = make_experiment("one"), make_experiment("two")
    save_experiment(first)
    save_experiment(second)
    start_experiment(first, at=NOW)
    assert list(Experiment.objects.running(NOW)) == [first]
    with pytest.raises(ExperimentError, match="Another experiment runs here"):
        start_experiment(second, at=NOW)
    with pytest.raises(ExperimentError, match="It has begun"):
        save_experiment(first)
    with pytest.raises(ExperimentError, match="run already"):
        start_experiment(first, at=NOW)
    assert stop_experiment(first, at=NOW)
    assert not stop_experiment(first, at=NOW)
    start_experiment(second, at=NOW)
    assert list(Experiment.objects.running(NOW)) == [second]


@pytest.mark.django_db
def test_experiments_of_one_layer_share_no_customers():
    units = [f"customer:{n}" for n in range(3000)]
    started = []
    for number, rate in enumerate((0.5, 0.3)):
        one = make_experiment(f"l{number}", f"p{number}", layer="prices", traffic_rate=rate)
        started.append(start_experiment(save_experiment(one), at=NOW))
    assert [one.layer_from for one in started] == [0.0, 0.5]
    first, second = ({unit for unit in units if takes_part(one, unit)} for one in started)
    assert not first & second
    assert 0.46 < len(first) / 3000 < 0.54
    third = save_experiment(make_experiment("l3", "p3", layer="prices", traffic_rate=0.3))
    with pytest.raises(ExperimentError, match="has no room for 30 % more"):
        start_experiment(third, at=NOW)
    stop_experiment(started[0], at=NOW)
    assert start_experiment(third, at=NOW).layer_from == 0.0
    other = save_experiment(make_experiment("free", "p4", traffic_rate=0.2))
    assert 0.16 < sum(takes_part(other, unit) for unit in units) / 3000 < 0.24


@pytest.mark.django_db
def test_some_are_kept_out_of_everything(settings):
    units = [f"customer:{n}" for n in range(2000)]
    experiment = make_experiment()
    assert all(takes_part(experiment, unit) for unit in units)
    settings.EXPERIMENT_HOLDOUT_RATE = 0.1
    out = {unit for unit in units if in_global_holdout(unit)}
    assert 0.07 < len(out) / 2000 < 0.13
    assert out == {unit for unit in units if not takes_part(experiment, unit)}
    settings.EXPERIMENT_HOLDOUT_KEY = "2"
    assert out != {unit for unit in units if in_global_holdout(unit)}


def test_free_parts_of_a_layer():
    assert free_slice([], 1.0) == 0.0
    assert free_slice([(0.0, 0.4), (0.6, 0.4)], 0.2) == pytest.approx(0.4)
    assert free_slice([(0.0, 0.4), (0.6, 0.4)], 0.3) is None
    assert free_slice([(0.2, 0.8)], 0.2) == 0.0


@pytest.mark.django_db
def test_what_is_over_makes_room():
    first = make_experiment("one", ends_at=NOW + timedelta(days=1), starts_at=NOW)
    start_experiment(save_experiment(first), at=NOW)
    later = NOW + timedelta(days=2)
    assert not Experiment.objects.running(later).exists()
    start_experiment(save_experiment(make_experiment("two")), at=later)
    first.refresh_from_db()
    assert first.state == ExperimentState.STOPPED


@pytest.mark.django_db
def test_the_database_keeps_one_running_per_place():
    Experiment.objects.create(
        key="one", label="one", place="p", state="running", starts_at=NOW, arms=[]
    )
    with pytest.raises(IntegrityError):
        Experiment.objects.create(
            key="two", label="two", place="p", state="running", starts_at=NOW, arms=[]
        )


@pytest.mark.django_db
def test_an_end_before_the_start_is_refused():
    with pytest.raises(ExperimentError, match="over before it begins"):
        save_experiment(make_experiment(starts_at=NOW, ends_at=NOW))
