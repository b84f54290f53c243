"""Who is behind a row: browsers that became customers, and people numbered as they appear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CLOSE = 4  # keys per row up to which a table of them costs less than sorting


@dataclass(frozen=True)
class Links:
    """From `at` on the browser is that customer's; oldest first, in any order of browsers.

    browser: int64 codes; at: int64 microseconds since 1970; customer: int64 database keys.
    """

    browser: np.ndarray
    at: np.ndarray
    customer: np.ndarray


def owners(browser: np.ndarray, at: np.ndarray, links: Links) -> np.ndarray:
    """int64 (n,): the customer behind each row, 0 where the browser was never linked.

    The last link at or before the row counts; what came before any link belongs to the first one.
    browser: int64 codes (n,), those of the links. at: int64 microseconds (n,).
    """
    n_links = len(links.browser)
    if not n_links:
        return np.zeros(len(browser), dtype=np.int64)
    every = np.concatenate([links.browser, browser])
    when = np.concatenate([links.at, at])
    is_row = np.arange(len(every)) >= n_links
    # By browser, then time; at one moment links stand first, in their own order.
    order = np.lexsort((is_row, when, every))
    place = np.where(is_row[order], -1, np.arange(len(order)))
    latest = np.maximum.accumulate(place)
    of_link = np.concatenate([links.customer, np.zeros(len(browser), dtype=np.int64)])[order]
    same = (latest >= 0) & (every[order][np.maximum(latest, 0)] == every[order])
    found = np.zeros(len(every), dtype=np.int64)
    found[order] = np.where(same, of_link[np.maximum(latest, 0)], 0)
    return _or_the_first(found[n_links:], browser, links)


def _or_the_first(owner: np.ndarray, browser: np.ndarray, links: Links) -> np.ndarray:
    known, oldest = np.unique(links.browser, return_index=True)
    place = np.minimum(np.searchsorted(known, browser), len(known) - 1)
    linked = known[place] == browser
    return np.where((owner == 0) & linked, links.customer[oldest[place]], owner)


def numbered_as_seen(people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int64 codes (n,), 0 for the first person of the array and so on; and each code's person."""
    keys, first, inverse = np.unique(people, return_index=True, return_inverse=True)
    order = np.argsort(first)
    code = np.empty(len(keys), dtype=np.int64)
    code[order] = np.arange(len(keys))
    return code[inverse], keys[order]


def numbered_by_key(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The keys that occur, ascending, and each one's place among them: int64 (k,) and (n,).

    Keys that lie close together are marked in a table instead of being sorted.
    """
    first = int(keys.min()) if len(keys) else 0
    span = int(keys.max()) - first + 1 if len(keys) else 0
    if span > CLOSE * len(keys):
        found, inverse = np.unique(keys, return_inverse=True)
        return found, inverse.astype(np.int64)
    there = np.zeros(span, dtype=bool)
    there[keys - first] = True
    return np.flatnonzero(there) + first, (np.cumsum(there) - 1)[keys - first]


def codes_of(texts: list[str], known: dict[str, int]) -> np.ndarray:
    """int64 (n,): each text's number; new ones are added to `known` in their order."""
    number = (known.setdefault(text, len(known)) for text in texts)
    return np.fromiter(number, dtype=np.int64, count=len(texts))
