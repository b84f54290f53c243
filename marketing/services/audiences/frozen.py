"""Lists that are kept for themselves: a segment frozen as of now or of an earlier day, for several
campaigns or an outside tool. A job writes the members with one statement; then nothing changes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, Count, FloatField, Q, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from decisions.jobs import GiveUpError, Progress
from decisions.models import Decision, DecisionState, Job
from decisions.services import jobs, receipts
from decisions.services.draws import InShare, outside_global_holdout
from decisions.text import sentence
from marketing.definitions.rules import RuleError, customers_of
from marketing.models import Audience, AudienceMember, Segment
from marketing.planning import plan_audience
from marketing.services.audiences.audiences import analyze_members
from marketing.services.audiences.counting import counting
from marketing.services.audiences.segment_comparisons import members_at
from shop.models import Customer

KIND = "freeze_audience"  # of the job
RECEIPT = "audience"
MOST_HELD_OUT = 0.5
READ_AT_ONCE = 10_000
COLUMNS = ("audience_id", "customer_id", "is_holdout", "is_left_out", "propensity")
HEADLINE = gettext_noop("Freeze %(customers)s customers: %(audience)s")
WHY = gettext_noop(
    "Everybody who met the rule at that moment and is not kept out of everything; %(holdout)s of "
    "them get nothing of any campaign for this list."
)


class AudienceError(Exception):
    """Why a list cannot be frozen, archived or deleted; meant for the marketer."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True)
class Freeze:
    """Whom to freeze. segments: one, or several whose shared customers are meant; none: the rule's.

    as_of: who met it then; None: who meets it when the job writes the list.
    """

    name: str
    rule: dict
    segments: tuple[Segment, ...] = ()
    as_of: datetime | None = None
    holdout_rate: float = 0.0

    @property
    def said(self) -> dict[str, Any]:
        """As columns. The same wish under a key gives the same."""
        single = self.segments[0] if len(self.segments) == 1 else None
        return {
            "name": self.name,
            "segment": single,
            "combined": [] if single else [one.code for one in self.segments],
            "rule": self.rule,
            "as_of": self.as_of,
            "holdout_rate": self.holdout_rate,
        }


def shared_rule(segments: tuple[Segment, ...]) -> dict:
    """The rule that holds of whoever is in all of them: theirs beside each other, as flat as it
    goes, because groups nest only so deep."""
    if len(segments) == 1:
        return segments[0].rule
    parts = [
        part
        for one in segments
        if one.rule
        for part in (one.rule["all"] if set(one.rule) == {"all"} else [one.rule])
    ]
    return {"all": parts} if parts else {}


def ask_frozen(wanted: Freeze, *, key: str, by: Any = None) -> Audience:
    """The list, and a job that writes its members. The same key and wish again is the same list.

    Raises AudienceError for what cannot be, and for another wish under a key that is taken.
    """
    _refuse_odd(wanted)
    said = wanted.said
    with transaction.atomic():
        audience, made = Audience.objects.get_or_create(
            key=key, defaults=said | {"frozen_by": by, "channel": ""}
        )
        if made:
            jobs.enqueue(KIND, {"audience": audience.pk}, key=job_key(audience), requested_by=by)
    if any(getattr(audience, name) != value for name, value in said.items()):
        raise AudienceError(_("Another list was frozen under this key."))
    return audience


def _refuse_odd(wanted: Freeze) -> None:
    if not wanted.name.strip():
        raise AudienceError(_("Give the list a name."))
    if not 0 <= wanted.holdout_rate <= MOST_HELD_OUT:
        raise AudienceError(_("Hold out a share from 0 to 0.5."))
    if wanted.as_of is not None and wanted.as_of > timezone.now():
        raise AudienceError(_("Nobody knows yet who will be in it: choose a moment that is past."))
    try:
        people_of(
            wanted.rule, wanted.segments[0] if len(wanted.segments) == 1 else None, wanted.as_of
        )
    except RuleError as error:
        raise AudienceError(str(error)) from error


def people_of(rule: dict, segment: Segment | None, at: datetime | None) -> QuerySet[Customer]:
    """Who met the rule; of an earlier moment only where that is known. Raises RuleError.

    Customers of a later day did nothing by then, so "did not" would find them all: they are out.
    """
    if at is None:
        return customers_of(rule)
    if segment is None:
        return customers_of(rule, at=at).filter(created_at__lte=at)
    segment.rule = rule  # of the list: the segment's own may have changed since
    return members_at(segment, at).filter(created_at__lte=at)


def job_key(audience: Audience) -> str:
    return f"{KIND}:{audience.pk}"


def job_of(audience: Audience) -> Job | None:
    """What writes the list, while it is not complete."""
    return None if audience.is_complete else Job.objects.filter(key=job_key(audience)).first()


def write_members(progress: Progress, audience_id: int) -> dict[str, Any]:
    """The handler of the job.

    1. One transaction: the members by one statement, as of one moment, with their arms.
    2. Their digest, page by page, so that nothing of a million customers is held at once.
    3. One transaction: the list is complete, with its receipt.

    Killed in between, the next attempt finds the members whole or not at all. A list that was
    deleted meanwhile is nothing to write.
    """
    audience = Audience.objects.select_related("segment").filter(pk=audience_id).first()
    if audience is None:
        return {"frozen": False}
    if not audience.is_complete:
        progress(0, 0, gettext_noop("drawing the list"))
        try:
            _draw(audience)
        except RuleError as error:
            raise GiveUpError(str(error)) from error
        analyze_members()
        _complete(progress, audience, members_digest(audience, progress))
    written = Audience.objects.filter(pk=audience_id).first()
    return {"frozen": written is not None, "customers": written.customer_count if written else 0}


def lock_unwritten(audience_id: int) -> Audience | None:
    """Held until the transaction ends: a second attempt waits, and finds the members whole."""
    rows = Audience.objects.select_for_update().filter(is_complete=False)
    return rows.filter(pk=audience_id).first()


def _draw(audience: Audience) -> None:
    with transaction.atomic():
        row = lock_unwritten(audience.pk)
        if row is None or AudienceMember.objects.filter(audience=row).exists():
            return
        now = timezone.now()
        people = people_of(audience.rule, audience.segment, audience.as_of)
        takes_part = outside_global_holdout()
        with counting():
            kept_out = people.exclude(takes_part).count() if takes_part is not None else 0
            _insert(audience, people if takes_part is None else people.filter(takes_part))
        Audience.objects.filter(pk=row.pk).update(frozen_at=now, kept_out_count=kept_out)


def _insert(audience: Audience, people: QuerySet[Customer]) -> None:
    """INSERT … SELECT: no customer passes through this process."""
    rate = audience.holdout_rate
    draw = InShare(f"audience:{audience.key}", "code", rate) if rate else Value(False)
    rows = (
        people.order_by("pk")
        .annotate(
            of_list=Value(audience.pk),
            held=draw,
            left_out=Value(False, output_field=BooleanField()),
            chance=Value(1 - rate, output_field=FloatField()),
        )
        .values_list("of_list", "pk", "held", "left_out", "chance")
    )
    sql, values = rows.query.sql_with_params()
    table = AudienceMember._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join(COLUMNS)}) {sql}", values)


def members_digest(audience: Audience, progress: Callable[..., None]) -> str:
    """What names exactly these members and their arms, in the order of their keys."""
    found, last, done = hashlib.sha256(), 0, 0
    rows = AudienceMember.objects.filter(audience=audience).order_by("customer_id")
    while page := list(
        rows.filter(customer_id__gt=last).values_list("customer_id", "is_holdout")[:READ_AT_ONCE]
    ):
        last, done = page[-1][0], done + len(page)
        found.update("".join(f"{pk}:{held:d}\n" for pk, held in page).encode())
        progress(done, 0, gettext_noop("counting the members"))
    return found.hexdigest()


def _complete(progress: Progress, audience: Audience, digest: str) -> None:
    with transaction.atomic():
        progress.still_mine()
        row = Audience.objects.select_for_update().filter(pk=audience.pk).first()
        if row is None or row.is_complete:
            return
        counts = AudienceMember.objects.filter(audience=audience).aggregate(
            customers=Count("pk"), holdout=Count("pk", filter=Q(is_holdout=True))
        )
        row.customer_count, row.holdout_count = counts["customers"], counts["holdout"]
        row.members_sha256, row.is_complete = digest, True
        row.decision = _receipt(row)
        row.save()


def _receipt(audience: Audience) -> Decision:
    """Somebody asked for exactly this, so the receipt is written as decided, by whom."""
    inputs = {
        "audience": {
            "id": audience.pk,
            "name": audience.name,
            "segment": audience.segment.code if audience.segment else None,
            "combined": audience.combined,
            "rule": audience.rule,
            "as_of": (audience.as_of or audience.frozen_at).isoformat(),
            "holdout_rate": audience.holdout_rate,
            "drawn_by": f"audience:{audience.key}",
            "members_sha256": audience.members_sha256,
        },
        "found": audience.customer_count + audience.kept_out_count,
        "kept_out": audience.kept_out_count,
        "held_out": audience.holdout_count,
    }
    decision = receipts.record_decision(
        receipts.Proposal(
            kind=RECEIPT,
            key=f"audience:{audience.pk}",
            subject=f"audience:{audience.pk}",
            headline=sentence(HEADLINE, customers=audience.customer_count, audience=audience.name),
            why=sentence(WHY, holdout=audience.holdout_count),
            inputs=inputs,
            output=plan_audience(inputs),
            state=DecisionState.APPROVED,
        )
    )
    by = audience.frozen_by
    Decision.objects.filter(pk=decision.pk).update(decided_at=timezone.now(), decided_by=by)
    receipts.log_change(decision, "approved", by, after={"state": "approved"})
    return decision


def hold_kept(audience_id: int) -> Audience:
    """The row, locked until the transaction ends: who makes a campaign for a list and who deletes
    it wait for each other. Raises AudienceError when it is gone."""
    row = Audience.objects.kept().select_for_update().filter(pk=audience_id).first()
    if row is None:
        raise AudienceError(_("This list is not there any more."))
    return row


def archive(audience: Audience, by: Any = None) -> bool:
    """No new campaign is made for it. False: it was archived already."""
    return _shelve(audience, timezone.now(), by)


def restore(audience: Audience, by: Any = None) -> bool:
    return _shelve(audience, None, by)


def _shelve(audience: Audience, at: datetime | None, by: Any) -> bool:
    with transaction.atomic():
        row = hold_kept(audience.pk)
        if (row.archived_at is None) == (at is None):
            return False
        Audience.objects.filter(pk=row.pk).update(archived_at=at)
        if row.decision:
            receipts.log_change(row.decision, "archived" if at else "restored", by)
    audience.archived_at = at
    return True


def delete_kept(audience: Audience, by: Any = None) -> None:
    """For good, members and all; its receipt stays. Raises AudienceError while a campaign uses it."""
    with transaction.atomic():
        row = hold_kept(audience.pk)
        if row.campaigns_for_it.exists() or row.copies.exists():
            raise AudienceError(_("A campaign was made for this list: archive it instead."))
        if row.decision:
            after = {"customers": row.customer_count, "members_sha256": row.members_sha256}
            receipts.log_change(row.decision, "deleted", by, before=after)
        row.delete()
