"""Documents that prove a sentence: added by one person, approved by a person, attached to a sentence.

A document that is withdrawn or has expired pulls the copy that rests on it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from marketing.models import (
    Campaign,
    Candidate,
    ClaimKind,
    Evidence,
    EvidenceState,
    EvidenceUse,
)
from marketing.services.campaigns import campaigns
from marketing.services.content import claim_ledger, descriptions
from marketing.services.journeys import journey_review
from shop.models import Product

MOST_SENTENCE = 500


class EvidenceError(Exception):
    """Why a document does not prove it; meant for the marketer."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def approve_evidence(evidence: Evidence, by: Any, *, decided_at: datetime | None = None) -> bool:
    """False when it is not waiting any more. Whoever approves vouches for it by name.

    The revision before it is withdrawn in the same transaction, with the copy that rests on it;
    where the new one keeps its uses, they and their live copy rest on the new one instead.
    Raises EvidenceError when a later revision is approved.
    """
    at = timezone.now()
    with transaction.atomic():
        revisions = lock_revisions(evidence.code)
        mine = next(row for row in revisions if row.pk == evidence.pk)
        if mine.state != EvidenceState.PENDING:
            return False
        before = [row for row in revisions if row.state == EvidenceState.APPROVED]
        if any(row.revision > mine.revision for row in before):
            raise EvidenceError(_("A later revision is approved already."))
        for row in before:  # first: of a code one revision is approved at a time
            _decide(row, EvidenceState.WITHDRAWN, by, at)
        _decide(mine, EvidenceState.APPROVED, by, decided_at or at)
        if mine.keeps_uses:
            _carry_uses(before, mine, by, at)
        pull_resting_on([row.pk for row in before], at)
    return True


def withdraw_evidence(evidence: Evidence, by: Any, *, decided_at: datetime | None = None) -> bool:
    """Nothing rests on it any more: live copy that does is pulled in the same transaction."""
    at = timezone.now()
    with transaction.atomic():
        known = Evidence.objects.filter(pk=evidence.pk).exclude(state=EvidenceState.WITHDRAWN)
        changed = known.update(
            state=EvidenceState.WITHDRAWN, decided_by=by, decided_at=decided_at or at
        )
        if changed:
            pull_resting_on([evidence.pk], at)
    return bool(changed)


def lock_revisions(code: str) -> list[Evidence]:
    """All revisions of a document, until the end of the transaction: one decision at a time."""
    rows = Evidence.objects.select_for_update().filter(code=code)
    return list(rows.order_by("revision"))


def _decide(row: Evidence, state: str, by: Any, at: datetime) -> None:
    Evidence.objects.filter(pk=row.pk).update(state=state, decided_by=by, decided_at=at)


def _carry_uses(before: list[Evidence], mine: Evidence, by: Any, at: datetime) -> None:
    """The approver says that it proves the same sentences. Live copy follows once it holds."""
    uses = EvidenceUse.objects.filter(evidence__in=before)
    EvidenceUse.objects.bulk_create(
        (
            EvidenceUse(
                evidence=mine, kind=use.kind, sentence=use.sentence, language=use.language,
                product_id=use.product_id, attached_by=by, attached_at=at,
            )
            for use in uses
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    if Evidence.objects.valid(at).filter(pk=mine.pk).exists():
        claim_ledger.rest_on(mine.pk, claim_ledger.resting_on([row.pk for row in before]))


def attach(
    evidence: Evidence, sentence: str, *, kind: str, language: str, product: Product | None, by: Any
) -> EvidenceUse:
    """A person says that the document proves this sentence. Raises EvidenceError."""
    sentence = " ".join(sentence.split())
    if not evidence.is_valid(timezone.now()):
        raise EvidenceError(_("This document is not approved, not valid yet, or has expired."))
    if not sentence or len(sentence) > MOST_SENTENCE:
        raise EvidenceError(_("Give one sentence of at most 500 characters."))
    if kind not in ClaimKind.values:
        raise EvidenceError(_("Say what kind of claim it is."))
    use, _created = EvidenceUse.objects.get_or_create(
        evidence=evidence,
        sentence=sentence,
        language=language,
        product=product,
        defaults={"kind": kind, "attached_by": by},
    )
    return use


def pull_expired(at: datetime | None = None) -> int:
    """The clock: documents whose last day is over take the copy with them. So do withdrawn ones on
    which copy rests that was approved in the very moment of the withdrawal."""
    at = at or timezone.now()
    ended = Evidence.objects.filter(
        Q(valid_until__lt=timezone.localdate(at)) | Q(state=EvidenceState.WITHDRAWN)
    )
    used = claim_ledger.resting_on(ended.values("pk"))
    gone = sorted(set(used.order_by().values_list("evidence_id", flat=True)))
    if not gone:
        return 0
    with transaction.atomic():
        return pull_resting_on(gone, at)


def pull_resting_on(evidence_ids: list[int], at: datetime) -> int:
    """Campaigns pause, descriptions go back to what stood before, messages of journeys wait for a
    decision. Inside a transaction."""
    records = claim_ledger.resting_on(evidence_ids)
    live = Campaign.objects.filter(copies__claims__in=records).distinct()
    paused = campaigns.pull(Campaign.objects.filter(pk__in=live.values("pk")), at)
    candidates = Candidate.objects.filter(claims__in=records).distinct()
    chosen = Candidate.objects.filter(pk__in=candidates.values("pk"))
    renewed = descriptions.renew(chosen.select_related("brief", "decision"), at)
    return paused + renewed + journey_review.pull_forbidden(at)
