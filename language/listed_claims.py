"""What lists find in a text: slots, names, figures, listed words; and which of it is only suspected.

Numbers belong in slots (`{price}`) that code fills from the catalogue; what is written outside is
compared with the facts. A figure in words, a listed word with two senses and a slot in an odd role
are suspicions, which passages.py may clear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from language.claim_types import FIGURE_KINDS, ONLY_BY_SLOT, Claim, Fact
from language.claim_words import WORD_CLAIMS
from language.figures import MONEY_AFTER, MONTHS, Folded, figures, fold
from language.slot_roles import prior_price_claims, rating_spans, slot_claims
from language.statements import CLAUSE, sentences_of

# What the reader sees where a fact supports a figure that is written out: its role, not its value.
STANDS_FOR = {
    "money": "{price}", "percent": "{discount}", "date": "{until}", "name": "{product}",
    "discount": "{discount}",
}  # fmt: skip
# What is left out with its whole clause: a quotation, a document's sentence, what is said of a coupon.
PROVING = frozenset({"text", "evidence", "coupon"})
# Kinds whose words mean something else as often as not: 第一场雪, “we promise not to sing”.
CLEARABLE = frozenset({"comparison", "guarantee"})
DATED = re.compile(rf"^\W*(?:of\s+)?(?:{'|'.join(MONTHS.split())})\b", re.IGNORECASE)
QUOTED = frozenset({"name", "text", "evidence", "spec", "discount"})


@dataclass(frozen=True)
class Findings:
    """What the lists say of one text.

    claims: slots, names and quotations, then figures and words; suspected: those of them that a
    reading of the whole passage may clear.
    """

    text: str
    claims: tuple[Claim, ...]
    suspected: frozenset[Claim]

    @property
    def refused(self) -> list[Claim]:
        """What nothing can clear."""
        return [c for c in self.claims if not c.is_supported and c not in self.suspected]

    def readable_sentences(self) -> list[tuple[int, int]]:
        """A sentence with a refusal that nothing can clear need not be read any more."""
        refused = self.refused
        return [
            (start, end)
            for start, end in sentences_of(self.text)
            if not any(c.start < end and start < c.end for c in refused)
        ]

    def as_shown(self, span: tuple[int, int]) -> str:
        """A sentence as its slots say it, without the clauses that a document or a unit proves."""
        return _as_shown(self.text, span, self.claims)


def find_claims(text: str, facts: Iterable[Fact], *, slots_only: bool = False) -> Findings:
    """slots_only: a figure written out is refused even when it is right (copy of a provider)."""
    known = {fact.slot: fact for fact in facts}
    slots, suspected = slot_claims(text, known)
    hidden = _without(text, [claim for claim in slots if claim.reason != "broken_slot"])
    names = [] if slots_only else _verbatim_claims(hidden, known.values())
    names += _name_claims(hidden, known.values()) + _evidence_claims(text, known.values())
    names += prior_price_claims(text, slots)
    hidden = _without(hidden, names)
    found = _figure_claims(hidden, list(known.values()), slots_only)
    found += _word_claims(hidden, list(known.values()), [*slots, *found], slots_only)
    rated = rating_spans(text, slots)
    found = [c for c in found if not any(a <= c.start and c.end <= b for a, b in rated)]
    suspected |= {claim for claim in found if _is_suspicion(claim, text)}
    return Findings(text, (*slots, *names, *found), frozenset(suspected))


def _without(text: str, claims: Sequence[Claim]) -> str:
    """The text with these stretches blanked, so that offsets stay true."""
    for claim in claims:
        # A letter-like filler would join words; a full stop would end "buy one … free" claims.
        text = text[: claim.start] + " " * (claim.end - claim.start) + text[claim.end :]
    return text


def _name_claims(text: str, facts: Iterable[Fact]) -> list[Claim]:
    """Names written out: `Pulse 2` is no figure when the product is called so."""
    return [
        Claim(match.start(), match.end(), fact.kind, "", fact.source)
        for fact in facts
        if fact.kind == "name" and len(fact.text) >= 3
        for match in re.finditer(rf"(?<!\w){re.escape(fact.text)}(?!\w)", text)
    ]


def _verbatim_claims(text: str, facts: Iterable[Fact]) -> list[Claim]:
    """Text facts quoted word for word."""
    return [
        Claim(match.start(), match.end(), fact.kind, "", fact.source)
        for fact in facts
        if fact.kind == "text" and len(fact.text) >= 3
        for match in re.finditer(rf"(?<!\w){re.escape(fact.text)}(?!\w)", text, re.IGNORECASE)
    ]


def _evidence_claims(text: str, facts: Iterable[Fact]) -> list[Claim]:
    """Whole sentences for which a person attached a document. Half of one proves nothing."""
    attached = {same_words(fact.text): fact for fact in facts if fact.kind == "evidence"}
    if not attached:
        return []
    spans = [(a, b, attached.get(same_words(text[a:b]))) for a, b in sentences_of(text)]
    return [Claim(a, b, "evidence", "", fact.source) for a, b, fact in spans if fact]


def same_words(sentence: str) -> str:
    """A sentence as it is compared: neither case nor blanks nor what ends it counts."""
    return " ".join(sentence.strip(" .!?。！？…\n").casefold().split())


def wording_of(text: str, span: tuple[int, int]) -> str:
    """A sentence as a ruling on it is compared: as above, and a question is no statement."""
    return same_words(text[slice(*span)]) + ("?" if _asks(text, span) else "")


def _figure_claims(text: str, facts: Sequence[Fact], slots_only: bool) -> list[Claim]:
    proven = {} if slots_only else _proven_figures(facts)
    reason = "figure_by_hand" if slots_only else "figure"
    found = []
    for figure in figures(text):
        source = proven.get((figure.kind, figure.value)) if figure.value else None
        claim_reason = "" if source is not None else reason
        found.append(Claim(figure.start, figure.end, figure.kind, claim_reason, source or ""))
    return found


def _proven_figures(facts: Sequence[Fact]) -> dict[tuple[str, str], str]:
    """Which figure in which role a fact states: `£12.50` is money, never twelve and a half litres."""
    return {
        (figure.kind, figure.value): fact.source
        for fact in facts
        if fact.kind not in ONLY_BY_SLOT
        for figure in figures(fact.text)
    }


def _word_claims(
    text: str, facts: Sequence[Fact], figures_found: Sequence[Claim], slots_only: bool
) -> list[Claim]:
    folded = fold(text)
    kinds = {fact.kind for fact in facts} | _halves(facts)
    said = [] if slots_only else [fold(f.text).text for f in facts if f.kind == "text"]
    found = []
    for kind, pattern, proofs in WORD_CLAIMS:
        for match in pattern.finditer(folded.text):
            if _belongs_to_proven_figure(kind, folded, match, figures_found):
                continue
            proven = bool(proofs & kinds) or any(match.group().strip() in text for text in said)
            span = folded.span(*match.span())
            if kind == "deadline" and proven and not said:
                proven = _says_when(text, span, figures_found)
            if kind == "coupon" and proven:
                proven = _shows_coupon(match.group(), span, figures_found)
            found.append(Claim(*span, kind, "" if proven else kind))
    return found


def _is_suspicion(claim: Claim, text: str) -> bool:
    """Figures in words and some listed words may mean something else; digits and signs do not."""
    if claim.is_supported:
        return False
    if claim.reason in ("figure", "figure_by_hand"):
        written = fold(text[claim.start : claim.end]).text
        counts = claim.kind.startswith("unit:") and not re.search(r"\d", written)
        return counts and not DATED.match(text[claim.end :])
    return claim.kind in CLEARABLE


def _as_shown(text: str, span: tuple[int, int], claims: Sequence[Claim]) -> str:
    """The sentence as its slots say it, without the clauses that a document or a unit proves."""
    start, end = span
    proven = sorted(
        (c for c in claims if start <= c.start and c.end <= end and _is_proven(c, text)),
        key=lambda claim: (claim.start, -claim.end),
    )
    asks = "?" if _asks(text, span) else ""
    if not any(_proves_a_clause(claim) for claim in proven):
        return _with_slots(text, span, proven) + asks
    kept = []
    for clause in CLAUSE.finditer(text, start, end):
        inside = [c for c in proven if clause.start() <= c.start < clause.end()]
        if not any(_proves_a_clause(claim) for claim in inside):
            kept.append(_with_slots(text, clause.span(), inside))
    return ", ".join(kept) + (asks if kept else "")


def _asks(text: str, span: tuple[int, int]) -> bool:
    return text[span[1] : span[1] + 1] in ("?", "？")


def _proves_a_clause(claim: Claim) -> bool:
    return claim.kind in PROVING


def _with_slots(text: str, span: tuple[int, int], proven: Sequence[Claim]) -> str:
    pieces, position = [], span[0]
    for claim in proven:
        if claim.start >= position and text[claim.start] != "{":
            pieces += [text[position : claim.start], _stands_for(claim, text)]
            unit = MONEY_AFTER.match(text, claim.end) if claim.kind == "money" else None
            position = unit.end() if unit else claim.end
    return "".join([*pieces, text[position : span[1]]])


def _stands_for(claim: Claim, text: str) -> str:
    """A sign or a unit beside a figure stands for nothing of its own."""
    if claim.kind in FIGURE_KINDS and not figures(text[claim.start : claim.end]):
        return " "
    return STANDS_FOR.get(claim.kind, " ")


def _is_proven(claim: Claim, text: str) -> bool:
    """Names, quotations, figures and their signs; not other words that a fact of the kind proves."""
    if claim.kind == "coupon":
        return claim.is_supported and text[claim.start] == "{"
    figure = claim.kind in {*FIGURE_KINDS, "currency"} or claim.kind.startswith("unit:")
    return claim.is_supported and (figure or claim.kind in QUOTED)


def _halves(facts: Sequence[Fact]) -> set[str]:
    """`half price` is true exactly when a fact says 50 per cent."""
    fifty = any(
        fact.kind == "percent" and any(figure.value == "50" for figure in figures(fact.text))
        for fact in facts
    )
    return {"half"} if fifty else set()


def _says_when(text: str, span: tuple[int, int], judged: Sequence[Claim]) -> bool:
    """Urgency is true of a date that stands in the same sentence, not of one that is only known."""
    dates = [c for c in judged if c.kind == "date" and c.is_supported]
    for start, end in sentences_of(text):
        if start <= span[0] < end:
            return any(start <= date.start < end for date in dates)
    return False


def _shows_coupon(word: str, span: tuple[int, int], judged: Sequence[Claim]) -> bool:
    """A coupon is spoken of where the text shows hers; after “code” stands her code and no other."""
    shown = [c for c in judged if c.kind == "coupon" and c.is_supported]
    if re.search(r"code|码", word):
        return any(0 <= c.start - span[1] <= 2 for c in shown)
    return bool(shown)


def _belongs_to_proven_figure(
    kind: str, folded: Folded, match: re.Match, figures_found: Sequence[Claim]
) -> bool:
    """The sign of `£12.50` or `20 %` is part of a figure that was judged already."""
    if kind not in ("currency", "percent"):
        return False
    start, end = folded.span(*match.span())
    return any(start <= claim.end + 2 and claim.start <= end + 2 for claim in figures_found)
