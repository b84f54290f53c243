"""Journeys that begin with what a customer did in the shop. Only what she allowed to be seen is
read (docs/events.md); what keeps a message away counts whatever she said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from marketing.services.journeys.carts import CART_KINDS, open_carts
from marketing.services.journeys.causes import (
    PAGE,
    WINDOW,
    Cause,
    Options,
    Page,
    Span,
    first_of,
    next_after,
)
from shop.models import Event, EventKind, OrderLine, Price
from shop.services.events.event_rows import among
from shop.services.prior_prices import Reduction, reductions_of

VARIANTS = 200  # whose prices are looked at together
MOST_LOOKS = 20  # products of one customer that start something in one page: the last she looked at


def cart_left(options: Options, span: Span, after: Sequence[int]) -> Page:
    """A cart that nobody has touched for so many minutes."""
    first, last = span.ago(timedelta(minutes=options["minutes"]))
    people = _doers(_seen(CART_KINDS, first, last), after)
    causes = [
        Cause(pk, f"cart:{cart.began_with}", {"variants": cart.newest_first[:20]})
        for pk, cart in open_carts(people, span.at).items()
        if first <= cart.touched_at <= last
    ]
    return Page(causes, next_after(people))


def product_viewed(options: Options, span: Span, after: Sequence[int]) -> Page:
    """Looked at a product several times, then neither put it into the cart nor bought it."""
    first, last = span.ago(timedelta(minutes=options["minutes"]))
    views = _seen((EventKind.VIEW,), first, last).filter(variant__isnull=False)
    people = _doers(views, after)
    looks = (
        _seen((EventKind.VIEW,), max(span.since, last - WINDOW), span.at)
        .filter(customer__in=among(people), variant__isnull=False)
        .order_by()
        .values("customer_id", "variant__product_id")
        .annotate(looks=Count("pk"), last=Max("received_at"), sku=Max("variant_id"))
        .filter(looks__gte=options["views"], last__gte=first, last__lte=last)
        .order_by("customer_id", "-last", "variant__product_id")
    )
    taken = _taken(people, span.at - WINDOW - WINDOW)
    found: dict[int, list[Cause]] = defaultdict(list)
    for row in looks.iterator(PAGE):
        who, product = row["customer_id"], row["variant__product_id"]
        if (who, product) not in taken and len(found[who]) < MOST_LOOKS:
            key = f"viewed:{product}:{row['last']:%G-W%V}"
            found[who].append(Cause(who, key, {"variants": [row["sku"]]}))
    return Page([cause for hers in found.values() for cause in hers], next_after(people))


def price_dropped(options: Options, span: Span, after: Sequence[int]) -> Page:
    """A reduction, by the price ledger's own rule, of what she looked at or put into the cart
    before. SKUs some at a time, and of these their customers by key."""
    done, who = after or (0, 0)
    first, last = span.ago()
    begun = Price.objects.filter(valid_from__gte=first, valid_from__lte=last, variant__gt=done)
    skus = begun.order_by("variant_id").values_list("variant_id", flat=True)
    variants = list(skus.distinct()[:VARIANTS])
    behind = [variants[-1], 0] if len(variants) == VARIANTS else None
    reduced = {
        pk: found
        for pk, found in reductions_of(set(variants), span.at).items()
        if (found.percent or 0) >= options["percent"]
    }
    since = span.at - timedelta(days=options["days"])
    rows = _looked_at(reduced, who, since) if reduced else []
    if len(rows) == PAGE:  # the last customer may go on behind it; she alone never fills a page
        behind = [done, rows[-1]["customer_id"] - 1]
        rows = [row for row in rows if row["customer_id"] <= behind[1]]
    return Page(_wanted(rows, reduced, since), behind)


def _looked_at(reduced: dict[int, Reduction], who: int, since: datetime) -> list[dict[str, Any]]:
    seen = _seen((EventKind.VIEW, EventKind.CART_ADD), since, None)
    pairs = seen.filter(variant__in=reduced, customer__gt=who).order_by()
    firsts = pairs.values("customer_id", "variant_id").annotate(first=Min("received_at"))
    rows: Any = firsts.order_by("customer_id", "variant_id")[:PAGE]
    return list(rows)


def _wanted(
    rows: Sequence[dict[str, Any]], reduced: dict[int, Reduction], since: datetime
) -> list[Cause]:
    lines = _lines({row["customer_id"] for row in rows}, since)
    bought = set(lines.values_list("order__customer_id", "variant_id")) if rows else set()
    return [
        Cause(row["customer_id"], f"price:{price.pk}", {"variants": [row["variant_id"]]})
        for row in rows
        for price in [reduced[row["variant_id"]].price]
        if row["first"] <= price.valid_from
        and (row["customer_id"], row["variant_id"]) not in bought
    ]


def _seen(kinds: Iterable[str], first: datetime, last: datetime | None) -> QuerySet[Event]:
    """Of known customers, under consent to analytics."""
    seen = Event.objects.filter(
        kind__in=list(kinds), customer__isnull=False, consent=True, received_at__gte=first
    )
    return seen if last is None else seen.filter(received_at__lte=last)


def _doers(events: QuerySet[Event], after: Sequence[int]) -> list[int]:
    """The next customers by key who did one of these."""
    theirs = events.filter(customer__gt=first_of(after)).order_by("customer_id")
    return list(theirs.values_list("customer_id", flat=True).distinct()[:PAGE])


def _taken(customer_ids: Sequence[int], since: datetime) -> set[tuple[int, int]]:
    """(customer, product) that went into a cart or were bought."""
    if not customer_ids:
        return set()
    events = Event.objects.filter(
        customer__in=among(customer_ids), kind=EventKind.CART_ADD, received_at__gte=since
    )
    pairs = events.order_by().values_list("customer_id", "variant__product_id").distinct()
    lines = _lines(customer_ids, since)
    return {*pairs, *lines.values_list("order__customer_id", "variant__product_id")}


def _lines(customer_ids: Iterable[int], since: datetime) -> Any:
    return OrderLine.objects.sold().filter(
        order__customer__in=among(customer_ids), order__placed_at__gte=since
    )
