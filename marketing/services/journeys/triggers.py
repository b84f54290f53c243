"""What starts a journey: each trigger finds causes in facts, since the journey went live.

A trigger is asked again and again and may answer the same: the database lets one customer enter a
journey once per cause (`Cause.key`). Each reads a bounded window, so that a clock that stood
still for a day loses nothing, and one that stood still for a month does not write to everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef
from django.utils import timezone

from marketing.definitions.journey_plan import Plan
from marketing.models import Segment, SegmentChange
from marketing.services.audiences.memberships import refresh_membership
from marketing.services.journeys.carts import CART_KINDS, open_carts
from marketing.services.journeys.guests import back_in_stock_offer
from shop.chunks import read_in_chunks
from shop.models import (
    Consent,
    Customer,
    Event,
    EventKind,
    Order,
    OrderLine,
    OrderState,
    Price,
    Purpose,
)
from shop.services import waitlist
from shop.services.prior_prices import reductions_of

WINDOW = timedelta(days=2)  # how late the clock may be
CHUNK = 1000
MOST_CAUSES = 20_000  # of one trigger at one time; the rest is found the next time
MEMBERS_OLD = timedelta(minutes=15)
MARKETING = (Purpose.MARKETING_EMAIL, Purpose.MARKETING_SMS, Purpose.MARKETING_PUSH)
REFILL_HISTORY = timedelta(days=730)
REFILL_PRIOR = 2  # a customer's own gaps outweigh the SKU's once there are more than two


@dataclass(frozen=True)
class Cause:
    """Why one customer enters: `key` names it for ever, `context` is what the trigger saw."""

    customer_id: int
    key: str
    context: dict[str, Any] = field(default_factory=dict)


Options = Mapping[str, Any]
Find = Callable[[Options, datetime, datetime], Iterable[Cause]]


def causes(plan: Plan, since: datetime, at: datetime) -> Iterator[Cause]:
    """Causes of a plan's trigger that came up from `since` on, at most MOST_CAUSES."""
    for number, cause in enumerate(FIND[plan.trigger](plan.options, since, at)):
        if number >= MOST_CAUSES:
            return
        yield cause


def cart_left(options: Options, since: datetime, at: datetime) -> Iterator[Cause]:
    """A cart that nobody has touched for so many minutes."""
    quiet = at - timedelta(minutes=options["minutes"])
    busy = Event.objects.filter(
        kind__in=CART_KINDS, customer__isnull=False, received_at__gte=_from(since, quiet),
        received_at__lte=quiet,
    )  # fmt: skip
    ids = busy.order_by("customer_id").values_list("customer_id", flat=True).distinct()
    for chunk in read_in_chunks(ids, CHUNK):
        for customer_id, cart in open_carts(chunk, at).items():
            if since <= cart.touched_at <= quiet:
                context = {"variants": cart.newest_first[:20]}
                yield Cause(customer_id, f"cart:{cart.began_with}", context)


def product_viewed(options: Options, since: datetime, at: datetime) -> Iterator[Cause]:
    """Looked at a product several times, then neither put it into the cart nor bought it."""
    quiet = at - timedelta(minutes=options["minutes"])
    looks = (
        Event.objects.filter(
            kind=EventKind.VIEW, customer__isnull=False, variant__isnull=False,
            received_at__gte=_from(since, quiet), received_at__lte=at,
        )
        .order_by()
        .values("customer_id", "variant__product_id")
        .annotate(looks=Count("pk"), last=Max("received_at"), sku=Max("variant_id"))
        .filter(looks__gte=options["views"], last__lte=quiet)
    )  # fmt: skip
    for rows in read_in_chunks(looks.order_by("customer_id", "variant__product_id"), CHUNK):
        taken = _taken({row["customer_id"] for row in rows}, at - WINDOW - WINDOW)
        for row in rows:
            if (row["customer_id"], row["variant__product_id"]) not in taken:
                week = f"{row['last']:%G-W%V}"
                key = f"viewed:{row['variant__product_id']}:{week}"
                yield Cause(row["customer_id"], key, {"variants": [row["sku"]]})


def price_dropped(options: Options, since: datetime, at: datetime) -> Iterator[Cause]:
    """A reduction, by the price ledger's own rule, of what she looked at or put into the cart."""
    begun = Price.objects.filter(valid_from__gte=_from(since, at), valid_from__lte=at)
    variants = set(begun.order_by().values_list("variant_id", flat=True)[:MOST_CAUSES])
    reduced = {
        pk: found
        for pk, found in reductions_of(variants, at).items()
        if (found.percent or 0) >= options["percent"]
    }
    interested = Event.objects.filter(
        kind__in=(EventKind.VIEW, EventKind.CART_ADD), variant__in=reduced,
        customer__isnull=False, received_at__gte=at - timedelta(days=options["days"]),
    )  # fmt: skip
    pairs = interested.order_by("customer_id", "variant_id").values("customer_id", "variant_id")
    for rows in read_in_chunks(pairs.distinct(), CHUNK):
        bought = _bought({row["customer_id"] for row in rows}, at - timedelta(days=options["days"]))
        for row in rows:
            if (row["customer_id"], row["variant_id"]) not in bought:
                key = f"price:{reduced[row['variant_id']].price.pk}"
                yield Cause(row["customer_id"], key, {"variants": [row["variant_id"]]})


def back_in_stock(options: Options, since: datetime, at: datetime) -> Iterator[Cause]:
    """She waits for it and it can be sold to her now; who came first is told first.

    Who cannot be told today makes room for the next, and is asked again tomorrow.
    """
    today = timezone.localtime(at).date()
    for found in waitlist.can_be_served(at=at, offer=back_in_stock_offer(at)):
        entry = found.entry
        if entry.customer_id:
            context = {"variants": [found.variant.pk], "waitlist": entry.pk, "wished": True}
            yield Cause(entry.customer_id, f"waitlist:{entry.pk}:{today:%Y%m%d}", context)


def joined(options: Options, since: datetime, at: datetime) -> Iterator[Cause]:
    """Said yes to marketing for the first time."""
    words = Consent.objects.filter(purpose__in=MARKETING, granted=True)
    before = words.filter(customer=OuterRef("customer"), recorded_at__lt=OuterRef("recorded_at"))
    new = words.filter(
        ~Exists(before), recorded_at__gte=_from(since, at), recorded_at__lte=at
    ).order_by("customer_id")
    for customer_id in new.values_list("customer_id", flat=True).distinct().iterator(CHUNK):
        yield Cause(customer_id, "joined")


def ordered(options: Options, since: datetime, at: datetime) -> Iterator[Cause]:
    """So many days after an order."""
    then = at - timedelta(days=options["days"])
    orders = Order.objects.filter(
        customer__isnull=False, placed_at__gte=_from(since, then), placed_at__lte=then,
        is_history=False,
    ).exclude(state=OrderState.CANCELLED)  # fmt: skip
    for rows in read_in_chunks(orders.order_by("pk").values("pk", "number", "customer_id"), CHUNK):
        lines = (
            OrderLine.objects.sold()
            .filter(order__in=[row["pk"] for row in rows], variant__isnull=False)
            .order_by("pk")
        )
        skus: dict[int, list[int]] = defaultdict(list)
        for order_id, variant_id in lines.values_list("order_id", "variant_id"):
            skus[order_id].append(variant_id)
        for row in rows:
            context = {"variants": skus[row["pk"]][:20], "order": row["number"]}
            yield Cause(row["customer_id"], f"order:{row['number']}", context)


def silent(options: Options, since: datetime, at: datetime) -> Iterator[Cause]:
    """No order for so many days since the last one."""
    then = at - timedelta(days=options["days"])
    last = (
        Order.objects.filter(customer__isnull=False)
        .exclude(state=OrderState.CANCELLED)
        .order_by()
        .values("customer_id")
        .annotate(last=Max("placed_at"))
        .filter(last__gt=then - WINDOW, last__lte=then)
    )
    for row in last.order_by("customer_id").iterator(CHUNK):
        yield Cause(row["customer_id"], f"silent:{row['last']:%Y%m%dT%H%M%S}")


def refill_due(options: Options, since: datetime, at: datetime) -> Iterator[Cause]:
    """What she buys again and again is about to run out, by her own rhythm and the SKU's.

    Gap = (her gaps' sum + REFILL_PRIOR × the SKU's median gap) / (her gaps + REFILL_PRIOR).
    """
    for variant_id, days_of in _bought_again(at).items():
        gaps = sorted(b - a for days in days_of.values() for a, b in pairwise(days))
        usual = gaps[len(gaps) // 2]
        for customer_id, days in days_of.items():
            own = days[-1] - days[0]
            count = len(days) - 1
            gap = (own + REFILL_PRIOR * usual) / (count + REFILL_PRIOR)
            due = days[-1] + gap - timedelta(days=options["days"])
            if _from(since, at) <= due <= at:
                key = f"refill:{variant_id}:{days[-1]:%Y%m%d}"
                yield Cause(customer_id, key, {"variants": [variant_id]})


def birthday(options: Options, since: datetime, at: datetime) -> Iterator[Cause]:
    """So many days before her birthday; the 29th of February is the 28th where there is none."""
    day = timezone.localtime(at).date() + timedelta(days=options["days"])
    names = [f"{day:%m-%d}"]
    if names == ["02-28"] and (day + timedelta(days=1)).month == 3:
        names.append("02-29")
    people = Customer.objects.filter(birthday__in=names).order_by("pk")
    for customer_id in people.values_list("pk", flat=True).iterator(CHUNK):
        yield Cause(customer_id, f"birthday:{day.year}")


def segment_entered(options: Options, since: datetime, at: datetime) -> Iterator[Cause]:
    """She came into a segment that she was not in; its members are brought up to date first."""
    segment = Segment.objects.filter(code=options["segment"]).first()
    if segment is None:
        return
    if segment.tracked_at is None or segment.tracked_at < at - MEMBERS_OLD:
        refresh_membership(segment, at)
    entered = SegmentChange.objects.filter(
        segment=segment, entered=True, at__gte=_from(since, at), at__lte=at
    ).order_by("pk")
    for pk, customer_id in entered.values_list("pk", "customer_id").iterator(CHUNK):
        yield Cause(customer_id, f"segment:{segment.code}:{pk}")


def _from(since: datetime, until: datetime) -> datetime:
    return max(since, until - WINDOW)


def _taken(customer_ids: set[int], since: datetime) -> set[tuple[int, int]]:
    """(customer, product) that went into a cart or were bought."""
    events = Event.objects.filter(
        customer__in=customer_ids, kind=EventKind.CART_ADD, received_at__gte=since
    )
    lines = _lines(customer_ids, since)
    return {
        *events.values_list("customer_id", "variant__product_id"),
        *lines.values_list("order__customer_id", "variant__product_id"),
    }


def _bought(customer_ids: set[int], since: datetime) -> set[tuple[int, int]]:
    return set(_lines(customer_ids, since).values_list("order__customer_id", "variant_id"))


def _lines(customer_ids: set[int], since: datetime) -> Any:
    return OrderLine.objects.sold().filter(
        order__customer__in=customer_ids, order__placed_at__gte=since
    )


def _bought_again(at: datetime) -> dict[int, dict[int, list[datetime]]]:
    """Per SKU, the days on which each customer who bought it twice or more bought it."""
    lines = (
        OrderLine.objects.sold()
        .filter(
            variant__isnull=False, order__customer__isnull=False,
            order__placed_at__gt=at - REFILL_HISTORY, order__placed_at__lte=at,
        )
        .order_by()
    )  # fmt: skip
    again = lines.values("variant_id", who=F("order__customer_id")).annotate(
        orders=Count("order", distinct=True)
    )
    pairs = again.filter(orders__gte=2)
    found: dict[int, dict[int, list[datetime]]] = defaultdict(dict)
    for rows in read_in_chunks(pairs, CHUNK):
        wanted = {(row["variant_id"], row["who"]) for row in rows}
        dated = lines.filter(
            order__customer__in={who for _sku, who in wanted},
            variant__in={sku for sku, _who in wanted},
        ).order_by("order__placed_at")
        for sku, who, placed in dated.values_list(
            "variant_id", "order__customer_id", "order__placed_at"
        ):
            days = found[sku].setdefault(who, []) if (sku, who) in wanted else []
            if not days or placed - days[-1] >= timedelta(days=1):
                days.append(placed)
    return {
        sku: {who: days for who, days in people.items() if len(days) > 1}
        for sku, people in found.items()
        if any(len(days) > 1 for days in people.values())
    }


FIND: dict[str, Find] = {
    "cart_left": cart_left,
    "product_viewed": product_viewed,
    "price_dropped": price_dropped,
    "back_in_stock": back_in_stock,
    "joined": joined,
    "ordered": ordered,
    "silent": silent,
    "refill_due": refill_due,
    "birthday": birthday,
    "segment_entered": segment_entered,
}
