"""When a SKU could not be bought: spans of time from the changes of a ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spans:
    """Half-open spans of time of many rows, [start, end).

    row: int64 (n,), ascending; start, end: float64 (n,) epoch seconds, ascending and without
    overlap within a row.
    """

    row: np.ndarray
    start: np.ndarray
    end: np.ndarray

    def covers(self, row: np.ndarray, at: np.ndarray) -> np.ndarray:
        """bool (m,): whether the moment `at` (epoch seconds) lies in a span of its row."""
        if not len(self.row):
            return np.zeros(len(row), dtype=bool)
        # One search for all rows: the last span that begins at or before the moment.
        order = np.lexsort((at, row))
        place = _last_at_or_before(self.row, self.start, row[order], at[order])
        inside = np.zeros(len(row), dtype=bool)
        known = place >= 0
        safe = np.maximum(place, 0)
        inside[order] = known & (self.row[safe] == row[order]) & (at[order] < self.end[safe])
        return inside

    def seconds_per_day(self, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(row, day, seconds) of every day that a span touches, day d being edges[d] … edges[d+1].

        edges: float64 (days + 1,) epoch seconds; a day of a clock change is 23 or 25 hours long.
        """
        first = np.clip(np.searchsorted(edges, self.start, side="right") - 1, 0, len(edges) - 2)
        last = np.clip(np.searchsorted(edges, self.end, side="left") - 1, 0, len(edges) - 2)
        days = last - first + 1
        span = np.repeat(np.arange(len(self.row)), days)
        day = first[span] + np.arange(len(span)) - np.repeat(np.cumsum(days) - days, days)
        seconds = np.minimum(self.end[span], edges[day + 1]) - np.maximum(
            self.start[span], edges[day]
        )
        key, place = np.unique(self.row[span] * len(edges) + day, return_inverse=True)
        total = np.bincount(place, np.maximum(seconds, 0), len(key))
        return (key // len(edges))[total > 0], (key % len(edges))[total > 0], total[total > 0]


def _last_at_or_before(
    span_row: np.ndarray, span_start: np.ndarray, row: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """Index of the last span (row, start) ≤ (row, at) in lexicographic order; −1 before the first."""
    merged = np.lexsort(
        (
            np.concatenate([np.zeros(len(span_row)), np.ones(len(row))]),  # a span begins first
            np.concatenate([span_start, at]),
            np.concatenate([span_row, row]),
        )
    )
    is_span = merged < len(span_row)
    before = np.cumsum(is_span) - 1
    place = np.empty(len(row), dtype=np.int64)
    place[merged[~is_span] - len(span_row)] = before[~is_span]
    return place


@dataclass(frozen=True)
class Changes:
    """What a ledger says of tracks (a SKU, or one component of a kit).

    track: int64 (n,); at: float64 (n,) epoch seconds; delta_units: int64 (n,): changes of what is
    available inside the window, sorted by track, then time, then the ledger's own order.
    opening_units: float64 (tracks,): available at the window's begin, NaN where nothing was known.
    """

    track: np.ndarray
    at: np.ndarray
    delta_units: np.ndarray
    opening_units: np.ndarray


def out_of_stock(
    changes: Changes, need_units: np.ndarray, owner: np.ndarray, begin: float, end: float
) -> Spans:
    """When fewer than `need_units` were available, per owner: the union over its tracks.

    need_units, owner: int64 (tracks,): units that one sale takes, and the row that it belongs to.
    Before a track's first change nothing is known, so it is not out of stock.
    """
    level, track, at, until = _levels(changes, begin, end)
    out = (level < need_units[track]) & (until > at)
    return _union(owner[track[out]], at[out], until[out])


def _levels(
    changes: Changes, begin: float, end: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(level, track, from, until): what was available between one change and the next."""
    opened = np.flatnonzero(np.isfinite(changes.opening_units))
    track = np.concatenate([opened, changes.track])
    at = np.concatenate([np.full(len(opened), begin), changes.at])
    delta = np.concatenate([changes.opening_units[opened], changes.delta_units])
    order = np.argsort(track, kind="stable")  # the opening stands before the track's changes
    track, at, delta = track[order], at[order], delta[order]
    if not len(track):
        return delta, track, at, at
    running = np.cumsum(delta)
    first = np.concatenate([[True], track[1:] != track[:-1]])
    start = np.flatnonzero(first)
    base = np.repeat((running - delta)[start], np.diff(np.append(start, len(track))))
    last = np.append(first[1:], True)
    until = np.where(last, end, np.append(at[1:], end))
    return running - base, track, at, until


def _union(row: np.ndarray, start: np.ndarray, end: np.ndarray) -> Spans:
    """Overlapping and touching spans of a row become one."""
    order = np.lexsort((start, row))
    row, start, end = row[order], start[order], end[order]
    if not len(row):
        return Spans(row.astype(np.int64), start, end)
    # The latest end so far within the row: rows are lifted apart so that one running maximum does.
    lift = (end.max() - start.min() + 1.0) * (row - row[0])
    reach = np.maximum.accumulate(end + lift)
    begins = np.concatenate([[True], (start + lift)[1:] > reach[:-1]])
    first = np.flatnonzero(begins)
    return Spans(row[first].astype(np.int64), start[first], np.maximum.reduceat(end, first))
