"""What may keep a review from being shown, found in its words and around it. Pure.

The stars are no argument of anything here: nobody can be kept out for a low rating.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shop.models import ReviewReason

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Telephone, card and account numbers; a year, a size or a price is shorter.
LONG_NUMBER = re.compile(r"(?<![\w.])\+?\d(?:[\s().-]{0,2}\d){7,}(?!\w)")
LINK = re.compile(
    r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|net|org|shop|store|info|biz|cn|ru|top|xyz)\b(?:/\S*)?",
    re.IGNORECASE,
)
# Words that insult a person. Strong words about a product are an opinion and not among them.
ABUSE_EN = re.compile(
    r"\b(?:fuck(?:ing|ed|ers?)?|cunts?|motherfuckers?|assholes?|arseholes?|bastards?|bitch(?:es)?|"
    r"retards?|whores?|sluts?|kill yourselves|kill yourself|scumbags?)\b",
    re.IGNORECASE,
)
ABUSE_ZH = re.compile(r"傻逼|傻屄|他妈的|操你|去死吧|王八蛋|狗日的|贱人|婊子|脑残")
CARRIAGE_EN = re.compile(
    r"\b(?:deliver(?:y|ed)|courier|parcel|postman|shipping|shipped|driver|carrier|tracking|"
    r"customer service|refund)\b",
    re.IGNORECASE,
)
CARRIAGE_ZH = re.compile(r"快递|物流|派送|配送|发货|客服|退款|运费")
SENTENCE = re.compile(r"[^.!?。！？\n]+")
MOST_FOUND = 5  # pieces of evidence of one kind
SHINGLE = 4  # characters
ALIKE = 0.7  # of the shingles of both: the same text with a word or two changed
LEAST_WORDS = 25  # characters: "Very good, thank you" is said by many
LEAST_BURST = 8  # reviews of a day
BURST_CHANCE = 1e-4


@dataclass(frozen=True)
class Found:
    """A reason with what it rests on."""

    reason: ReviewReason
    evidence: dict[str, Any]


def in_words(title: str, body: str) -> list[Found]:
    """What the words themselves say."""
    text = f"{title}\n{body}"
    links = [one.group().rstrip(".,;:!?)") for one in LINK.finditer(EMAIL.sub(" ", text))]
    persons = [one.group() for pattern in (EMAIL, LONG_NUMBER) for one in pattern.finditer(text)]
    insults = [one.group() for pattern in (ABUSE_EN, ABUSE_ZH) for one in pattern.finditer(text)]
    found = [
        (ReviewReason.PERSONAL_DATA, persons),
        (ReviewReason.ABUSE, insults),
        (ReviewReason.LINKS, links),
        (ReviewReason.OFF_TOPIC, _about_carriage(text)),
    ]
    return [Found(reason, {"words": words[:MOST_FOUND]}) for reason, words in found if words]


def _about_carriage(text: str) -> list[str]:
    """Every sentence is about delivery or service, so that none is about the product."""
    sentences = [one.strip() for one in SENTENCE.findall(text) if one.strip()]
    if not sentences:
        return []
    words = [CARRIAGE_EN.search(one) or CARRIAGE_ZH.search(one) for one in sentences]
    return [one.group() for one in words if one] if all(words) else []


def shingles(text: str) -> frozenset[str]:
    """Runs of four letters, without spaces, case and marks: the same for every language."""
    plain = "".join(letter for letter in text.casefold() if letter.isalnum())
    return frozenset(plain[at : at + SHINGLE] for at in range(max(0, len(plain) - SHINGLE + 1)))


def likeness(left: frozenset[str], right: frozenset[str]) -> float:
    """Shared shingles over all shingles of both, 0 to 1 (Jaccard)."""
    return len(left & right) / len(left | right) if left and right else 0.0


def same_words(text: str, others: Mapping[str, str]) -> Found | None:
    """others: key → text. The most alike of those that are alike enough."""
    mine = shingles(text)
    if len(mine) < LEAST_WORDS:
        return None
    best = max(
        ((likeness(mine, shingles(other)), key) for key, other in others.items()), default=(0.0, "")
    )
    if best[0] < ALIKE:
        return None
    return Found(ReviewReason.DUPLICATE, {"review": best[1], "likeness": round(best[0], 3)})


def burst(today: int, before: Sequence[int]) -> Found | None:
    """today: reviews of the product within 24 hours. before: those of each earlier day, oldest first.

    Found where so many would come by chance less than once in 10,000 such days (Poisson at the
    usual rate, half a review added so that a product without a history has one).
    """
    if today < LEAST_BURST or not before:
        return None
    usual = (sum(before) + 0.5) / len(before)
    chance = 1.0 - sum(math.exp(-usual) * usual**n / math.factorial(n) for n in range(today))
    if chance >= BURST_CHANCE:
        return None
    return Found(
        ReviewReason.BURST,
        {"reviews": today, "usual_per_day": round(usual, 3), "days": len(before)},
    )
