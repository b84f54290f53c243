"""Who may not be written to now, and why: asked under the customers' lock at the last moment.

Two workers that want to write to one customer wait for each other here, so that a cap holds over
campaigns and journeys that run side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from marketing.delivery.quiet_hours import zone_of
from marketing.models import Channel, Send, SendState, SkipReason, Suppression
from marketing.models.campaigns import ADDRESS_OF, PURPOSE_OF_CHANNEL
from shop.models import (
    Consent,
    Customer,
    Order,
    OrderState,
    OrderTransition,
    Payment,
    Refund,
    Shipment,
)
from shop.services.erased import erased_addresses
from shop.services.events.event_rows import among
from support.models import Intent, Ticket, TicketState, Urgency

# States in which a message left, or may have.
LEFT = (SendState.SENDING, SendState.SENT, SendState.UNKNOWN)
LOST_AFTER = timedelta(days=90)  # a parcel that never came keeps nobody silent for ever


@dataclass(frozen=True)
class Asked:
    """What is about to be written.

    stops_after: per customer, the moment after which an order makes the message pointless.
    wished: customers who asked for this very message; neither consent to marketing nor a cap
    stands in its way, and it counts towards none.
    """

    channel: str
    stops_after: Mapping[int, datetime]
    wished: frozenset[int] = frozenset()


def lock_customers(customer_ids: Iterable[int]) -> dict[int, Customer]:
    """Their rows, held until the transaction ends, always in the same order."""
    locked = Customer.objects.select_for_update(of=("self",)).filter(pk__in=among(customer_ids))
    return {customer.pk: customer for customer in locked.order_by("pk")}


def reasons_not_to_write(
    customers: Mapping[int, Customer], asked: Asked, at: datetime
) -> dict[int, SkipReason]:
    """Why each of these customers gets nothing now; who may be written to is absent.

    The strongest reason is given: an address and a word first, what passes by itself last.
    """
    address = ADDRESS_OF[Channel(asked.channel)]
    known = _known_of(customers, asked.channel, at)
    refunded = {one.pk for one in known if one.has_refund}
    capped = {one.pk for one in known if one.has_enough(asked.channel)}
    found = [
        ({pk for pk, one in customers.items() if not getattr(one, address)}, SkipReason.NO_ADDRESS),
        ({one.pk for one in known if one.is_suppressed}, SkipReason.SUPPRESSED),
        (_erased_since(customers, asked.channel), SkipReason.SUPPRESSED),
        ({one.pk for one in known if not one.agreed} - asked.wished, SkipReason.NO_CONSENT),
        ({one.pk for one in known if one.complains}, SkipReason.COMPLAINT),
        ({one.pk for one in known if one.gives_back} - asked.wished, SkipReason.OPEN_RETURN),
        ({one.pk for one in known if one.is_urgent} - asked.wished, SkipReason.URGENT_TICKET),
        (_misses_a_parcel(known, at) - asked.wished, SkipReason.LATE_PARCEL),
        (_owed_money(refunded), SkipReason.REFUND_DUE),
        (capped - asked.wished, SkipReason.FREQUENCY_CAP),
        (_ordered_since(asked.stops_after), SkipReason.BOUGHT),
    ]
    reasons: dict[int, SkipReason] = {}
    for whose, reason in found:
        for pk in whose:
            reasons.setdefault(pk, reason)
    return reasons


def _erased_since(customers: Mapping[int, Customer], channel: str) -> set[int]:
    """Whose address belonged to an erased person who has not agreed anew: an old list of another
    system may have brought address and consent back."""
    field = ADDRESS_OF[Channel(channel)]
    addresses = {pk: getattr(one, field) for pk, one in customers.items()}
    erased = erased_addresses(addresses, field)
    if not erased:
        return set()
    purpose = PURPOSE_OF_CHANNEL[Channel(channel)]
    words = Consent.objects.filter(customer__in=among(erased), purpose=purpose, granted=True)
    anew = {pk for pk, at in words.values_list("customer_id", "recorded_at") if at > erased[pk]}
    return set(erased) - anew


def cap_of(channel: str) -> int:
    """At most so many messages on this channel in MARKETING_CAP_DAYS days."""
    return {
        Channel.EMAIL: settings.MARKETING_CAP_MESSAGES,
        Channel.SMS: settings.MARKETING_CAP_SMS,
        Channel.PUSH: settings.MARKETING_CAP_PUSH,
    }[Channel(channel)]


class _Known(NamedTuple):
    """What the rows say of one customer. agreed: her last word, None without any. The rest is what
    left lately and counts towards a cap: on this channel, on all of them, and on all of them since
    her own day and week began."""

    pk: int
    is_suppressed: bool
    agreed: bool | None
    complains: bool
    gives_back: bool
    is_urgent: bool
    asks_where: bool
    has_old_parcel: bool
    has_refund: bool
    messages: int
    all_messages: int
    today: int
    this_week: int

    def has_enough(self, channel: str) -> bool:
        caps = [
            (settings.MARKETING_CAP_ALL, self.all_messages),
            (settings.MARKETING_CAP_A_DAY, self.today),
            (settings.MARKETING_CAP_A_WEEK, self.this_week),
        ]
        return self.messages >= cap_of(channel) or any(cap and n >= cap for cap, n in caps)


def _known_of(customers: Mapping[int, Customer], channel: str, at: datetime) -> list[_Known]:
    """One statement of its own, after the one that took the lock: it sees what a rival for these
    customers wrote before the lock was ours."""
    if not customers:
        return []
    lately = at - timedelta(days=settings.MARKETING_CAP_DAYS)
    day, week = _own_calendar(customers, at)
    hers = Customer.objects.filter(pk__in=among(customers)).values_list(
        "pk",
        Exists(Suppression.objects.filter(customer=OuterRef("pk"), channel=channel)),
        Subquery(_last_word(channel)),
        Exists(_open_tickets().filter(intent__in=(Intent.COMPLAINT, Intent.DAMAGED))),
        Exists(_open_tickets().filter(intent=Intent.RETURN_REFUND)),
        Exists(_open_tickets().filter(urgency__gte=Urgency.HIGH)),
        Exists(_open_tickets().filter(intent=Intent.WHERE_IS_MY_ORDER)),
        Exists(_old_parcels(at)),
        Exists(Refund.objects.filter(order__customer=OuterRef("pk"))),
        _messages(handed_over_at__gt=lately, channel=channel),
        _messages(handed_over_at__gt=lately) if settings.MARKETING_CAP_ALL else Value(0),
        _messages(handed_over_at__gte=day) if settings.MARKETING_CAP_A_DAY else Value(0),
        _messages(handed_over_at__gte=week) if settings.MARKETING_CAP_A_WEEK else Value(0),
    )
    return [_Known(*row) for row in hers]


def _own_calendar(customers: Mapping[int, Customer], at: datetime) -> tuple[Case, Case]:
    """When the day and the week (from Monday on) of each customer's own clock began, of a send."""
    days: list[When] = []
    weeks: list[When] = []
    for name in sorted({one.time_zone for one in customers.values()}):
        zone = zone_of(name)
        today = at.astimezone(zone).date()
        monday = today - timedelta(days=today.weekday())
        for whens, first in ((days, today), (weeks, monday)):
            begin = datetime.combine(first, time(), tzinfo=zone)
            whens.append(When(customer__time_zone=name, then=Value(begin)))
    return Case(*days, default=Value(at)), Case(*weeks, default=Value(at))


def _last_word(channel: str) -> QuerySet:
    words = Consent.objects.filter(
        customer=OuterRef("pk"), purpose=PURPOSE_OF_CHANNEL[Channel(channel)]
    )
    return words.order_by("-recorded_at", "-id").values("granted")[:1]


def _open_tickets() -> QuerySet[Ticket]:
    open_ = (TicketState.OPEN, TicketState.PENDING)
    return Ticket.objects.filter(customer=OuterRef("pk"), state__in=open_)


def _old_parcels(at: datetime) -> QuerySet[Shipment]:
    """On their way for longer than a parcel takes; nobody promises a day here."""
    days = settings.MARKETING_LATE_PARCEL_DAYS
    if not days:
        return Shipment.objects.none()
    return Shipment.objects.filter(
        order__customer=OuterRef("pk"),
        order__state__in=(OrderState.PART_SHIPPED, OrderState.SHIPPED),
        shipped_at__lt=at - timedelta(days=days),
        shipped_at__gte=at - LOST_AFTER,
    )


def _misses_a_parcel(known: list[_Known], at: datetime) -> set[int]:
    """Who asks where it is; and whose parcel is late, in a shop that writes down what has come."""
    asking = {one.pk for one in known if one.asks_where}
    late = {one.pk for one in known if one.has_old_parcel}
    if late - asking and _records_deliveries(at):
        return asking | late
    return asking


def _records_deliveries(at: datetime) -> bool:
    came = OrderTransition.objects.filter(to_state=OrderState.DELIVERED, at__gte=at - LOST_AFTER)
    return came.exists()


def _messages(**which: Any) -> Coalesce:
    """How many left that she did not ask for herself."""
    left = Send.objects.filter(customer=OuterRef("pk"), state__in=LEFT, was_wished=False, **which)
    counted = left.order_by().values("customer").annotate(messages=Count("pk"))
    return Coalesce(Subquery(counted.values("messages")), 0)


def _owed_money(ids: set[int]) -> set[int]:
    """Of customers with a refund: it was promised on an order and the payments have not given so
    much back yet."""
    if not ids:
        return set()
    promised = (
        Refund.objects.filter(order__customer__in=among(ids))
        .order_by()
        .values("order_id", customer=F("order__customer_id"))
        .annotate(promised=Sum("amount_minor"))
    )
    back: QuerySet = (
        Payment.objects.filter(order=OuterRef("order_id"))
        .order_by()
        .values("order")
        .annotate(back=Sum("refunded_minor"))
        .values("back")
    )
    due = promised.annotate(back=Coalesce(Subquery(back), 0)).filter(promised__gt=F("back"))
    return {row["customer"] for row in due}


def _ordered_since(stops_after: Mapping[int, datetime]) -> set[int]:
    if not stops_after:
        return set()
    orders = Order.objects.filter(
        customer__in=stops_after, placed_at__gte=min(stops_after.values())
    ).exclude(state=OrderState.CANCELLED)
    return {
        pk
        for pk, placed_at in orders.values_list("customer_id", "placed_at")
        if placed_at >= stops_after[pk]
    }
