"""Which sentence a person may rule on, and how it is called: no database."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from language.claims import Claim, Fact, refusals, same_words, wording_of
from language.slots import SLOT
from language.statements import sentences_of
from marketing.texts.facts import shop_facts
from marketing.texts.review import Review

MOST_SENTENCE = 500
# A slot of another kind says something: a price, a day, a property.
SAY_NOTHING = frozenset({"name", "person", "link"})
PLACES = ("", "_2", "_3")


def one_sentence(text: str) -> tuple[str, str]:
    """As it is kept, with its question mark, and as the check compares it; both empty unless the text
    is one sentence."""
    spans = sentences_of(text)
    if len(spans) != 1:
        return "", ""
    said, words = text[slice(*spans[0])], wording_of(text, spans[0])
    if same_words(text) != same_words(said):
        return "", ""  # what stands around it must only end it
    return " ".join(said.split()) + ("?" if words.endswith("?") else ""), words


def objection(sentence: str) -> str:
    """Why nobody can rule that it states nothing; empty: a person may. Lists and slots have their say by
    themselves: whatever a fact would have to prove is no matter of opinion."""
    facts = [
        Fact("link", "link", "https://example.invalid/"),
        *shop_facts("en"),
        *(Fact(f"product{place}", "name", "") for place in PLACES),
    ]
    known = {fact.slot for fact in facts if fact.kind in SAY_NOTHING}
    if saying := [slot for slot in SLOT.findall(sentence) if slot not in known]:
        return _("{%(slot)s} says something, so the sentence states it: leave the slot out.") % {
            "slot": saying[0]
        }
    for claim in refusals(sentence, facts, slots_only=True):
        if not claim.is_stated:
            said = sentence[claim.start : claim.end].strip()
            return _("“%(words)s” is no matter of a ruling: %(why)s Reword it.") % {
                "words": said, "why": claim.explanation,
            }  # fmt: skip
    return ""


def open_to_ruling(parts: Mapping[str, str], found: Review) -> dict[str, str]:
    """Sentence as review.sentence_at cuts it → as a ruling on it is asked for: of those that classifiers
    alone refused."""
    against: dict[tuple[str, tuple[int, int]], list[Claim]] = {}
    for part, claim in found.refused:
        for span in sentences_of(parts[part]):
            if claim.start < span[1] and span[0] < claim.end:
                against.setdefault((part, span), []).append(claim)
    asked = {}
    for (part, (start, end)), claims in against.items():
        sentence, _words = one_sentence(parts[part][start : end + 1])
        may = all(claim.is_stated for claim in claims) and 0 < len(sentence) <= MOST_SENTENCE
        if may and not objection(sentence):
            asked[parts[part][start:end].strip()] = sentence
    return asked
