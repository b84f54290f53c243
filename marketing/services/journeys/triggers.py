"""What starts a journey: each trigger finds causes in facts, since the journey went live.

Here those about the customer herself; behaviour_triggers.py and order_triggers.py have the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from decisions.models import Job
from decisions.services import jobs
from marketing.models import Segment, SegmentChange, TierMove
from marketing.services.journeys.behaviour_triggers import cart_left, price_dropped, product_viewed
from marketing.services.journeys.causes import (
    PAGE,
    Cause,
    Find,
    Options,
    Page,
    Span,
    first_of,
    next_after,
)
from marketing.services.journeys.guests import back_in_stock_offer
from marketing.services.journeys.order_triggers import delivered, ordered, refill_due, silent
from marketing.services.journeys.review_requests import review_due
from shop.models import Consent, Customer, Purpose
from shop.services import waitlist

MEMBERS_OLD = timedelta(minutes=15)
FOLLOW = "follow_segment"
MARKETING = (Purpose.MARKETING_EMAIL, Purpose.MARKETING_SMS, Purpose.MARKETING_PUSH)


def back_in_stock(options: Options, span: Span, after: Sequence[int]) -> Page:
    """She waits for it and it can be sold to her now; who came first is told first.

    Who cannot be told today makes room for the next, and is asked again tomorrow.
    """
    today = timezone.localtime(span.at).date()
    causes = []
    for found in waitlist.can_be_served(at=span.at, offer=back_in_stock_offer(span.at)):
        entry = found.entry
        if entry.customer_id:
            context = {"variants": [found.variant.pk], "waitlist": entry.pk, "wished": True}
            key = f"waitlist:{entry.pk}:{today:%Y%m%d}"
            causes.append(Cause(entry.customer_id, key, context))
    return Page(causes)


def joined(options: Options, span: Span, after: Sequence[int]) -> Page:
    """Said yes to marketing for the first time."""
    first, last = span.ago()
    words = Consent.objects.filter(purpose__in=MARKETING, granted=True)
    before = words.filter(customer=OuterRef("customer"), recorded_at__lt=OuterRef("recorded_at"))
    new = words.filter(
        ~Exists(before), recorded_at__gte=first, recorded_at__lte=last,
        customer__gt=first_of(after),
    ).order_by("customer_id")  # fmt: skip
    people = list(new.values_list("customer_id", flat=True).distinct()[:PAGE])
    return Page([Cause(pk, "joined") for pk in people], next_after(people))


def birthday(options: Options, span: Span, after: Sequence[int]) -> Page:
    """So many days before her birthday; the 29th of February is the 28th where there is none.

    The day begins once: what a search of a span within the day would find has been found.
    """
    now = timezone.localtime(span.at)
    if span.start > now.replace(hour=0, minute=0, second=0, microsecond=0):
        return Page([])
    day = now.date() + timedelta(days=options["days"])
    names = [f"{day:%m-%d}"]
    if names == ["02-28"] and (day + timedelta(days=1)).month == 3:
        names.append("02-29")
    born = Customer.objects.filter(birthday__in=names, pk__gt=first_of(after)).order_by("pk")
    people = list(born.values_list("pk", flat=True)[:PAGE])
    return Page([Cause(pk, f"birthday:{day.year}") for pk in people], next_after(people))


def segment_entered(options: Options, span: Span, after: Sequence[int]) -> Page:
    """She came into a segment that she was not in. Members that are old are brought up to date by a
    job of their own: how long a rule takes must not hold up the clock."""
    segment = Segment.objects.filter(code=options["segment"]).first()
    if segment is None:
        return Page([])
    if segment.tracked_at is None or segment.tracked_at < span.at - MEMBERS_OLD:
        _follow(segment, span.at)
    first, last = span.ago()
    entered = SegmentChange.objects.filter(
        segment=segment, entered=True, at__gte=first, at__lte=last, pk__gt=first_of(after)
    ).order_by("pk")
    rows = list(entered.values_list("pk", "customer_id")[:PAGE])
    causes = [Cause(customer_id, f"segment:{segment.code}:{pk}") for pk, customer_id in rows]
    return Page(causes, next_after([pk for pk, _customer in rows]))


def tier_entered(options: Options, span: Span, after: Sequence[int]) -> Page:
    """She rose into this tier; who fell into it is no occasion for good news."""
    return _tier_moves(span, after, to_tier__code=options["tier"], is_rise=True)


def tier_left(options: Options, span: Span, after: Sequence[int]) -> Page:
    """She fell out of this tier, into a lower one or into none."""
    return _tier_moves(span, after, from_tier__code=options["tier"], is_rise=False)


def _tier_moves(span: Span, after: Sequence[int], **which: Any) -> Page:
    first, last = span.ago()
    moves = TierMove.objects.filter(
        recorded_at__gte=first, recorded_at__lte=last, pk__gt=first_of(after), **which
    ).order_by("pk")
    rows = list(moves.values_list("pk", "customer_id")[:PAGE])
    causes = [Cause(customer_id, f"tier:{pk}") for pk, customer_id in rows]
    return Page(causes, next_after([pk for pk, _customer in rows]))


def _follow(segment: Segment, at: datetime) -> None:
    """One job at a time, and one in MEMBERS_OLD at most."""
    if not Job.objects.unfinished().filter(kind=FOLLOW, payload={"segment": segment.pk}).exists():
        turn = int(at.timestamp() // MEMBERS_OLD.total_seconds())
        jobs.enqueue(FOLLOW, {"segment": segment.pk}, key=f"{FOLLOW}:{segment.pk}:{turn}")


FIND: dict[str, Find] = {
    "cart_left": cart_left,
    "product_viewed": product_viewed,
    "price_dropped": price_dropped,
    "back_in_stock": back_in_stock,
    "joined": joined,
    "ordered": ordered,
    "delivered": delivered,
    "review_due": review_due,
    "silent": silent,
    "refill_due": refill_due,
    "birthday": birthday,
    "segment_entered": segment_entered,
    "tier_entered": tier_entered,
    "tier_left": tier_left,
}
