"""What a person was called by, as something to search for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from privacy.registry.base import Subject

# Shorter ones stand inside other words and numbers by chance: they are looked for as whole values.
LEAST_LETTERS, LEAST_DIGITS = 4, 7
BEFORE, AFTER = r"(?<![\w.+-])", r"(?![\w-])(?!\.\w)"
HER_KEY = r'"(?:customer|customer_id|customer_pk)":\s?{pk}(?!\d)'
AMONG_KEYS = r'"(?:customers|customer_ids)":\s?\[(?:[^\]]*\D)?{pk}(?!\d)'


@dataclass(frozen=True)
class Word:
    kind: str
    text: str

    @property
    def is_strong(self) -> bool:
        """Whether it may be looked for inside longer texts."""
        least = LEAST_DIGITS if self.text.isdigit() else LEAST_LETTERS
        return len(self.text) >= least or (not self.text.isascii() and len(self.text) > 1)

    @property
    def spellings(self) -> list[str]:
        """As it stands in a text, and as JSON spells it that knows ASCII alone."""
        return list(dict.fromkeys([self.text, json.dumps(self.text)[1:-1]]))


@dataclass(frozen=True)
class Words:
    """words: what to look for; customer_id: her key, where JSON names it."""

    words: tuple[Word, ...]
    customer_id: int

    def patterns(self) -> Iterator[str]:
        """For LIKE over lower-case text: what may hold her. A text that matches none does not."""
        for word in self.words:
            for spelling in word.spellings:
                for lower in dict.fromkeys([spelling.lower(), _ascii_lower(spelling)]):
                    yield from _patterns_of(word, _escaped(lower))
        for name in ("customer", "customer_id", "customer_pk"):
            for space in ("", " "):
                yield f'%"{name}":{space}{self.customer_id}%'
        yield from ('%"customers":%', '%"customer\\_ids":%')

    def kinds_in(self, text: str) -> list[str]:
        """By what she is named in a text: kinds of identifier, `key` for her number."""
        found = [kind for kind, pattern in self._patterns if pattern.search(text)]
        return list(dict.fromkeys(found))

    def without_her(self, text: str, instead: str) -> str:
        """The text with what she was called by replaced. JSON stays JSON."""
        for kind, pattern in self._patterns:
            text = pattern.sub(self._no_key if kind == "key" else lambda _found: instead, text)
        return text

    def _no_key(self, found: re.Match) -> str:
        """Her number in a list, however often, and alone."""
        if "[" in found.group():
            return re.sub(rf"(?<!\d){self.customer_id}(?!\d)", "null", found.group())
        return found.group().partition(":")[0] + ": null"

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern]]:
        made = [
            (word.kind, re.compile(_expression(word, spelling), re.I))
            for word in self.words
            for spelling in word.spellings
        ]
        keys = [form.format(pk=self.customer_id) for form in (HER_KEY, AMONG_KEYS)]
        return made + [("key", re.compile(one)) for one in keys]


def words_of(subject: Subject) -> Words:
    """All that is hers alone; what others bear too is in `subject.shared`."""
    one = {
        name: getattr(subject, name) for name in ("code", "email", "phone", "name", "push_token")
    }
    many = {"visitor": subject.visitors, "coupon": subject.coupons}
    single = [Word(kind, text) for kind, text in one.items() if text and kind not in subject.shared]
    several = [Word(kind, text) for kind, texts in many.items() for text in texts if text]
    return Words(tuple(single + several), subject.customer_id)


def weak_kinds(words: Words) -> list[str]:
    """Looked for as whole values alone."""
    return sorted({word.kind for word in words.words if not word.is_strong})


def _expression(word: Word, spelling: str) -> str:
    escaped = re.escape(spelling)
    if word.is_strong and word.text.isascii():
        return BEFORE + escaped + AFTER
    if word.is_strong:  # Chinese puts no blanks between words
        return escaped
    return rf'(?:(?<=")|(?<=:)|^){escaped}(?:(?=")|$)'


def _patterns_of(word: Word, text: str) -> Iterable[str]:
    if word.is_strong:
        return [f"%{text}%"]
    return [text, f'%"{text}"%', f"%:{text}", f'%:{text}"%']


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def _ascii_lower(text: str) -> str:
    """As SQLite's lower() does it."""
    return "".join(one.lower() if one.isascii() else one for one in text)
