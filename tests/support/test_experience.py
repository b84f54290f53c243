"""The experience score: monotone in the wait, refused where data are short, finds a planted truth."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.night import steps_named
from config.night_steps import SkipStepError
from decisions.services.model_runs import live_run
from support.experience_frames import ASPECTS, INTENTS
from support.ml.experience import (
    Conversations,
    columns_of,
    fit_experience,
    load_experience,
    save_experience,
)
from support.ml.experience_check import auc, rank_correlation, with_interval
from support.models import ConversationScore, CustomerExperience, TicketState
from support.services.experience import refresh_experience
from support.services.experience_training import LEAST_ANSWERS, TooFewAnswersError, train_experience
from tests.factories import NOW, make_customer
from tests.factories_support import make_ticket


def conversations(rng, n):
    return Conversations(
        wait_hours=rng.exponential(30.0, n),
        mood=rng.uniform(-1, 1, n),
        again=rng.poisson(0.6, n).astype(float),
        handed_off=rng.random(n) < 0.2,
        blamed=rng.random((n, len(ASPECTS))) < 0.12,
        intent_idx=rng.integers(-1, len(INTENTS), n),
    )


def planted_chance(told):
    """The truth: waits, mood and blame of delivery count; nothing else."""
    margin = 2.4 - 0.9 * np.log1p(told.wait_hours) + 1.2 * told.mood - 1.5 * told.blamed[:, 2]
    return 1 / (1 + np.exp(-margin))


def planted(seed, n=3000):
    rng = np.random.default_rng(seed)
    told = conversations(rng, n)
    chance = planted_chance(told)
    return told, chance, rng.random(n) < chance


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_score_finds_a_planted_truth(seed):
    told, _chance, content = planted(seed)
    model = fit_experience(told, content, ASPECTS, INTENTS)
    fresh, chance, _content = planted(seed + 100)
    score = model.scores(fresh)
    assert rank_correlation(chance, score) > 0.95
    assert np.abs(score / 100 - chance).mean() < 0.05
    # The same measure tells a score of noise from one that knows.
    assert abs(rank_correlation(chance, np.random.default_rng(seed).random(len(chance)))) < 0.1


def test_the_planted_cause_is_named_and_the_others_are_not():
    told, _chance, content = planted(4)
    causes = fit_experience(told, content, ASPECTS, INTENTS).causes(told)
    blamed = told.blamed[:, 2]
    assert causes["aspect:delivery"][blamed].mean() < -0.8
    assert all(causes[f"aspect:{a}"].min() > -0.8 for a in ASPECTS if a != "delivery")


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    liar=st.booleans(),
    waits=st.lists(st.floats(0, 5000), min_size=2, max_size=2),
)
def test_a_longer_wait_never_raises_the_score(seed, liar, waits):
    """Also when it learned from customers who like to wait."""
    rng = np.random.default_rng(seed)
    told = conversations(rng, 80)
    content = rng.random(80) < (np.argsort(np.argsort(told.wait_hours)) / 79 if liar else 0.5)
    content[:2] = [True, False]
    model = fit_experience(told, content, ASPECTS, INTENTS)
    short, long = sorted(waits)
    scores = [
        model.scores(
            Conversations(
                np.full(80, wait), *(getattr(told, n) for n in list(told.__dataclass_fields__)[1:])
            )
        )
        for wait in (short, long)
    ]
    assert (scores[1] <= scores[0]).all()


def test_without_bounds_the_same_data_would_raise_it():
    """The negative control of the property above: the data do ask for a rising score."""
    told, _chance, _content = planted(5, 400)
    content = told.wait_hours > np.median(told.wait_hours)
    columns = columns_of(told, len(INTENTS))
    free = np.linalg.lstsq(np.column_stack([columns, np.ones(400)]), content, rcond=None)[0]
    assert free[:7].max() > 0.05
    assert fit_experience(told, content, ASPECTS, INTENTS).weights[:7].max() <= 0


def test_auc_by_hand_and_its_interval():
    truth = np.array([True, False, True, False])
    assert auc(truth, np.array([3.0, 1.0, 2.0, 2.0])) == 0.875
    assert auc(np.array([True, True]), np.array([1.0, 2.0])) is None
    _told, chance, content = planted(6, 600)
    figure = with_interval(auc, content, chance, np.arange(600), seed=1)
    assert figure.low < figure.value < figure.high
    assert with_interval(auc, content, chance, np.zeros(600), seed=1).low is None  # one customer


def test_a_model_comes_back_from_its_file(tmp_path):
    told, _chance, content = planted(7, 300)
    model = fit_experience(told, content, ASPECTS, INTENTS)
    save_experience(model, tmp_path / "m.json")
    assert (load_experience(tmp_path / "m.json").scores(told) == model.scores(told)).all()


class Quiet:
    job_id = None

    def __call__(self, done, total=0, note=""):
        pass

    def still_mine(self):
        pass


def make_answers(n=240):
    """Three days of waiting displease, and so does what was wrong before: the mood."""
    rng = np.random.default_rng(3)
    people = [make_customer(f"P-{k}", email=f"p{k}@example.com") for k in range(40)]
    for k in range(n):
        slow = k % 2 == 0
        mood = float(rng.uniform(-1, 1))
        pleased = rng.random() < 1 / (1 + np.exp(4 * slow - 2 - 3 * mood))
        at = NOW - timedelta(days=250) + timedelta(days=k)
        make_ticket(
            at=at,
            customer=people[k % 40],
            state=TicketState.SOLVED,
            sentiment=mood,
            intent="other",
            first_response_at=at + timedelta(hours=72 if slow else 1),
            csat=5 if pleased else 2,
            csat_at=at + timedelta(hours=80),
        )


@pytest.mark.django_db
def test_too_few_answers_are_refused_with_what_is_missing():
    make_answers(3)
    with pytest.raises(TooFewAnswersError) as refused:
        train_experience(NOW)
    assert refused.value.reason["params"] == {"missing": LEAST_ANSWERS - 3}
    [step] = steps_named(["experience"])
    with pytest.raises(SkipStepError):
        step.run(Quiet(), NOW)
    assert not ConversationScore.objects.exists()


@pytest.mark.django_db
def test_the_night_scores_once_and_again_the_same():
    make_answers()
    first = refresh_experience(Quiet(), NOW)
    run = live_run("experience")
    assert first["conversations"] == 240
    assert first["customers"] == 40
    assert run.value > run.baseline_value
    assert run.metrics["repurchase"]["n"] < 50 or run.metrics["repurchase"]["value"] is None
    rows = list(ConversationScore.objects.order_by("pk").values())
    people = list(CustomerExperience.objects.order_by("pk").values())
    assert refresh_experience(Quiet(), NOW) == first
    assert list(ConversationScore.objects.order_by("pk").values()) == rows
    assert list(CustomerExperience.objects.order_by("pk").values()) == people
    slow = ConversationScore.objects.filter(wait_hours__gt=50)
    assert all("wait" in row.causes for row in slow)
    assert not any("wait" in row.causes for row in ConversationScore.objects.filter(wait_hours=1))
