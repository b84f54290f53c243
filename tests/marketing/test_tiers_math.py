"""Tiers without a database: hysteresis, grace, and what passing a threshold is worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketing.ml.discontinuity import Jump, Refused, bunching, jump_at
from marketing.ml.tiers import Ladder, Standing, Step, TermsError, ladder_of, next_standing

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STEPS = (Step(1, 100, 80), Step(2, 300, 250), Step(3, 900, 700))
LADDER = Ladder(STEPS, grace_days=30)


def walk(values: list[int | None], ladder: Ladder = LADDER) -> list[int]:
    """Ranks, a look a day."""
    now, ranks = Standing(), []
    for day, value in enumerate(values):
        now = next_standing(ladder, now, value, NOON + day * DAY)
        ranks.append(now.rank)
    return ranks


def test_a_tier_is_won_at_once_and_rungs_are_skipped():
    assert walk([99, 100, 950]) == [0, 1, 3]


def test_between_the_two_thresholds_nothing_changes():
    assert walk([300, 260, 250, 299]) == [2, 2, 2, 2]
    assert walk([99, 80]) == [0, 0]  # who was never in it does not come in by what keeps it


def test_it_is_lost_after_the_grace_and_not_a_day_before():
    assert walk([300, *[249] * 30]) == [2, *[2] * 30]
    assert walk([300, *[249] * 31])[-1] == 1
    assert walk([300, *[79] * 31])[-1] == 0


def test_one_look_above_begins_the_grace_anew():
    assert walk([300, *[249] * 20, 250, *[249] * 30])[-1] == 2


def test_what_nobody_knows_moves_nobody_and_begins_no_grace():
    assert walk([300, *[None] * 100]) == [2] * 101


def test_without_grace_she_leaves_at_the_look():
    assert walk([300, 249, 79], Ladder(STEPS, 0)) == [2, 1, 0]


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [Step(1, 100, 101)],
        [Step(1, 0, 0)],
        [Step(1, 100, 80), Step(2, 100, 80)],
        [Step(1, 100, 80), Step(2, 200, 70)],
    ],
)
def test_terms_that_make_no_sense_are_refused(steps):
    with pytest.raises(TermsError):
        ladder_of(steps, 30)


VALUES = st.lists(st.one_of(st.none(), st.integers(0, 1200)), max_size=60)


@given(VALUES, st.integers(0, 40))
def test_twice_at_the_same_moment_is_once(values, grace):
    ladder, now = Ladder(STEPS, grace), Standing()
    for day, value in enumerate(values):
        at = NOON + day * DAY
        now = next_standing(ladder, now, value, at)
        assert next_standing(ladder, now, value, at) == now


@given(VALUES, VALUES, st.integers(0, 40))
def test_who_has_more_at_every_look_never_stands_lower(values, more, grace):
    ladder = Ladder(STEPS, grace)
    pairs = [(v or 0, (v or 0) + (m or 0)) for v, m in zip(values, more, strict=False)]
    lower, higher = walk([v for v, _ in pairs], ladder), walk([m for _, m in pairs], ladder)
    assert all(one <= other for one, other in zip(lower, higher, strict=True))


@given(VALUES, st.integers(0, 40))
def test_nobody_is_in_a_tier_that_her_figures_never_reached(values, grace):
    most = max([value or 0 for value in values], default=0)
    ranks = walk(values, Ladder(STEPS, grace))
    assert max(ranks, default=0) <= max((s.rank for s in STEPS if s.enter_at <= most), default=0)


def world(seed: int, effect: float, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Who spent more before brings more afterwards, also without a programme: the selection."""
    rng = np.random.default_rng(seed)
    figure = rng.gamma(2.0, 100.0, n)
    outcome = 20 + 0.3 * figure + 0.0004 * figure**2 + rng.normal(0, 40, n)
    return figure, outcome + effect * (figure >= 250)


def test_the_jump_is_found_where_members_beside_others_would_say_far_too_much():
    figure, outcome = world(1, 15.0)
    naive = outcome[figure >= 250].mean() - outcome[figure < 250].mean()
    found = jump_at(figure, outcome, 250)
    assert isinstance(found, Jump)
    assert found.low <= 15.0 <= found.high
    assert naive > 60
    assert abs(found.value - 15.0) < 15


def test_the_interval_covers_and_says_nothing_of_nothing():
    """Of 60 shops each: at 95 % at least 51 hold the truth (one in 700 shops would not)."""
    for effect in (0.0, 15.0):
        found = [jump_at(*world(seed, effect), 250) for seed in range(60)]
        held = sum(isinstance(one, Jump) and one.low <= effect <= one.high for one in found)
        assert held >= 51, (effect, held)


def test_short_data_is_refused_with_its_numbers():
    figure, outcome = world(1, 15.0, n=300)
    found = jump_at(figure, outcome, 500)
    assert isinstance(found, Refused)
    assert found.reason == "few_customers"
    assert found.below + found.above == 300


def test_a_count_of_orders_is_no_line():
    rng = np.random.default_rng(3)
    orders = rng.poisson(2.5, 4000).astype(float)
    found = jump_at(orders, rng.normal(0, 1, 4000), 4)
    assert isinstance(found, Refused)
    assert found.reason == "few_values"


def test_who_pushes_herself_over_the_threshold_is_seen():
    rng = np.random.default_rng(4)
    figure = rng.uniform(0, 500, 4000)
    assert bunching(figure, 250, 100)[2] > 0.01
    pushed = np.where((figure > 235) & (figure < 250), 252.0, figure)
    assert bunching(pushed, 250, 100)[2] < 0.001
