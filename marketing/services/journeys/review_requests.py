"""Asking for a review: what came, is still hers, and has not been written about.

An order asks once, for all its lines: one letter, and the page leads on to the other products of the
order. What no letter may go out over (an open complaint, money on its way back) the guards know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat

from marketing.delivery.review_links import review_address
from marketing.models import Enrolment, Send
from marketing.services.journeys.causes import (
    PAGE,
    Cause,
    Options,
    Page,
    Span,
    first_of,
    next_after,
)
from marketing.services.sending.guards import LEFT
from shop.models import Order, OrderLine, OrderState, OrderTransition
from shop.services.events.event_rows import among
from shop.services.reviews.writing import reviewable

MOST_LINES = 20  # of one order


def review_due(options: Options, span: Span, after: Sequence[int]) -> Page:
    """So many days after the whole order was delivered. A shop that records no delivery asks nobody:
    a question about what has not come is worse than none."""
    first, last = span.ago(timedelta(days=options["days"]))
    came = OrderTransition.objects.filter(
        order=OuterRef("pk"), to_state=OrderState.DELIVERED, at__gte=first, at__lte=last
    )
    orders = Order.objects.filter(
        Exists(came), customer__isnull=False, is_history=False, pk__gt=first_of(after)
    ).order_by("pk")
    rows = list(orders.values("pk", "number", "customer_id")[:PAGE])
    asked = _asked(rows)
    lines: dict[int, list[tuple[int, int]]] = defaultdict(list)
    open_lines = reviewable(span.at).filter(order__in=[row["pk"] for row in rows])
    for order_id, pk, variant_id in open_lines.order_by("position").values_list(
        "order_id", "pk", "variant_id"
    ):
        lines[order_id].append((pk, variant_id))
    causes = [
        Cause(
            row["customer_id"],
            key_of(row["number"]),
            {
                "order": row["number"],
                "lines": [pk for pk, _variant in lines[row["pk"]][:MOST_LINES]],
                "variants": [variant for _pk, variant in lines[row["pk"]][:MOST_LINES]],
            },
        )
        for row in rows
        if row["pk"] in lines and key_of(row["number"]) not in asked
    ]
    return Page(causes, next_after([row["pk"] for row in rows]))


def key_of(number: str) -> str:
    return f"review:{number}"


def _asked(orders: Sequence[Mapping[str, Any]]) -> set[str]:
    """Keys of orders that some journey has asked about, this one or another: once is enough."""
    keys = [key_of(row["number"]) for row in orders]
    people = [row["customer_id"] for row in orders]
    known = Enrolment.objects.filter(customer__in=among(people), key__in=among(keys))
    return set(known.values_list("key", flat=True))


def lines_still_open(sends: Sequence[Send], at: datetime) -> dict[int, OrderLine]:
    """Key → line, of the lines that these messages are about and that can still be reviewed."""
    keys = {pk for send in sends for pk in send.road.context.get("lines", [])}
    if not keys:
        return {}
    # Two journeys that looked at the same moment: the later one finds the earlier one's message.
    others = (
        Send.objects.filter(
            customer=OuterRef("order__customer"),
            state__in=LEFT,
            enrolment__key=Concat(Value("review:"), OuterRef("order__number")),
        )
        .exclude(pk__in=[send.pk for send in sends])
        .exclude(enrolment__in=[one.enrolment_id for one in sends])
    )
    rows = reviewable(at).filter(~Exists(others), pk__in=keys).order_by("pk")
    return {line.pk: line for line in rows}


def variants_to_review(send: Send, lines: Mapping[int, OrderLine]) -> list[int]:
    """SKUs of the lines that are still open, in the order of the order; empty: too late."""
    return [
        line.variant_id
        for pk in send.road.context.get("lines", [])
        if (line := lines.get(pk)) and line.variant_id is not None
    ]


def form_link(send: Send, lines: Mapping[int, OrderLine]) -> str:
    """The page of the first line that is still open."""
    first = next((pk for pk in send.road.context.get("lines", []) if pk in lines), None)
    return review_address(first) if first is not None else ""


def was_rewarded(line: OrderLine) -> bool:
    """A message about this order gave a coupon: the review says so, whatever its stars."""
    return Send.objects.filter(
        customer=line.order.customer_id,
        coupon__isnull=False,
        enrolment__context__order=line.order.number,
        sent_at__isnull=False,
    ).exists()
