"""Whether each slot of a text is known, and stands in the role that its fact has.

`was {price}` fills with a true figure and says something false. Two strengths: words that give a slot
another role, and another product's price, are refused; that no word gives a date or a percentage its
own role is only suspicious, and claims.py asks the reader of the whole sentence. A rating stands in its
own words or is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from language.claim_types import FIGURE_KINDS, RATING_KINDS, Claim, Fact
from language.claim_words import FOREIGN, MISUSE, OWN_ROLE, SETTLED
from language.figures import fold
from language.rating_words import RATING_SLOT, RatingPhrase, rating_phrases
from language.slots import SLOT
from language.statements import sentences_of

# A law's own words for what a struck-through price is: the lowest of the 30 days before.
PRIOR_PRICE = re.compile(
    r"\b(?:the\s+|its\s+|our\s+)?lowest\b(?:\s+price)?(?:\s+\w+){0,4}?\s+(?:30|thirty)[\s-]+days?\b"
    r"|(?:(?:此前|之前|近|过去|前|降价前|降价之前)\s*)?(?:30|三十)\s*[天日](?:之?内)?(?:的|曾|里)?最低价?"
    r"|最低价?[^，。！？{}]{0,6}(?:30|三十)\s*[天日](?:之?内)?",
    re.IGNORECASE,
)
NUMBERED = re.compile(r"(product|price|was_price|discount|until|rating|review_count)(_\d+)?")


def slot_claims(text: str, known: Mapping[str, Fact]) -> tuple[list[Claim], set[Claim]]:
    """A claim per slot and per stray brace; and which of the refused are only suspicions."""
    found, suspected = [], set()
    ratings = rating_phrases(text)
    for match in SLOT.finditer(text):
        fact = known.get(match[1])
        if fact is None:
            reason = "unrated" if RATING_SLOT.fullmatch(match[1]) else "unknown_slot"
            found.append(Claim(*match.span(), "slot", reason))
            continue
        if fact.kind in RATING_KINDS:
            reason = _fault_of_rating(text, match, fact, ratings)
            found.append(Claim(*match.span(), fact.kind, reason, fact.source))
            continue
        wrong = _has_foreign_role(text, match, fact.kind) or _is_of_another_product(text, match)
        odd = not wrong and _lacks_own_role(text, match, fact.kind)
        reason = "misused_slot" if wrong or odd else ""
        claim = Claim(*match.span(), fact.kind, reason, fact.source)
        found.append(claim)
        if odd:
            suspected.add(claim)
    covered = SLOT.sub(lambda match: " " * len(match[0]), text)
    found += [
        Claim(m.start(), m.end(), "slot", "broken_slot") for m in re.finditer(r"[{}]", covered)
    ]
    return found, suspected


def prior_price_claims(text: str, slots: list[Claim]) -> list[Claim]:
    """`the lowest price of the 30 days before`, in a sentence that shows it: that is what it is."""
    shown = [claim for claim in slots if claim.kind == "prior_money" and claim.is_supported]
    found = []
    for start, end in sentences_of(text) if shown else []:
        proof = next((claim for claim in shown if start <= claim.start < end), None)
        for match in PRIOR_PRICE.finditer(text, start, end) if proof else []:
            found.append(Claim(*match.span(), "prior_money", "", proof.source if proof else ""))
    return found


def rating_spans(text: str, slots: list[Claim]) -> list[tuple[int, int]]:
    """`rated {rating} out of 5`: words that are judged with their slot, its `5` among them."""
    judged = {c.start for c in slots if c.kind in RATING_KINDS or c.reason == "unrated"}
    return [(one.start, one.end) for one in rating_phrases(text) if one.slot in judged]


def _fault_of_rating(text: str, match: re.Match, fact: Fact, ratings: list[RatingPhrase]) -> str:
    mine = [phrase for phrase in ratings if phrase.slot == match.start()]
    if not mine or _is_of_another_product(text, match) or _is_of_the_shop(text, match):
        return "misused_slot"
    says_buyers = any(phrase.says_buyers for phrase in mine)
    return "not_of_buyers" if says_buyers and not fact.is_of_buyers else ""


def _beside(text: str, match: re.Match) -> tuple[str, str]:
    left = fold(SLOT.sub("", text[max(0, match.start() - 40) : match.start()])).text
    return left, fold(text[match.end() : match.end() + 24]).text


def _has_foreign_role(text: str, match: re.Match, kind: str) -> bool:
    if kind not in MISUSE:
        return False
    left, right = _beside(text, match)
    before, after = MISUSE[kind]
    if (before.search(left) or after.search(right)) and not _is_settled(kind, left, right):
        return True
    return kind in FIGURE_KINDS and FOREIGN.search(left) is not None


def _is_settled(kind: str, left: str, right: str) -> bool:
    own = SETTLED.get(kind)
    return own is not None and bool(own[0].search(left) and own[1].search(right))


def _lacks_own_role(text: str, match: re.Match, kind: str) -> bool:
    own = OWN_ROLE.get(kind)
    if own is None:
        return False
    left, right = _beside(text, match)
    return not (own[0].search(left) or own[1].search(right))


def _is_of_another_product(text: str, match: re.Match) -> bool:
    """`{product_2} costs {price}`: a sentence that names products must name the figure's own."""
    own = NUMBERED.fullmatch(match[1])
    if own is None or own[1] == "product":
        return False
    slots = [NUMBERED.fullmatch(name) for name in _slots_around(text, match)]
    named = {found[2] for found in slots if found and found[1] == "product"}
    return bool(named) and own[2] not in named


def _is_of_the_shop(text: str, match: re.Match) -> bool:
    """`{shop} is rated {rating}`: a sentence that names the shop must name the product as well."""
    around = _slots_around(text, match)
    return "shop" in around and not any(name.startswith("product") for name in around)


def _slots_around(text: str, match: re.Match) -> list[str]:
    """Names of the slots in the same sentence."""
    around = (text[a:b] for a, b in sentences_of(text) if a <= match.start() < b)
    return SLOT.findall(next(around, text))
