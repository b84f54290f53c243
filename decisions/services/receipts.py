"""Record a decision once; approve, refuse, snooze or replay it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from decisions.kinds import CannotCarryOutError, DecisionKind, find_kind
from decisions.models import Decision, DecisionChange, DecisionState, ModelRun
from decisions.version import code_version


class DecisionClosedError(Exception):
    """Somebody decided it already, or it expired."""


class NotReplayableError(Exception):
    """This kind of decision has no pure computation behind it."""


@dataclass(frozen=True)
class Proposal:
    """Everything a receipt holds, before it is a row."""

    kind: str
    key: str
    subject: str
    headline: dict
    why: dict
    inputs: dict
    output: Any
    model_run: ModelRun | None = None
    score_parts: list = field(default_factory=list)
    constraints_hit: list = field(default_factory=list)
    alternatives: list = field(default_factory=list)
    expected_minor: int | None = None
    expected_low_minor: int | None = None
    expected_high_minor: int | None = None
    currency: str = ""
    deadline_at: datetime | None = None
    state: str = DecisionState.PENDING
    proposed_by: Any = None


class FourEyesError(CannotCarryOutError):
    """Whoever proposed it may not approve it: the shop wants a second person."""


def record_decision(proposal: Proposal) -> Decision:
    """Write the receipt. The same key again returns the first receipt unchanged."""
    fields = {name: getattr(proposal, name) for name in proposal.__dataclass_fields__}
    key = fields.pop("key")
    decision, _created = Decision.objects.get_or_create(
        key=key, defaults=fields | {"code_version": code_version()}
    )
    return decision


def record_new(proposal: Proposal, receipt_id: UUID | None = None) -> Decision:
    """Write a receipt whose key nobody else can have (it holds a fresh UUID): one INSERT."""
    fields = {name: getattr(proposal, name) for name in proposal.__dataclass_fields__}
    return Decision.objects.create(pk=receipt_id or uuid4(), **fields, code_version=code_version())


def record_decisions(proposals: list[Proposal]) -> int:
    """Write many receipts; those whose key exists are left as they are. Returns how many are new."""
    rows = [
        Decision(
            code_version=code_version(),
            **{name: getattr(proposal, name) for name in proposal.__dataclass_fields__},
        )
        for proposal in proposals
    ]
    new = 0
    for start in range(0, len(rows), 500):
        chunk = rows[start : start + 500]
        with transaction.atomic():
            known = Decision.objects.filter(key__in=[row.key for row in chunk]).count()
            Decision.objects.bulk_create(chunk, ignore_conflicts=True)
        new += len({row.key for row in chunk}) - known
    return new


def approve(decision: Decision, by: Any = None, *, note: str = "") -> Decision:
    """Mark it approved and carry it out, both or neither.

    Raises DecisionClosedError when it is not open any more, PermissionDenied when `by` may not,
    CannotCarryOutError when the app that made it refuses or is gone, and, as FourEyesError, when
    DECISIONS_FOUR_EYES asks for another person than who proposed it.
    """
    kind = _kind_for(decision, by)
    refuse_own(decision, by)
    with transaction.atomic():
        _close(decision, DecisionState.APPROVED, by, note)
        if kind.approve:
            kind.approve(decision, by)
    return decision


def refuse(decision: Decision, by: Any = None, *, note: str = "") -> Decision:
    """Mark it refused and put back what waited for it. Raises as `approve`."""
    kind = _kind_for(decision, by)
    with transaction.atomic():
        _close(decision, DecisionState.REFUSED, by, note)
        if kind.refuse:
            kind.refuse(decision, by)
    return decision


def _kind_for(decision: Decision, by: Any) -> DecisionKind:
    """Nobody (`by=None`) is the system itself: a rule that the merchant switched on."""
    kind = find_kind(decision.kind)
    if kind is None:
        raise CannotCarryOutError(_("No part of this installation can carry that out any more."))
    if by is not None and not by.has_perm(kind.permission):
        raise PermissionDenied(f"this needs the permission {kind.permission}")
    return kind


def refuse_own(decision: Decision, by: Any) -> None:
    """Raises FourEyesError where the shop wants a second person. Nobody (`by=None`) is the system; what it
    proposed anybody may approve. Refusing one's own proposal is taking it back."""
    if not settings.DECISIONS_FOUR_EYES or by is None:
        return
    if decision.proposed_by_id is not None and decision.proposed_by_id == by.pk:
        raise FourEyesError(_("You proposed this yourself: somebody else has to approve it."))


def snooze(decision: Decision, until: datetime, by: Any = None) -> Decision:
    """Show it again later. Raises as `approve`."""
    _kind_for(decision, by)
    with transaction.atomic():
        changed = Decision.objects.filter(pk=decision.pk, state=DecisionState.PENDING).update(
            snoozed_until=until
        )
        if not changed:
            raise DecisionClosedError(_("This is decided already: %(what)s") % {"what": decision})
        log_change(decision, "snoozed", by, after={"snoozed_until": until.isoformat()})
    decision.snoozed_until = until
    return decision


def supersede(keys_like: str, *, keep: set[str]) -> int:
    """Close open decisions of an older cycle that the new one did not repeat."""
    old = Decision.objects.filter(key__startswith=keys_like, state=DecisionState.PENDING)
    closed = 0
    for pk, key in list(old.values_list("pk", "key")):
        if key not in keep:
            closed += _supersede(pk)
    return closed


def _supersede(pk: Any) -> int:
    with transaction.atomic():
        changed = Decision.objects.filter(pk=pk, state=DecisionState.PENDING).update(
            state=DecisionState.SUPERSEDED, decided_at=timezone.now()
        )
        if changed:
            before, after = {"state": "pending"}, {"state": "superseded"}
            DecisionChange.objects.create(
                decision_id=pk, verb="superseded", before=before, after=after
            )
    return changed


def log_change(
    decision: Decision, verb: str, by: Any, *, before: Any = None, after: Any = None, note: str = ""
) -> DecisionChange:
    return DecisionChange.objects.create(
        decision=decision, verb=verb, by=by, before=before or {}, after=after or {}, note=note
    )


def replay(decision: Decision) -> tuple[Any, bool]:
    """Compute the decision again from its receipt: the new output and whether it is the same.

    Raises NotReplayableError for a kind without a pure computation.
    """
    kind = find_kind(decision.kind)
    if kind is None or kind.compute is None:
        raise NotReplayableError(_("Decisions of this kind are made by a person."))
    # Through JSON, as the receipt went: a tuple or a date must not look like a difference.
    again = json.loads(json.dumps(kind.compute(decision.inputs), cls=DjangoJSONEncoder))
    return again, again == decision.output


def _close(decision: Decision, state: str, by: Any, note: str) -> None:
    now = timezone.now()
    open_still = Decision.objects.filter(
        Q(deadline_at__isnull=True) | Q(deadline_at__gte=now),
        pk=decision.pk,
        state=DecisionState.PENDING,
    )
    if not open_still.update(state=state, decided_at=now, decided_by=by, decision_note=note[:500]):
        raise DecisionClosedError(
            _("This is decided already, or past its deadline: %(what)s") % {"what": decision}
        )
    decision.state, decision.decided_at, decision.decided_by = state, now, by
    log_change(
        decision,
        str(state),
        by,
        before={"state": "pending"},
        after={"state": str(state)},
        note=note[:500],
    )


def brief_summary() -> dict:
    """How many decisions wait for a person and what they are worth together."""
    waiting = Decision.objects.waiting(timezone.now())
    money = waiting.filter(currency=settings.SHOP_CURRENCY).aggregate(sum=Sum("expected_minor"))
    return {"waiting": waiting.count(), "expected_minor": money["sum"]}
