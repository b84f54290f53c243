"""Who is in a tracked segment, and who entered or left since the last look.

A chunk of differences is one transaction under the segment's lock: members and changes together.
Killed at any line, the next run finds what is still different and goes on; run twice, the second
finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from marketing.definitions.rules import customers_of
from marketing.models import Segment, SegmentChange, SegmentMember
from shop.models import Customer

CHUNK = 2_000
KEPT = timedelta(days=400)  # of changes; members stay


def refresh_memberships(progress: Callable[..., None], at: datetime | None = None) -> dict:
    """Every tracked segment, and changes older than KEPT forgotten. Code → entered, left."""
    at = at or timezone.now()
    tracked = list(Segment.objects.filter(is_tracked=True).order_by("pk"))
    found = {}
    for number, segment in enumerate(tracked):
        progress(number, len(tracked), gettext_noop("who entered and left"))
        found[segment.code] = refresh_membership(segment, at)
    SegmentChange.objects.filter(at__lt=at - KEPT).delete()
    return found


def follow(segment_id: int) -> dict[str, int]:
    """For a journey that waits for who enters. A segment that is gone has nobody."""
    segment = Segment.objects.filter(pk=segment_id).first()
    return refresh_membership(segment) if segment else {"entered": 0, "left": 0}


def refresh_membership(segment: Segment, at: datetime | None = None) -> dict[str, int]:
    """Bring the members up to date; the difference is noted as changes.

    A segment that was not tracked, or whose rule has changed, starts anew: its members are written
    without a change, because nobody did anything to enter. Marks the segment as tracked.
    """
    at = at or timezone.now()
    is_new_start = segment.tracked_rule is None or segment.tracked_rule != segment.rule
    done = {"entered": 0, "left": 0}
    for chunk in _chunks(_outside(segment)):
        done["entered"] += _write(segment, chunk, at, entered=True, silently=is_new_start)
    for chunk in _chunks(_gone(segment)):
        done["left"] += _write(segment, chunk, at, entered=False, silently=is_new_start)
    # Who was tracked before that moment was kept is whole from the last look before it on.
    since = at if is_new_start else segment.tracked_since or segment.tracked_at
    kept = {
        "is_tracked": True,
        "tracked_rule": segment.rule,
        "tracked_at": at,
        "tracked_since": since,
    }
    Segment.objects.filter(pk=segment.pk).update(**kept)
    for name, value in kept.items():
        setattr(segment, name, value)
    return {"entered": 0, "left": 0} if is_new_start else done


def _outside(segment: Segment) -> QuerySet[Customer]:
    """Meet the rule and are no members yet."""
    member = SegmentMember.objects.filter(segment=segment, customer=OuterRef("pk"))
    return customers_of(segment.rule).filter(~Exists(member))


def _gone(segment: Segment) -> QuerySet[Customer]:
    """Members who do not meet the rule any more."""
    meets = customers_of(segment.rule).filter(pk=OuterRef("pk"))
    member = SegmentMember.objects.filter(segment=segment, customer=OuterRef("pk"))
    return Customer.objects.filter(Exists(member)).filter(~Exists(meets))


def _chunks(customers: QuerySet[Customer]) -> Iterator[list[int]]:
    """From the last key on: what lies before it was just written and would be looked through again."""
    last = 0
    while chunk := list(
        customers.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        last = chunk[-1]
        yield chunk


def _write(
    segment: Segment, customers: list[int], at: datetime, *, entered: bool, silently: bool
) -> int:
    """Returns how many really changed: a rival may have been quicker with some."""
    with transaction.atomic():
        Segment.objects.select_for_update().get(pk=segment.pk)
        members = SegmentMember.objects.filter(segment=segment, customer__in=customers)
        known = set(members.values_list("customer_id", flat=True))
        changed = [pk for pk in customers if (pk in known) != entered]
        if entered:
            SegmentMember.objects.bulk_create(
                SegmentMember(segment=segment, customer_id=pk, since=at) for pk in changed
            )
        else:
            members.delete()
        if not silently:
            SegmentChange.objects.bulk_create(
                SegmentChange(segment=segment, customer_id=pk, entered=entered, at=at)
                for pk in changed
            )
    return len(changed)
