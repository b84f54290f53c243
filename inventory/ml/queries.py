"""What a search was for, where its words say so."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

LEAST_FUZZY = 5  # letters; shorter words are too close to each other
CHINESE = re.compile(r"[\u3400-\u9fff]+")
WORD = re.compile(r"[^\W_]+")
# What stands for a person rather than for goods: an address, a long number.
PERSONAL = re.compile(r"\S@\S|\d[\d\s().-]{6,}\d")
# Words that every shop's visitors type and that name no goods.
FILLING = frozenset(
    ["a", "an", "and", "buy", "cheap", "for", "from", "in", "of", "on", "or", "the", "to", "with"]
)


def normal_query(text: str) -> str:
    """One spelling of a query: NFKC, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def is_personal(text: str) -> bool:
    """Whether it looks like an e-mail address or a telephone, card or order number."""
    return bool(PERSONAL.search(text))


def words_of(text: str) -> list[str]:
    """Words in order, without filling words; Chinese is cut into pairs of characters."""
    found: list[str] = []
    for word in WORD.findall(normal_query(text)):
        runs = CHINESE.findall(word)
        if not runs:
            found.append(word)
        for run in runs:
            found += [run[n : n + 2] for n in range(max(len(run) - 1, 1))]
    return [word for word in found if word not in FILLING]


@dataclass
class Shelf:
    """Which products and categories own a word. Build with `shelf_of`."""

    products: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    category_of: dict[int, int] = field(default_factory=dict)
    deletions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def spellings(self, word: str) -> set[str]:
        """The shelf's own words that it is, or is one slip of the finger away from."""
        if word in self.products:
            return {word}
        if len(word) < LEAST_FUZZY or CHINESE.match(word):
            return set()
        near = set().union(*(self.deletions.get(cut, set()) for cut in _cuts(word)))
        return {other for other in near if one_slip_apart(word, other)}


def shelf_of(products: Iterable[tuple[int, int | None, str]]) -> Shelf:
    """products: (product id, category id or None, every word that names it)."""
    shelf = Shelf()
    for product, category, text in products:
        if category is not None:
            shelf.category_of[product] = category
        for word in set(words_of(text)):
            shelf.products[word].add(product)
    for word in list(shelf.products):
        if len(word) >= LEAST_FUZZY - 1 and not CHINESE.match(word):
            for cut in _cuts(word):
                shelf.deletions[cut].add(word)
    return shelf


@dataclass(frozen=True)
class Match:
    """What a query names; neither where that cannot be defended."""

    product: int | None = None
    category: int | None = None


def match(query: str, shelf: Shelf) -> Match:
    """A product when all words of the query name that one alone; else the category that all
    products with these words share; else nothing.

    Every word has to be known, spelled right or one slip away: half a match is a guess.
    """
    words = words_of(query)
    fitting: set[int] | None = None
    for word in words:
        owners: set[int] = set()
        for spelling in shelf.spellings(word):
            owners |= shelf.products[spelling]
        fitting = owners if fitting is None else fitting & owners
        if not fitting:
            return Match()
    if not fitting:
        return Match()
    categories = {shelf.category_of.get(product) for product in fitting}
    category = categories.pop() if len(categories) == 1 else None
    product = next(iter(fitting)) if len(fitting) == 1 else None
    return Match(product, category)


def _cuts(word: str) -> set[str]:
    """The word and the word without one of its letters: two words within one slip share one."""
    return {word, *(word[:n] + word[n + 1 :] for n in range(len(word)))}


def one_slip_apart(one: str, other: str) -> bool:
    """One letter more, less or another, or two neighbours swapped.

    Source: Damerau, Communications of the ACM 7 (1964).
    """
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
    return a[1:] == b if len(a) > len(b) else a == b[1:]
