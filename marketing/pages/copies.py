"""Copy as it is shown: its claims marked in the text, each with the fact that it rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from language.claims import RULED, Claim, Fact
from language.slots import SLOT
from language.sms import SmsLength
from marketing.models import CopyVariant
from marketing.pages.wordings import Question, questions, ruled_sentences, waiting_wordings
from marketing.texts.review import Review, Standard, review


@dataclass(frozen=True)
class CopyCard:
    copy: CopyVariant
    subject: SafeString
    preheader: SafeString
    body: SafeString
    refusals: Sequence[tuple[str, Question | None]]
    warnings: list[str]
    ruled: Sequence[str] = ()
    sms: SmsLength | None = None

    @property
    def reasons(self) -> list[str]:
        return [reason for reason, _question in self.refusals]

    @property
    def may_be_chosen(self) -> bool:
        return not self.reasons and self.copy.state != "chosen"


def copy_cards(
    copies: Sequence[CopyVariant],
    facts: Mapping[str, list[Fact]],
    standards: Mapping[str, Standard],
) -> list[CopyCard]:
    """facts and standards: by language."""
    reviews = [_review(copy, facts[copy.language], standards[copy.language]) for copy in copies]
    waiting = waiting_wordings((c.language, r) for c, r in zip(copies, reviews, strict=True))
    return [
        _card(copy, facts[copy.language], found, waiting)
        for copy, found in zip(copies, reviews, strict=True)
    ]


def _review(copy: CopyVariant, facts: list[Fact], standard: Standard) -> Review:
    return review(copy.parts, facts, standard, slots_only=not copy.edited_by_hand)


def _refusals(
    copy: CopyVariant, found: Review, asked: Mapping[str, Question]
) -> list[tuple[str, Question | None]]:
    """What stands in its way, in words, each once; with the question that a person may rule on."""
    rows: dict[str, Question | None] = {}
    for part, claim in found.refused:
        words = copy.parts[part][claim.start : claim.end].strip()
        rows.setdefault(f"“{words}”: {claim.explanation}", asked.get(words))
    for finding in found.findings:
        if finding.blocks:
            rows.setdefault(f"{finding.message} ({finding.source})", None)
    return list(rows.items())


def _card(
    copy: CopyVariant, facts: list[Fact], found: Review, waiting: Collection[tuple[str, str]]
) -> CopyCard:
    warnings = [f"{f.message} ({f.source})" for f in found.findings if not f.blocks]
    return CopyCard(
        copy,
        *(
            marked(getattr(copy, part), list(found.claims.get(part, [])), facts)
            for part in ("subject", "preheader", "body")
        ),
        _refusals(copy, found, questions(copy.parts, found, copy.language, waiting)),
        list(dict.fromkeys(warnings)),
        ruled_sentences(copy.parts, facts),
        found.sms,
    )


def marked(text: str, claims: list[Claim], facts: list[Fact]) -> SafeString:
    """The text as a recipient reads it; proven claims underlined green, refused ones red."""
    known = {fact.slot: fact for fact in facts}
    pieces, position = [], 0
    for start, end, claim in _without_overlap(claims):
        pieces.append(("", "", text[position:start]))
        words, title = text[start:end], claim.explanation
        if claim.is_supported and (slot := SLOT.fullmatch(words)):
            fact = known[slot[1]]
            # Of a journey a slot says another thing in each message: its name stands there.
            words, title = (
                fact.text or words,
                f"{slot[0]} · {fact.source}" if fact.source else slot[0],
            )
        pieces.append(("mk-true" if claim.is_supported else "mk-false", title, words))
        position = end
    pieces.append(("", "", text[position:]))
    return format_html_join(
        "",
        "{}",
        ((_piece(*piece),) for piece in pieces if piece[2]),
    )


def as_claims(found: Review, part: str) -> list[Claim]:
    """What a rule forbids is marked in the text like a refused claim."""
    return [
        Claim(one.start, one.end, RULED, one.message)
        for one in found.findings
        if one.part == part and one.end > one.start and one.blocks
    ]


def _piece(css: str, title: str, words: str) -> str:
    if not css:
        return words
    return format_html('<mark class="mk-claim {}" title="{}">{}</mark>', css, title, words)


def _without_overlap(claims: list[Claim]) -> list[tuple[int, int, Claim]]:
    """Refused claims win where claims overlap: a red word is never painted green."""
    taken: list[tuple[int, int, Claim]] = []
    for claim in sorted(claims, key=lambda c: (c.is_supported, c.start, -c.end)):
        if all(claim.end <= start or claim.start >= end for start, end, _claim in taken):
            taken.append((claim.start, claim.end, claim))
    return sorted(taken, key=lambda piece: piece[0])
