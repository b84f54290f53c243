"""What a text claims, and whether the facts say the same. Copy with one unproven claim is refused.

Numbers belong in slots (`{price}`) that code fills from the catalogue. What is left in the text is
read for figures and for words that state something ("half price", "free", 包邮): each must be
among the facts in the same role. A wrong reading refuses too much rather than too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from language.claim_words import FOREIGN, MISUSE, OWN_ROLE, WORD_CLAIMS
from language.figures import Folded, figures, fold
from language.slots import SLOT
from language.statements import CLAUSE, sentences_of, stated_kinds

FACT_KINDS = frozenset(
    {
        "money", "prior_money", "percent", "count", "date", "name", "text", "link", "person",
        "spec", "evidence", "coupon", "products",
    }
)  # fmt: skip
FIGURE_KINDS = frozenset({"money", "prior_money", "percent", "count", "date"})
# What a slot says of goods or of her coupon: a clause with one is about that.
PROVING_KINDS = FIGURE_KINDS | {"coupon"}
# Shown through its slot and never written out: a struck-through price, and what is one customer's.
ONLY_BY_SLOT = frozenset({"prior_money", "coupon", "products"})
JOINING = re.compile(r"^\s*(?:(?:and|but|or|so|which|also)\b|而且|并且|并|还|且)\s*", re.IGNORECASE)
CHINESE_LETTER = re.compile(r"[\u4e00-\u9fff]")
REASONS = {
    "figure": gettext_noop("This figure is not among the facts."),
    "figure_by_hand": gettext_noop("A figure written by hand: it must come from a slot."),
    "unknown_slot": gettext_noop("No fact fills this slot."),
    "broken_slot": gettext_noop("A brace that is no slot."),
    "misused_slot": gettext_noop("This slot stands in the wrong role."),
    "discount": gettext_noop("It promises a reduction that is not among the facts."),
    "free": gettext_noop("It promises something free that is not among the facts."),
    "stock": gettext_noop("It speaks of scarcity without a stock figure among the facts."),
    "deadline": gettext_noop("It names a time that is not among the facts."),
    "delivery": gettext_noop("It promises a delivery that is not among the facts."),
    "guarantee": gettext_noop("It promises a guarantee that is not among the facts."),
    "rating": gettext_noop("It claims popularity or praise that is not among the facts."),
    "comparison": gettext_noop("It compares or uses a superlative without evidence."),
    "health": gettext_noop("It states an effect or a property that is not among the facts."),
    "coupon": gettext_noop("It speaks of a coupon or a code that is not shown through its slot."),
    "price": gettext_noop("It states a price that is not among the facts."),
    "specification": gettext_noop("It describes the product beyond what the facts say."),
    "currency": gettext_noop("A currency sign outside a price slot."),
    "percent": gettext_noop("A percentage outside a discount slot."),
    "stated_price": gettext_noop("It states a price that is not among the facts."),
    "stated_discount": gettext_noop("It promises a reduction that is not among the facts."),
    "stated_stock": gettext_noop("It speaks of scarcity without a stock figure among the facts."),
    "stated_delivery": gettext_noop("It promises a delivery that is not among the facts."),
    "stated_guarantee": gettext_noop("It promises a guarantee that is not among the facts."),
    "stated_rating": gettext_noop("It claims popularity or praise that is not among the facts."),
    "stated_comparison": gettext_noop("It compares or uses a superlative without evidence."),
    "stated_health": gettext_noop("It states an effect or a property that is not among the facts."),
    "stated_specification": gettext_noop("It describes the product beyond what the facts say."),
    "placeholder": gettext_noop("A placeholder that nobody filled."),
    "contact": gettext_noop("An address written by hand: links come from slots."),
}


class UnknownSlotError(Exception):
    """The text names a slot for which there is no fact."""


@dataclass(frozen=True)
class Fact:
    """One thing that may be said: the slot that says it, its words, and the row it comes from."""

    slot: str
    kind: str
    text: str
    source: str = ""

    def __post_init__(self) -> None:
        if self.kind not in FACT_KINDS:
            raise ValueError(f"{self.kind!r} is no kind of fact")


RULED = "policy"  # marked like a claim because a rule forbids it


@dataclass(frozen=True)
class Claim:
    """A stretch of the text that states something. `reason` is empty when a fact supports it."""

    start: int
    end: int
    kind: str
    reason: str = ""
    source: str = ""

    @property
    def is_supported(self) -> bool:
        return not self.reason

    @property
    def explanation(self) -> str:
        if self.kind == RULED:
            return self.reason  # a rule's own words, in the reader's language already
        return gettext(REASONS[self.reason]) if self.reason else self.source


def check_copy(text: str, facts: Iterable[Fact], *, slots_only: bool = False) -> list[Claim]:
    """Every claim of a text with slots, in reading order; those with a reason are refused.

    slots_only: a figure written out is refused even when it is right (copy of a provider).
    """
    known = {fact.slot: fact for fact in facts}
    claims = _slot_claims(text, known)
    hidden = _without(text, [claim for claim in claims if claim.reason != "broken_slot"])
    names = [] if slots_only else _verbatim_claims(hidden, known.values())
    names += _name_claims(hidden, known.values()) + _evidence_claims(text, known.values())
    hidden = _without(hidden, names)
    found = _figure_claims(hidden, list(known.values()), slots_only)
    found += _word_claims(hidden, list(known.values()), [*claims, *found], slots_only)
    found += _stated_claims(text, hidden, [*claims, *found], found)
    return sorted({*claims, *names, *found}, key=lambda claim: (claim.start, claim.end))


def refusals(text: str, facts: Iterable[Fact], *, slots_only: bool = False) -> list[Claim]:
    return [c for c in check_copy(text, facts, slots_only=slots_only) if not c.is_supported]


def fill(text: str, facts: Iterable[Fact]) -> str:
    """The text with every slot replaced by its fact. Raises UnknownSlotError."""
    return fill_words(text, {fact.slot: fact.text for fact in facts})


def fill_words(text: str, known: Mapping[str, str]) -> str:
    """As fill, of facts whose words are at hand by slot. Raises UnknownSlotError."""
    missing = [slot for slot in SLOT.findall(text) if slot not in known]
    if missing:
        raise UnknownSlotError(f"no fact for {', '.join(sorted(set(missing)))}")
    return SLOT.sub(lambda match: known[match[1]], text)


def _slot_claims(text: str, known: dict[str, Fact]) -> list[Claim]:
    found = []
    for match in SLOT.finditer(text):
        fact = known.get(match[1])
        if fact is None:
            found.append(Claim(*match.span(), "slot", "unknown_slot"))
            continue
        reason = "misused_slot" if _is_misused(text, match, fact.kind) else ""
        found.append(Claim(*match.span(), fact.kind, reason, fact.source))
    covered = SLOT.sub(lambda match: " " * len(match[0]), text)
    found += [
        Claim(m.start(), m.end(), "slot", "broken_slot") for m in re.finditer(r"[{}]", covered)
    ]
    return found


def _is_misused(text: str, match: re.Match, kind: str) -> bool:
    """Words beside the slot that give it another role, or none that give it its own."""
    if kind not in MISUSE:
        return False
    before, after = MISUSE[kind]
    left = fold(SLOT.sub("", text[max(0, match.start() - 40) : match.start()])).text
    right = fold(text[match.end() : match.end() + 24]).text
    if before.search(left) or after.search(right):
        return True
    if FOREIGN.search(left) and kind in FIGURE_KINDS:
        return True
    own = OWN_ROLE.get(kind)
    return own is not None and not (own[0].search(left) or own[1].search(right))


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


def _stated_claims(
    text: str, hidden: str, slots: Sequence[Claim], found: Sequence[Claim]
) -> list[Claim]:
    """Sentences that state something in other words, where nothing in them was refused already.

    hidden: the text without what facts support; what a slot or an evidence says is not read again.
    A sentence with a figure's slot is about that figure: it is read without the words around.
    """
    spans = [
        (start, end)
        for start, end in sentences_of(hidden)
        if not any(c.start < end and start < c.end and not c.is_supported for c in found)
    ]
    read = [_read(text, hidden, span, slots) for span in spans]
    return [
        Claim(start, end, kind, f"stated_{kind}")
        for (start, end), kind in zip(spans, stated_kinds(read), strict=True)
        if kind
    ]


def _read(text: str, hidden: str, span: tuple[int, int], slots: Sequence[Claim]) -> str:
    """The sentence with `it` for a name; clauses that a figure's slot proves are left out."""
    start, end = span
    within = [c for c in slots if start <= c.start < end]
    name = "它" if CHINESE_LETTER.search(hidden[start:end]) else "it"
    kept, position = [], start
    for clause in CLAUSE.finditer(text[start:end]):
        left, right = start + clause.start(), start + clause.end()
        inside = [c for c in within if left <= c.start < right]
        if any(c.kind in PROVING_KINDS for c in inside):
            continue
        words, position = [], left
        for slot in inside:
            words += [hidden[position : slot.start], name if slot.kind == "name" else " "]
            position = slot.end
        kept.append(JOINING.sub("", "".join([*words, hidden[position:right]])))
    asks = text[end : end + 1] in ("?", "？")
    return ", ".join(kept) + ("?" if asks and kept else "")


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
