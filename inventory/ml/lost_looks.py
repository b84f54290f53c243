"""Counts of looks per SKU and day, those in vain and the others. Nobody is counted by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NOBODY = -1


@dataclass(frozen=True)
class Looks:
    """Views of product pages: row, day, person int64 (n,), was_out bool (n,).

    person: a number per browser; NOBODY for a view without consent, which tells nobody apart.
    """

    row: np.ndarray
    day: np.ndarray
    person: np.ndarray
    was_out: np.ndarray


@dataclass(frozen=True)
class LostDays:
    """Row and day of every SKU-day with a look in vain; views, people, other_views int64 (n,)."""

    row: np.ndarray
    day: np.ndarray
    views: np.ndarray
    people: np.ndarray
    other_views: np.ndarray

    @property
    def looks(self) -> np.ndarray:
        """A person a day once; a view that is nobody's once."""
        return self.people + self.other_views


def lost_days(looks: Looks, days: int) -> LostDays:
    """What was looked at in vain, per row and day; days: how many there are."""
    out = looks.was_out
    key = looks.row[out] * days + looks.day[out]
    person = looks.person[out]
    every = np.unique(key)
    views = _counted(every, key)
    other_views = _counted(every, key[person == NOBODY])
    named = np.unique(np.stack([key, person], axis=1)[person != NOBODY], axis=0)
    people = _counted(every, named[:, 0])
    return LostDays(every // days, every % days, views, people, other_views)


def _counted(every: np.ndarray, keys: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(every, keys), minlength=len(every))


def looks_available(looks: Looks, rows: int, days: int) -> np.ndarray:
    """int64 (rows,): looks while it could be bought, a person a day once. days: how many there are."""
    there = ~looks.was_out
    row, person = looks.row[there], looks.person[there]
    others = np.bincount(row[person == NOBODY], minlength=rows)
    key = (row * days + looks.day[there])[person != NOBODY]
    named = np.unique(np.stack([key, person[person != NOBODY]], axis=1), axis=0)
    return others + np.bincount(named[:, 0] // days, minlength=rows)
