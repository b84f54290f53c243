"""Descriptions of products: proposed with what would change, approved by a person, kept true.

The catalogue gets plain words. Here the text keeps its slots, so that a changed property is written
anew in the transaction of the change, or the description that stood before comes back.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from decisions.kinds import CannotCarryOutError
from decisions.models import Decision, DecisionState
from decisions.services import receipts
from decisions.text import both, sentence
from language.claims import Fact, fill
from marketing.models import BriefChannel, Candidate, CandidateState, ClaimRecord, LedgerState
from marketing.services.content import claim_ledger
from marketing.texts.facts import brief_facts
from marketing.texts.review import filled, review
from marketing.texts.standards import standard_of_brief
from shop.models import Product
from shop.services.descriptions import FIELDS, set_description

KIND = "product_description"
HEADLINE = gettext_noop("New description of %(product)s")
WHY = gettext_noop(
    "Chosen among %(candidates)s candidates; every claim rests on a field or a document."
)
LIVE = (LedgerState.LIVE, LedgerState.PULLED)


def propose_description(candidate: Candidate, at: datetime, by: Any = None) -> Decision:
    """A decision with the words of before and after. Once per candidate and text."""
    product = product_of(candidate)
    inputs = {
        "product": product.code,
        "language": candidate.brief.language,
        "before": getattr(product, FIELDS[candidate.brief.language]),
        "text": candidate.body,
        "facts": {fact.slot: fact.text for fact in brief_facts(candidate.brief, at)},
    }
    return receipts.record_decision(
        receipts.Proposal(
            kind=KIND,
            key=f"description:{candidate.pk}:{Decision.objects.filter(subject=_subject(candidate)).count()}",
            subject=_subject(candidate),
            headline=sentence(HEADLINE, product=both(product.name, product.name_zh)),
            why=sentence(WHY, candidates=candidate.brief.candidates.count()),
            inputs=inputs,
            output=plan_description(inputs),
            proposed_by=by,
        )
    )


def plan_description(inputs: dict) -> dict:
    """Receipt inputs in, output out; a replay computes the same."""
    known = [Fact(slot, "text", text) for slot, text in inputs["facts"].items()]
    return {"before": inputs["before"], "after": fill(inputs["text"], known)}


def carry_out(decision: Decision, by: Any) -> None:
    """Write it into the catalogue, unless something in it is not true any more."""
    at = timezone.now()
    candidate = Candidate.objects.select_related("brief").get(decision=decision)
    if not _still_stands(candidate, at):
        raise CannotCarryOutError(_("This text says something that is not proven any more."))
    product = product_of(candidate)
    _end_others(candidate, product)
    claim_ledger.publish_candidate(candidate, at)
    text = fill(candidate.body, brief_facts(candidate.brief, at))
    before = getattr(product, FIELDS[candidate.brief.language])
    receipts.log_change(decision, "published", by, before={"text": before}, after={"text": text})
    set_description(product, candidate.brief.language, text)


def put_back(decision: Decision, by: Any) -> None:
    Candidate.objects.filter(decision=decision).update(
        state=CandidateState.CANDIDATE, decision=None
    )


def withdraw(candidate: Candidate) -> None:
    """Another candidate was chosen: what waits for approval is superseded."""
    if candidate.decision_id:
        Decision.objects.filter(pk=candidate.decision_id, state=DecisionState.PENDING).update(
            state=DecisionState.SUPERSEDED, decided_at=timezone.now()
        )


def keep_descriptions_true(variant_ids: Collection[int]) -> None:
    """A listener of changed facts: write live descriptions of these products anew, or take them
    back, in the transaction of the change."""
    at = timezone.now()
    for candidate in live_descriptions().filter(brief__variants__in=variant_ids).distinct():
        _renew(candidate, at)


def live_descriptions() -> Any:
    return approved_descriptions().filter(claims__state=LedgerState.LIVE).distinct()


def approved_descriptions() -> Any:
    """Of any time: a later one of the product may have taken its place."""
    return Candidate.objects.filter(
        brief__channel=BriefChannel.DESCRIPTION, decision__state=DecisionState.APPROVED
    ).select_related("brief", "decision")


def is_shown(candidate: Candidate, at: datetime) -> bool:
    """The catalogue says what it says. The ledger cannot tell: what claims nothing has no row there."""
    shown = getattr(product_of(candidate), FIELDS[candidate.brief.language])
    approved = candidate.decision.output["after"] if candidate.decision else ""
    return shown in (approved, filled(candidate.body, brief_facts(candidate.brief, at)))


def renew(candidates: Any, at: datetime) -> int:
    """Evidence was withdrawn or has expired: take back what rests on it."""
    return sum(_renew(candidate, at) for candidate in candidates)


def product_of(candidate: Candidate) -> Product:
    return candidate.brief.items.select_related("variant__product").get().variant.product


def _renew(candidate: Candidate, at: datetime) -> bool:
    product, language = product_of(candidate), candidate.brief.language
    shown = getattr(product, FIELDS[language])
    records = ClaimRecord.objects.filter(candidate=candidate, state=LedgerState.LIVE)
    if not _still_stands(candidate, at):
        records.update(state=LedgerState.PULLED)
        before = candidate.decision.inputs["before"] if candidate.decision else ""
        return set_description(product, language, before)
    text = fill(candidate.body, brief_facts(candidate.brief, at))
    if text == shown:
        return False
    claim_ledger.publish_candidate(candidate, at)
    return set_description(product, language, text)


def _still_stands(candidate: Candidate, at: datetime) -> bool:
    facts, standard = brief_facts(candidate.brief, at), standard_of_brief(candidate.brief)
    strict = not candidate.edited_by_hand
    return not review(candidate.parts, facts, standard, slots_only=strict).is_blocked


def _end_others(candidate: Candidate, product: Product) -> None:
    """An earlier description of the product in this language is shown no longer."""
    ClaimRecord.objects.filter(
        candidate__brief__variants__product=product,
        candidate__brief__language=candidate.brief.language,
        state__in=LIVE,
    ).exclude(candidate=candidate).update(state=LedgerState.ENDED)


def _subject(candidate: Candidate) -> str:
    return f"candidate:{candidate.pk}"
