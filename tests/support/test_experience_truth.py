"""The known-truth shop: from the few customers who answered, the score finds how all of them felt."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from shop.simulator.answers import FEELINGS
from shop.simulator.shop import simulate
from shop.simulator.world import make_world
from support.experience_frames import ASPECTS, INTENTS
from support.ml.experience import Conversations, fit_experience
from support.ml.experience_check import auc, rank_correlation, with_interval


@pytest.fixture(scope="module")
def shop():
    sizes = {"products": 60, "customers": 2500, "days": 360}
    return simulate(make_world("teahouse", seed=5, until=date(2026, 11, 20), **sizes))


def told_of(rows):
    count = len(rows)
    mood = rows["sentiment"].replace_strict(FEELINGS).to_numpy()
    return Conversations(
        wait_hours=rows["wait_hours"].to_numpy(),
        mood=mood,
        again=np.zeros(count),
        handed_off=np.zeros(count, bool),
        blamed=np.zeros((count, len(ASPECTS)), bool),
        intent_idx=np.array([INTENTS.index(intent) for intent in rows["intent"]]),
    )


def test_answers_follow_their_truth_and_waits_are_those_of_the_import(shop):
    rows = shop.frames["tickets"].drop("intent").join(shop.truth["tickets"], on="number")
    waited = rows.filter(pl.col("first_response_at").is_not_null())
    hours = (waited["first_response_at"] - waited["created_at"]).dt.total_seconds() / 3600
    assert np.abs(hours.to_numpy() - waited["wait_hours"].to_numpy()).max() < 0.001
    said = rows.filter(pl.col("csat").is_not_null())
    assert 0.35 < len(said) / len(waited) < 0.45
    gap = (said["csat"] >= 4).mean() - said["content_chance"].mean()
    assert abs(gap) < 3 * 0.5 / len(said) ** 0.5
    assert rows.filter(
        pl.col("csat").is_not_null() & pl.col("first_response_at").is_null()
    ).is_empty()


def test_the_score_recovers_the_truth_of_those_who_never_answered(shop):
    rows = shop.frames["tickets"].select("number", "csat").join(shop.truth["tickets"], on="number")
    rows = rows.filter(pl.col("content_chance").is_not_null())
    asked, silent = rows.filter(pl.col("csat").is_not_null()), rows.filter(pl.col("csat").is_null())
    told = told_of(asked)
    model = fit_experience(told, (asked["csat"] >= 4).to_numpy(), ASPECTS, INTENTS)
    score, truth = model.scores(told_of(silent)), silent["content_chance"].to_numpy()
    assert len(silent) > 500
    assert rank_correlation(truth, score) > 0.9
    assert np.abs(score / 100 - truth).mean() < 0.07
    # Beside it: the wait alone and the mood alone know half of it each.
    for baseline in (-told_of(silent).wait_hours, told_of(silent).mood):
        assert rank_correlation(truth, baseline) < rank_correlation(truth, score) - 0.05
    figure = with_interval(auc, truth > 0.5, score, np.arange(len(truth)), seed=1)
    assert figure.low > 0.9
