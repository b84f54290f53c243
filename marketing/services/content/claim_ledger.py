"""The ledger of claims: what published copy states, and the row that each statement rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from language.claims import Claim, Fact, check_copy
from language.slots import SLOT
from marketing.models import (
    Campaign,
    Candidate,
    ClaimKind,
    ClaimRecord,
    CopyVariant,
    EnrolmentState,
    EvidenceUse,
    JourneyVersion,
    LedgerState,
)
from marketing.texts.facts import brief_facts, campaign_facts
from marketing.texts.review import filled, sentence_at

# How the check names a role, and what kind of claim it is. A date is the end of a reduction.
KINDS = {
    "money": ClaimKind.PRICE,
    "prior_money": ClaimKind.DISCOUNT,
    "percent": ClaimKind.DISCOUNT,
    "half": ClaimKind.DISCOUNT,
    "discount": ClaimKind.DISCOUNT,
    "free": ClaimKind.DISCOUNT,
    "price": ClaimKind.PRICE,
    "count": ClaimKind.STOCK,
    "date": ClaimKind.STOCK,
    "stock": ClaimKind.STOCK,
    "deadline": ClaimKind.STOCK,
    "spec": ClaimKind.SPECIFICATION,
    "text": ClaimKind.SPECIFICATION,
    "specification": ClaimKind.SPECIFICATION,
    "guarantee": ClaimKind.SPECIFICATION,
    "delivery": ClaimKind.DELIVERY,
    "rating": ClaimKind.RATING,
    "stars": ClaimKind.RATING,
    "reviews": ClaimKind.RATING,
    "comparison": ClaimKind.COMPARISON,
    "health": ClaimKind.HEALTH,
    "coupon": ClaimKind.COUPON,
}


def publish_campaign(campaign: Campaign, copies: Sequence[CopyVariant], at: datetime) -> int:
    """Rows of all claims of the chosen copies; those of an earlier approval end."""
    ClaimRecord.objects.filter(copy__campaign=campaign).exclude(state=LedgerState.ENDED).update(
        state=LedgerState.ENDED
    )
    rows = [
        ClaimRecord(copy=copy, **fields)
        for copy in copies
        for fields in claims_of(
            copy.parts, campaign_facts(campaign, copy.language, at), not copy.edited_by_hand, at
        )
    ]
    return len(ClaimRecord.objects.bulk_create(rows))


def publish_candidate(candidate: Candidate, at: datetime) -> int:
    ClaimRecord.objects.filter(candidate=candidate).exclude(state=LedgerState.ENDED).update(
        state=LedgerState.ENDED
    )
    facts = brief_facts(candidate.brief, at)
    found = claims_of(candidate.parts, facts, not candidate.edited_by_hand, at)
    rows = [ClaimRecord(candidate=candidate, **fields) for fields in found]
    return len(ClaimRecord.objects.bulk_create(rows))


def publish_journey(
    version: JourneyVersion,
    texts: Sequence[tuple[str, str, str, Mapping[str, str], Sequence[Fact]]],
    at: datetime,
) -> int:
    """Rows of what its texts (step, copy, language, parts, facts) state by themselves. What a slot says is
    another thing in each message, proven there. Those of an earlier version end."""
    of_journey = ClaimRecord.objects.filter(journey_version__journey=version.journey_id)
    of_journey.exclude(state=LedgerState.ENDED).exclude(
        journey_version__enrolments__state=EnrolmentState.UNDER_WAY
    ).update(state=LedgerState.ENDED)
    of_journey.filter(journey_version=version).update(state=LedgerState.ENDED)
    rows = [
        ClaimRecord(journey_version=version, step=step, arm=arm, language=language, **fields)
        for step, arm, language, parts, facts in texts
        for fields in claims_of(parts, facts, True, at)
        if fields["evidence_id"] is not None
    ]
    return len(ClaimRecord.objects.bulk_create(rows))


def pulled_of_journey(version: JourneyVersion, step: str, arm: str) -> None:
    rows = ClaimRecord.objects.filter(journey_version=version, step=step, arm=arm)
    rows.filter(state=LedgerState.LIVE).update(state=LedgerState.PULLED)


def released_of_journey(version: JourneyVersion, step: str, arm: str, at: datetime) -> None:
    rows = ClaimRecord.objects.filter(journey_version=version, step=step, arm=arm)
    rows.filter(state=LedgerState.PULLED).update(state=LedgerState.LIVE, verified_at=at)


def verified(campaign: Campaign, at: datetime) -> None:
    """All of them hold again: asked before each round of messages."""
    _live(campaign).update(verified_at=at)


def pulled(campaign: Campaign, *, arm: str = "") -> None:
    """All of its claims, or those of one variant."""
    rows = _live(campaign)
    (rows.filter(copy__arm=arm) if arm else rows).update(state=LedgerState.PULLED)


def resting_on(evidence_ids: Sequence[int] | QuerySet[Any]) -> Any:
    return ClaimRecord.objects.filter(evidence__in=evidence_ids, state=LedgerState.LIVE)


def rest_on(evidence_id: int, records: Any) -> None:
    """Another document proves the same sentences from now on."""
    records.update(
        evidence=evidence_id,
        source=f"evidence:{evidence_id}",
        version=f"evidence {evidence_id}",
    )


def claims_of(
    parts: Mapping[str, str], facts: Sequence[Fact], slots_only: bool, at: datetime
) -> list[dict]:
    """Fields of a record for each claim that states something of goods, prices or service."""
    known = {fact.slot: fact for fact in facts}
    kinds = dict(
        EvidenceUse.objects.filter(
            pk__in=[int(f.slot.split("_")[1]) for f in facts if f.kind == "evidence"]
        ).values_list("sentence", "kind")
    )
    return [
        {"part": part, "published_at": at, "verified_at": at, **fields}
        for part, text in parts.items()
        for claim in check_copy(text, facts, slots_only=slots_only)
        for fields in _record(text, claim, known, kinds)
    ]


def _record(
    text: str, claim: Claim, known: Mapping[str, Fact], kinds: Mapping[str, str]
) -> Iterator[dict]:
    words = text[claim.start : claim.end]
    if claim.kind == "evidence":
        kind = kinds.get(words.strip(), ClaimKind.SPECIFICATION)
    elif claim.kind in KINDS:
        kind = KINDS[claim.kind]
    else:
        return  # a name, a link, a greeting: nothing that can be false of goods
    slot = SLOT.fullmatch(words)
    facts = list(known.values())
    said = known[slot[1]].text if slot else words.strip()
    source = claim.source or _ground(claim, facts)
    evidence = int(source.split(":")[1]) if source.startswith("evidence:") else None
    yield {
        "kind": kind,
        "sentence": filled(sentence_at(text, claim.start, claim.end), facts)[:600],
        "words": words.strip()[:500],
        "source": source[:160],
        "version": (said if not evidence else f"evidence {evidence}")[:160],
        "evidence_id": evidence,
    }


def _ground(claim: Claim, facts: Sequence[Fact]) -> str:
    """A word such as “on offer” rests on the reduction that the facts hold, “your code” on the offer."""
    for kind in ("percent", "prior_money", "count", "date", "coupon"):
        for fact in facts:
            if fact.kind == kind and KINDS.get(kind) == KINDS.get(claim.kind):
                return fact.source
    return ""


def _live(campaign: Campaign) -> Any:
    return ClaimRecord.objects.filter(copy__campaign=campaign, state=LedgerState.LIVE)
