"""Customers' names taken out of what a person typed, before it leaves the house."""

from __future__ import annotations

import re

from language.providers import without_personal_data
from shop.models import Customer

# Two or three words with capitals, or two to four Chinese characters: what a full name looks like.
LATIN = re.compile(r"\b[^\W\d_a-z][\w'’-]+(?:\s+[^\W\d_a-z][\w'’-]+){1,2}\b")
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
MOST_GUESSES = 2000


def without_customers(text: str) -> str:
    """The text without e-mail addresses, long numbers, and full names of customers of the shop.

    A name nobody here is called stays: it may be a product's.
    """
    text = without_personal_data(text)
    guesses = list(_guesses(text))[:MOST_GUESSES]
    known = set(Customer.objects.filter(name__in=guesses).values_list("name", flat=True))
    for name in sorted(known, key=len, reverse=True):
        text = text.replace(name, "…")
    return text


def _guesses(text: str) -> set[str]:
    found = set()
    for match in LATIN.finditer(text):
        words = match.group().split()
        found |= {
            " ".join(words[a:b]) for a in range(len(words)) for b in range(a + 2, len(words) + 1)
        }
    for run in CHINESE.findall(text):
        found |= {run[a : a + n] for n in (2, 3, 4) for a in range(len(run) - n + 1)}
    return found
