"""Payments reported by providers: signed, once, in any order; never lost and never oversold."""

import itertools
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from shop.models import Order, OrderState, Payment, PaymentEvent, Refund, StockLevel
from shop.payments.registry import secrets_by_provider
from shop.services.orders import orders
from shop.services.orders.orders import NewOrder, WantedLine, place_order
from shop.services.stock import stock
from shop.services.stock.balances import balance_of
from shop.tasks import cancel_unpaid_orders
from tests.factories import make_order, make_variant, make_warehouse
from tests.factories_payments import report, send, signed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _secrets(settings):
    settings.PAYMENT_WEBHOOK_SECRETS = ["generic=hush", "stripe=old", "stripe=whsec_new"]


@pytest.fixture
def tea():
    variant = make_variant("TEA-1", price_minor=1000)
    stock.receive(variant, 10, warehouse=make_warehouse(), key="po")
    return variant


@pytest.fixture
def order(tea):
    return place_order(NewOrder((WantedLine("TEA-1", 3),)), key="k")


def said(order, /, **fields):
    return {
        "id": "evt-1",
        "type": "captured",
        "payment": "pay-1",
        "order": order.number,
        "amount_minor": 3000,
        "currency": "GBP",
        "occurred_at": "2026-03-02T09:00:00Z",
    } | fields


def intent(order, event_type="payment_intent.succeeded", event_id="evt_1", **about):
    about = {
        "id": "pi_1",
        "amount": 3000,
        "amount_received": 3000,
        "amount_capturable": 3000,
        "currency": "gbp",
        "metadata": {"order": order.number},
    } | about
    return {"id": event_id, "type": event_type, "created": 1767225600, "data": {"object": about}}


def test_a_signed_capture_pays_the_order_once(client, order):
    for _again in range(2):
        answer = send(client, "generic", said(order))
        assert answer.status_code == 200, answer.content
        assert answer.json() == {"outcome": "recorded", "order": order.number, "state": "paid"}
    assert balance_of(order).paid_minor == 3000
    event = PaymentEvent.objects.get()
    assert len(event.body_sha256) == 64
    assert order.transitions.get().note == "generic pay-1"


@pytest.mark.parametrize("secret", ["old", "whsec_new"])
def test_stripes_format_and_signature(client, order, secret):
    assert send(client, "stripe", intent(order), secret=secret).json()["state"] == "paid"
    refund = {"id": "re_1", "amount": 500, "currency": "gbp", "payment_intent": "pi_1"}
    for kind, left in (("refund.created", 500), ("refund.failed", 0)):
        body = intent(order, kind, f"evt_{kind}") | {"data": {"object": refund}}
        assert send(client, "stripe", body, secret=secret).json()["outcome"] == "recorded"
        assert balance_of(order).paid_back_minor == left
    other = intent(order, "customer.created", "evt_9")
    assert send(client, "stripe", other, secret=secret).json()["outcome"] == "ignored"


def test_krona_without_hundredths_come_in_hundredths(client, order):
    Order.objects.filter(pk=order.pk).update(currency="ISK")
    body = intent(order, currency="isk", amount_received=300000)
    assert send(client, "stripe", body).json()["state"] == "paid"
    assert Payment.objects.get().captured_minor == 3000
    odd = intent(order, event_id="evt_2", currency="isk", amount_received=300050)
    assert send(client, "stripe", odd).status_code == 400


@pytest.mark.parametrize("provider", ["generic", "stripe"])
@pytest.mark.parametrize(
    "forgery",
    [{"secret": "guess"}, {"at": -301}, {"at": 400}, {"tamper": True}, {"headers": {}}],
    ids=["another secret", "too old", "of the future", "changed body", "unsigned"],
)
def test_what_is_not_signed_now_is_refused_and_nothing_is_kept(client, order, provider, forgery):
    body = said(order) if provider == "generic" else intent(order)
    answer = send(client, provider, body, **forgery)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/signature-refused")
    assert not PaymentEvent.objects.exists()


def test_a_message_of_three_minutes_ago_is_taken(client, order):
    assert send(client, "generic", said(order), at=-200).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "stolen"},
        {"amount_minor": -1},
        {"amount_minor": "3000"},
        {"amount_minor": True},
        {"occurred_at": "yesterday"},
        {"occurred_at": "2026-03-02T09:00:00"},
        {"id": ""},
        {"payment": "x" * 121},
        {"order": "\x00"},
        {"currency": None},
    ],
)
def test_a_signed_message_that_cannot_be_read_is_400(client, order, fields):
    answer = send(client, "generic", said(order, **fields))
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff"])
def test_a_signed_body_that_is_no_object_is_400(client, body):
    headers = signed("generic", body, "hush", int(time.time()))
    answer = client.generic(
        "POST", "/api/storefront/v1/payments/generic/", body, "application/json", headers=headers
    )
    assert answer.status_code == 400


def test_who_is_not_set_up_or_too_long_is_turned_away(client, order, settings):
    assert send(client, "adyen", said(order), secret="hush").status_code == 404
    settings.PAYMENT_WEBHOOK_SECRETS = ["generic="]
    assert send(client, "generic", said(order)).status_code == 404
    settings.PAYMENT_WEBHOOK_SECRETS = ["generic=a=b"]
    assert secrets_by_provider() == {"generic": ["a=b"]}
    assert send(client, "generic", said(order), secret="a=b").status_code == 200
    long = said(order, id="evt-2", note="x" * (256 * 1024))
    assert send(client, "generic", long, secret="a=b").status_code == 413


def test_an_unknown_order_is_refused_and_can_be_sent_again(client, order, caplog):
    answer = send(client, "generic", said(order, order="4071223345"))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/payment-unknown")
    assert "evt-1" in caplog.text
    imported = make_order([], number="OLD-1", is_history=True)
    assert send(client, "generic", said(imported)).status_code == 404
    assert send(client, "generic", said(order)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"id": "evt-2", "currency": "EUR"}, "is in GBP"),
        ({"id": "evt-2", "order": "other"}, "another order"),
        ({"amount_minor": 1}, "already stands"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(client, order, tea, fields, words):
    send(client, "generic", said(order))
    other = place_order(NewOrder((WantedLine("TEA-1", 1),)), key="k2")
    if "order" in fields:
        fields = fields | {"order": other.number}
    answer = send(client, "generic", said(order, **fields))
    assert answer.status_code == 409
    assert words in answer.json()["detail"]
    assert PaymentEvent.objects.count() == 1
    assert balance_of(order).paid_minor == 3000


STORY = [
    ("authorised", 3000, "pay-1"),
    ("failed", 3000, "pay-2"),
    ("captured", 1800, "pay-1"),
    ("captured", 1200, "pay-1"),
    ("refunded", 500, "pay-1"),
    ("refund_failed", 200, "pay-1"),
]


def play(order, story):
    for number, (kind, amount, reference) in story:
        orders.record_payment_event(
            report(
                order,
                kind,
                amount,
                reference=f"{order.number}:{reference}",
                event_id=f"{order.number}:{number}",
            )
        )


def test_every_order_of_arrival_ends_alike(tea):
    """Each event stands at each place in some of 120 orders of arrival, and arrives twice."""
    ends = set()
    numbered = list(enumerate(STORY))
    for count, story in enumerate(itertools.permutations(numbered)):
        if count % 6:
            continue
        order = make_order([(tea, 3)], state=OrderState.PLACED)
        for step in story:
            play(order, [step, step])
        order.refresh_from_db()
        sums = Payment.objects.filter(order=order).order_by("reference").values_list(
            "authorised_minor", "captured_minor", "refunded_minor", "voided_minor"
        )  # fmt: skip
        ends.add((order.state, *sums))
    assert ends == {("paid", (3000, 3000, 300, 0), (0, 0, 0, 0))}


def test_part_of_the_total_leaves_the_order_unpaid(order):
    orders.record_payment_event(report(order, "captured", 2999))
    order.refresh_from_db()
    assert order.state == OrderState.PLACED
    assert balance_of(order).customer_owes_minor == 1
    orders.record_payment_event(report(order, "captured", 1))
    order.refresh_from_db()
    assert order.state == OrderState.PAID


def due(order, minutes=1):
    Order.objects.filter(pk=order.pk).update(pay_by=timezone.now() - timedelta(minutes=minutes))


def test_an_unpaid_order_gives_its_stock_back_in_time(order, settings):
    assert order.pay_by == order.placed_at + timedelta(minutes=1440)
    assert cancel_unpaid_orders() == 0
    due(order)
    assert [cancel_unpaid_orders(), cancel_unpaid_orders()] == [1, 0]
    order.refresh_from_db()
    assert (order.state, StockLevel.objects.get().allocated) == ("cancelled", 0)
    assert order.transitions.get().note == "Not paid in time."
    settings.ORDER_PAY_WITHIN_MINUTES = 0
    assert place_order(NewOrder((WantedLine("TEA-1", 1),)), key="k2").pay_by is None


def test_what_a_bank_has_authorised_in_full_waits_for_its_capture(order):
    due(order)
    orders.record_payment_event(report(order, "authorised", 3000))
    assert cancel_unpaid_orders() == 0
    orders.record_payment_event(report(order, "voided", 3000))
    assert cancel_unpaid_orders() == 1


def test_a_late_payment_is_kept_and_due_back_and_nothing_is_oversold(order, tea):
    due(order)
    cancel_unpaid_orders()
    place_order(NewOrder((WantedLine("TEA-1", 10),)), key="rival")
    orders.record_payment_event(report(order, "captured", 3000))
    order.refresh_from_db()
    balance = balance_of(order)
    assert (order.state, balance.paid_minor, balance.shop_owes_minor) == ("cancelled", 3000, 3000)
    assert Refund.objects.get().amount_minor == 3000
    assert StockLevel.objects.get().available == 0
    orders.record_payment_event(report(order, "refunded", 3000))
    assert balance_of(order).shop_owes_minor == 0


def test_cancelling_a_paid_order_owes_all_of_it_back(order):
    orders.cancel(orders.pay(order))
    orders.cancel(order)
    assert Refund.objects.get().amount_minor == 3000
    assert balance_of(order).shop_owes_minor == 3000
    orders.pay_back(order, number="P1")
    orders.pay_back(order, number="P1")
    assert balance_of(order).shop_owes_minor == 0
    with pytest.raises(orders.OrderError, match="owes nothing"):
        orders.pay_back(order, number="P2")


def test_an_order_paid_before_payments_were_kept_counts_as_paid(tea):
    order = make_order([(tea, 3)], state=OrderState.PAID)
    assert balance_of(order).paid_minor == 3000
    orders.cancel(order)
    assert balance_of(order).shop_owes_minor == 3000


def test_a_refund_without_goods_is_never_more_than_was_paid(order):
    with pytest.raises(orders.RefundTooLargeError):
        orders.refund(order, 1, number="X")
    orders.pay(order)
    first = orders.refund(order, 1000, number="X")
    assert orders.refund(order, 1000, number="X") == first
    with pytest.raises(orders.RefundKeyReusedError):
        orders.refund(order, 999, number="X")
    with pytest.raises(orders.RefundTooLargeError, match="20"):
        orders.refund(order, 2001, number="Y")
    with pytest.raises(orders.OrderError, match="above zero"):
        orders.refund(order, 0, number="Y")
    orders.refund(order, 2000, number="Y")
    assert balance_of(order).refundable_minor == 0
