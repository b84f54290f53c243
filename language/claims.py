"""What a text claims, and whether the facts say the same. Copy with one unproven claim is refused.

A text is read twice. Lists find slots, figures and words that state something (“half price”, 包邮:
listed_claims.py). What is left is read sentence by sentence and in passages of up to three
(passages.py): does it state something in other words, and does a suspicion of the lists stand? That
reading errs; a person may rule that a sentence states nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from language.claim_types import FACT_KINDS, FIGURE_KINDS, REASONS, RULED, STATED, Claim, Fact
from language.listed_claims import Findings, find_claims, same_words, wording_of
from language.passages import PassageReading, read_findings, read_without
from language.slots import SLOT

__all__ = [
    "FACT_KINDS", "FIGURE_KINDS", "REASONS", "RULED", "Claim", "Fact", "check_copy", "same_words",
    "wording_of",
]  # fmt: skip


class UnknownSlotError(Exception):
    """The text names a slot for which there is no fact."""


def check_copy(text: str, facts: Iterable[Fact], *, slots_only: bool = False) -> list[Claim]:
    """Every claim of a text with slots, in reading order; those with a reason are refused.

    slots_only: a figure written out is refused even when it is right (copy of a provider).
    A person's rulings are among the facts, by their wordings; only what is stated heeds them.
    """
    facts = list(facts)
    ruled = {fact.text for fact in facts if fact.kind == "ruling"}
    known = [fact for fact in facts if fact.kind != "ruling"]
    findings = find_claims(text, known, slots_only=slots_only)
    readings = read_findings(findings)
    cleared = _cleared(findings, readings)
    kept = [_supported(c) if c in cleared else c for c in findings.claims if _is_kept(c, cleared)]
    stated = [
        Claim(*left.worst, left.kind, f"{STATED}{left.kind}")
        for reading in readings
        if reading.is_refused and cleared.issuperset(_within(findings, reading))
        if (left := read_without(findings, reading, ruled)) and left.is_refused
    ]
    return sorted({*kept, *stated}, key=lambda claim: (claim.start, claim.end))


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


def _cleared(findings: Findings, readings: list[PassageReading]) -> set[Claim]:
    """Suspicions that no passage with them lets stand."""
    cleared = set()
    for claim in findings.suspected:
        around = [reading for reading in readings if reading.covers(claim)]
        if around and all(reading.clears(claim) for reading in around):
            cleared.add(claim)
    return cleared


def _within(findings: Findings, reading: PassageReading) -> set[Claim]:
    return {claim for claim in findings.suspected if reading.covers(claim)}


def _is_kept(claim: Claim, cleared: set[Claim]) -> bool:
    """A slot stays a claim when its role is cleared; a word or a numeral was none."""
    return claim not in cleared or claim.reason == "misused_slot"


def _supported(claim: Claim) -> Claim:
    return Claim(claim.start, claim.end, claim.kind, "", claim.source)
