"""Two to six segments beside each other: whom they share, and who of them ordered afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from decisions.services import snapshots
from marketing.definitions.rules import RuleError, customers_of
from marketing.frames.cohorts import known_until
from marketing.models import Segment, SegmentChange, SegmentMember
from marketing.services.audiences.audience_figures import sample_of
from marketing.services.customers.cohort_snapshots import shown_or_none
from shop.models import Customer, Order, OrderLine

OVERLAP_KIND, CURVE_KIND = "count_overlap", "count_curve"
MOST = 6  # segments at once
WEEKS_BACK = (12, 24, 52)  # to the day whose members are followed; whole periods of four
PERIOD_DAYS = 28
MOST_PERIODS = 13
SAMPLE = 10_000  # members that are followed


def overlap_subject(segments: Sequence[Segment]) -> str:
    """By what the rules say, so that a changed rule is another question."""
    text = json.dumps([[one.pk, one.rule] for one in segments], sort_keys=True)
    return f"overlap:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def overlap_report(
    segments: Sequence[Segment], at: datetime | None = None
) -> snapshots.Shown | None:
    return shown_or_none(overlap_subject(segments), _overlap(segments), at or timezone.now())


def _overlap(segments: Sequence[Segment]) -> snapshots.Count:
    def count(at: datetime) -> dict[str, Any]:
        return {"cells": overlap_cells(segments)}

    return count


def overlap_cells(segments: Sequence[Segment]) -> list[list[int]]:
    """[bits, customers]: bit i of `bits` says whether they are in segment i; who is in none is left
    out. One query, at most 2^MOST − 1 rows."""
    names = [f"in_{place}" for place in range(len(segments))]
    inside = {
        name: Exists(customers_of(one.rule).filter(pk=OuterRef("pk")))
        for name, one in zip(names, segments, strict=True)
    }
    some = Q()
    for name in names:
        some |= Q(**{name: True})
    rows = Customer.objects.annotate(**inside).filter(some).order_by().values_list(*names)
    return sorted(
        [sum(1 << place for place, is_in in enumerate(row[:-1]) if is_in), row[-1]]
        for row in rows.annotate(customers=Count("pk"))
    )


def pairs(cells: Sequence[Sequence[int]], count: int) -> list[dict[str, Any]]:
    """Each two segments: in both, in either, Jaccard (both over either; None where nobody is)."""
    found = []
    for first, second in combinations(range(count), 2):
        one, two = 1 << first, 1 << second
        both = sum(n for bits, n in cells if bits & one and bits & two)
        either = sum(n for bits, n in cells if bits & (one | two))
        found.append(
            {"first": first, "second": second, "both": both, "either": either,
             "jaccard": both / either if either else None}
        )  # fmt: skip
    return found


def members_at(segment: Segment, at: datetime) -> QuerySet[Customer]:
    """Who was in the segment then. Raises RuleError, saying why that cannot be known.

    A rule on events is asked as of then; of a segment that was tracked by then, with this rule,
    today's members are taken back by what entered and left since.
    """
    try:
        return customers_of(segment.rule, at=at)
    except RuleError as error:
        if not _was_tracked(segment, at):
            hint = _("Who is in it is noted from the day on that it is tracked.")
            raise RuleError(f"{error} {hint}") from error
    later = SegmentChange.objects.filter(segment=segment, customer=OuterRef("pk"), at__gt=at)
    member = SegmentMember.objects.filter(segment=segment, customer=OuterRef("pk"))
    found = Customer.objects.annotate(
        next_entered=Subquery(later.order_by("at", "id").values("entered")[:1])
    )
    left_later = SegmentChange.objects.filter(segment=segment, entered=False, at__gt=at)
    return found.filter(
        Q(next_entered=False, pk__in=left_later.values("customer"))
        | Q(Exists(member), next_entered__isnull=True)
    )


def _was_tracked(segment: Segment, at: datetime) -> bool:
    since = segment.tracked_since
    is_kept = segment.is_tracked and segment.tracked_rule == segment.rule
    return since is not None and since <= at and is_kept


def followed_since(weeks: int, at: datetime) -> datetime:
    """The first moment of the local day so many weeks before today."""
    day = timezone.localtime(known_until(at)).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(weeks=weeks)


def curve_report(
    segment: Segment, weeks: int, at: datetime | None = None
) -> snapshots.Shown | None:
    """Raises RuleError where the members of then cannot be known."""
    at = at or timezone.now()
    members_at(segment, followed_since(weeks, at))
    return shown_or_none(curve_subject(segment, weeks), _curve(segment, weeks), at)


def curve_subject(segment: Segment, weeks: int) -> str:
    rule = hashlib.sha256(json.dumps(segment.rule, sort_keys=True).encode()).hexdigest()[:16]
    return f"curve:{segment.pk}:{weeks}:{rule}"


def _curve(segment: Segment, weeks: int) -> snapshots.Count:
    def count(at: datetime) -> dict[str, Any]:
        start = followed_since(weeks, at)
        found = members_at(segment, start)
        size = found.count()
        sample = sample_of(found, size, SAMPLE)
        return {
            "since": start.isoformat(),
            "size": size,
            "sample": len(sample),
            "active": _active(sample, start, known_until(at)),
        }

    return count


def _active(customers: list[int], start: datetime, until: datetime) -> list[int]:
    """How many of them had an order in each whole period of PERIOD_DAYS after `start`, a local midnight.

    Days are counted by the calendar: the one on which the clocks change has 23 or 25 hours.
    """
    first_day = timezone.localdate(start)
    sold = OrderLine.objects.sold().filter(order=OuterRef("pk"))
    periods = (timezone.localdate(until) - first_day).days // PERIOD_DAYS
    ordered: list[set[int]] = [set() for _k in range(min(periods, MOST_PERIODS))]
    for begin in range(0, len(customers), 2_000):
        rows = Order.objects.filter(
            Exists(sold), customer__in=customers[begin : begin + 2_000],
            placed_at__gte=start, placed_at__lt=start + timedelta(days=PERIOD_DAYS * len(ordered)),
        )  # fmt: skip
        for customer, placed_at in rows.order_by().values_list("customer_id", "placed_at"):
            ordered[(timezone.localdate(placed_at) - first_day).days // PERIOD_DAYS].add(customer)
    return [len(one) for one in ordered]


def ask_refresh(segments: Sequence[Segment], weeks: int, by: Any = None) -> int:
    """Jobs that count the overlap and the curves that can be known; how many were asked for."""
    keys = [one.pk for one in segments]
    asked = 0
    if len(segments) > 1:
        asked += snapshots.ask_refresh(
            OVERLAP_KIND, overlap_subject(segments), {"segments": keys}, by
        )
    for one in segments:
        try:
            members_at(one, followed_since(weeks, timezone.now()))
        except RuleError:
            continue
        payload = {"segment": one.pk, "weeks": weeks}
        asked += snapshots.ask_refresh(CURVE_KIND, curve_subject(one, weeks), payload, by)
    return asked


def refresh_overlap(segments: Sequence[int], at: datetime | None = None) -> dict[str, Any]:
    """The handler of its job; nothing to count where a segment is gone."""
    rows = Segment.objects.in_bulk(segments)
    if len(rows) < len(segments):
        return {"counted": False}
    found = [rows[key] for key in segments]
    row = snapshots.take(overlap_subject(found), _overlap(found), at or timezone.now())
    return {"counted": True, "seconds": round(row.seconds, 1)}


def refresh_curve(segment: int, weeks: int, at: datetime | None = None) -> dict[str, Any]:
    found = Segment.objects.filter(pk=segment).first()
    if found is None:
        return {"counted": False}
    row = snapshots.take(curve_subject(found, weeks), _curve(found, weeks), at or timezone.now())
    return {"counted": True, "seconds": round(row.seconds, 1)}
