"""Spans out of stock from the changes of a ledger, and what lies in them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inventory.ml.availability import Changes, out_of_stock


def spans_of(changes, opening, *, need=None, owner=None, begin=0.0, end=100.0):
    """changes: (track, at, delta), in the ledger's order."""
    changes = sorted(changes, key=lambda one: (one[0], one[1]))
    track, at, delta = zip(*changes, strict=True) if changes else ((), (), ())
    tracks = len(opening)
    made = Changes(
        np.array(track, dtype=np.int64),
        np.array(at, dtype=float),
        np.array(delta, dtype=np.int64),
        np.array(opening, dtype=float),
    )
    need = np.array(need or [1] * tracks)
    owner = np.array(owner if owner is not None else range(tracks))
    return out_of_stock(made, need, owner, begin, end)


def as_list(spans):
    return list(zip(spans.row.tolist(), spans.start.tolist(), spans.end.tolist(), strict=True))


def test_from_the_last_unit_to_the_next_receipt():
    found = spans_of([(0, 10, -2), (0, 30, 5), (0, 60, -5)], [2])
    assert as_list(found) == [(0, 10.0, 30.0), (0, 60.0, 100.0)]


def test_nothing_is_known_before_the_first_movement():
    assert as_list(spans_of([(0, 40, 3), (0, 50, -3)], [np.nan])) == [(0, 50.0, 100.0)]


def test_what_was_empty_before_the_window_is_empty_at_its_begin():
    assert as_list(spans_of([(0, 20, 1)], [0])) == [(0, 0.0, 20.0)]


def test_a_moment_between_two_movements_of_the_same_second_is_no_span():
    assert as_list(spans_of([(0, 10, -2), (0, 10, 4)], [2])) == []


def test_a_kit_is_out_while_any_component_has_too_few():
    """Two of the one, one of the other; the spans overlap and become one."""
    found = spans_of(
        [(0, 10, -1), (0, 30, 2), (1, 20, -1), (1, 50, 1)], [2, 1], need=[2, 1], owner=[0, 0]
    )
    assert as_list(found) == [(0, 10.0, 50.0)]


def test_moments_are_found_in_the_spans_of_their_own_row():
    found = spans_of([(0, 10, -1), (0, 30, 1)], [1, 1])
    row, at = np.array([0, 0, 0, 0, 1]), np.array([9.0, 10.0, 29.9, 30.0, 15.0])
    assert found.covers(row, at).tolist() == [False, True, True, False, False]


def test_seconds_are_cut_at_midnight():
    found = spans_of([(0, 10, -1), (0, 55, 1)], [1])
    row, day, seconds = found.seconds_per_day(np.array([0.0, 20.0, 40.0, 60.0, 100.0]))
    assert list(zip(row.tolist(), day.tolist(), seconds.tolist(), strict=True)) == [
        (0, 0, 10.0),
        (0, 1, 20.0),
        (0, 2, 15.0),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 99), st.integers(-3, 3)), max_size=40),
    st.lists(st.sampled_from([np.nan, 0.0, 1.0, 4.0]), min_size=3, max_size=3),
)
def test_every_moment_agrees_with_adding_the_ledger_up(changes, opening):
    found = spans_of(changes, opening)
    row, at = (grid.ravel() for grid in np.meshgrid(range(3), np.arange(100) + 0.5))
    told = found.covers(row, at)
    for number in range(len(row)):
        before = [
            delta for track, when, delta in changes if track == row[number] and when <= at[number]
        ]
        known = np.isfinite(opening[row[number]]) or bool(before)
        level = np.nan_to_num(opening[row[number]]) + sum(before)
        assert told[number] == (known and level < 1)
