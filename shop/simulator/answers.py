"""How long tickets waited for their first answer, and what customers said of it.

Its own stream of chance: everything else of a shop stays as it was before anybody was asked.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from .world import World

MEDIAN_WAIT_HOURS, WAIT_SPREAD = 7.0, 1.3  # lognormal
LONGEST_WAIT_HOURS = 72.0  # tickets are older than that when they count as answered
ASKED_AND_ANSWERED_RATE = 0.4
# Log odds of an answer of 4 or 5.
CONTENT, PER_LOG_HOUR, PER_FEELING, WHEN_DAMAGED = 2.6, -0.9, 1.4, -0.8
FEELINGS = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}


def answers(world: World, frame: pl.DataFrame, answered: np.ndarray) -> pl.DataFrame:
    """first_response_at, csat for the import, wait_hours and content_chance for the truth; a row a
    ticket, null where nobody has answered yet. frame: created_at, sentiment, intent. answered: bool.
    """
    rng = world.rng("answers")
    count = len(frame)
    wait = np.exp(rng.normal(np.log(MEDIAN_WAIT_HOURS), WAIT_SPREAD, count))
    wait = np.minimum(wait, LONGEST_WAIT_HOURS)
    margin = (
        CONTENT
        + PER_LOG_HOUR * np.log1p(wait)
        + PER_FEELING * frame["sentiment"].replace_strict(FEELINGS).to_numpy()
        + WHEN_DAMAGED * (frame["intent"] == "damaged").to_numpy()
    )
    chance = 1 / (1 + np.exp(-margin))
    content = rng.random(count) < chance
    said = np.where(content, rng.choice([4, 5], count), rng.choice([1, 2, 3], count))
    asked = answered & (rng.random(count) < ASKED_AND_ANSWERED_RATE)
    seconds = pl.Series(np.round(wait * 3600).astype(np.int64))
    told = frame.select(
        at=pl.col("created_at") + pl.duration(seconds=seconds),
        csat=pl.Series(said),
        wait_hours=pl.Series(wait),
        content_chance=pl.Series(chance),
        answered=pl.Series(answered),
        asked=pl.Series(asked),
    )
    return told.select(
        first_response_at=pl.when("answered").then("at"),
        csat=pl.when("asked").then("csat"),
        wait_hours=pl.when("answered").then("wait_hours"),
        content_chance=pl.when("answered").then("content_chance"),
    )
