"""Whom a message would only annoy now: something of hers is open, late or on its way back."""

from datetime import UTC, datetime, timedelta

import pytest

from marketing.models import SkipReason
from marketing.services.sending.guards import Asked, reasons_not_to_write
from shop.models import OrderState, OrderTransition, Shipment
from support.models import Intent, TicketState, Urgency
from tests.factories import make_order, make_variant, make_warehouse
from tests.factories_marketing import make_reachable
from tests.factories_support import make_ticket

pytestmark = pytest.mark.django_db
NOW, DAY = datetime(2026, 6, 1, 12, tzinfo=UTC), timedelta(days=1)


@pytest.fixture
def ana():
    return make_reachable(1)[0]


def reason(customer, *, wished=False) -> SkipReason | None:
    wishes = frozenset({customer.pk} if wished else ())
    found = reasons_not_to_write({customer.pk: customer}, Asked("email", {}, wishes), NOW)
    return found.get(customer.pk)


def make_parcel(customer, days_ago, state=OrderState.SHIPPED):
    order = make_order(
        [(make_variant("KET-1"), 1)], customer=customer, at=NOW - 40 * DAY, state=state
    )
    return Shipment.objects.create(
        order=order, number=f"P{order.pk}", warehouse=make_warehouse(),
        shipped_at=NOW - days_ago * DAY,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"intent": Intent.COMPLAINT}, SkipReason.COMPLAINT),
        ({"intent": Intent.DAMAGED}, SkipReason.COMPLAINT),
        ({"intent": Intent.RETURN_REFUND}, SkipReason.OPEN_RETURN),
        ({"intent": Intent.INVOICE, "urgency": Urgency.HIGH}, SkipReason.URGENT_TICKET),
        ({"intent": Intent.WHERE_IS_MY_ORDER, "urgency": Urgency.URGENT}, SkipReason.URGENT_TICKET),
        ({"intent": Intent.WHERE_IS_MY_ORDER}, SkipReason.LATE_PARCEL),
        ({"intent": Intent.PRODUCT_QUESTION, "urgency": Urgency.NORMAL}, None),
        ({"intent": Intent.RETURN_REFUND, "state": TicketState.SOLVED}, None),
        ({"urgency": Urgency.URGENT, "state": TicketState.CLOSED}, None),
    ],
)
def test_an_open_question_keeps_marketing_away(ana, fields, expected):
    make_ticket(customer=ana, **fields)
    assert reason(ana) == expected


def test_what_she_asked_for_herself_comes_though_something_is_open(ana):
    make_ticket(customer=ana, intent=Intent.WHERE_IS_MY_ORDER, urgency=Urgency.URGENT)
    assert reason(ana, wished=True) is None
    make_ticket(customer=ana, intent=Intent.COMPLAINT)
    assert reason(ana, wished=True) == SkipReason.COMPLAINT


def test_a_parcel_that_is_late_keeps_marketing_away_where_deliveries_are_recorded(ana, settings):
    parcel = make_parcel(ana, 11)
    assert reason(ana) is None  # nobody writes down here what has come
    other = make_order([(make_variant("CUP-1"), 1)], at=NOW - 20 * DAY)
    OrderTransition.objects.create(
        order=other, from_state=OrderState.SHIPPED, to_state=OrderState.DELIVERED, at=NOW - 9 * DAY
    )
    assert reason(ana) == SkipReason.LATE_PARCEL
    settings.MARKETING_LATE_PARCEL_DAYS = 12
    assert reason(ana) is None
    settings.MARKETING_LATE_PARCEL_DAYS = 0
    assert reason(ana) is None
    settings.MARKETING_LATE_PARCEL_DAYS = 10
    parcel.shipped_at = NOW - 91 * DAY  # it will not come any more, and she has not asked
    parcel.save()
    assert reason(ana) is None


def test_one_statement_asks_about_everybody(django_assert_num_queries):
    people = make_reachable(20)
    customers = {one.pk: one for one in people}
    with django_assert_num_queries(2):
        assert reasons_not_to_write(customers, Asked("email", {}), NOW) == {}
