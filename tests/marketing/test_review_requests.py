"""A review is asked for after the delivery, once, and only of what was kept; the form needs no sign-in."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from marketing.definitions.journey_plan import PlanError, read_plan
from marketing.delivery.review_links import review_address, review_token_of
from marketing.models import Enrolment, Send
from marketing.services.journeys import walking
from shop.models import OrderState, OrderTransition, Payment, Refund, Return, Review
from shop.services.reviews.writing import Words, write_review
from tests.factories import make_order
from tests.factories_coupons import make_offer
from tests.factories_marketing import make_reachable
from tests.factories_reviews import delivered_order
from tests.factories_support import make_ticket
from tests.marketing.test_journeys import NOON, make_journey, make_ware, send, sends

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FORM = {"link": "review_form"}


def asking(**said):
    return make_journey({"on": "review_due", "days": 10}, {**send(), **FORM, **said}, exits=())


def deliver(who, *wares, at=NOON):
    order = make_order([(one, 1) for one in wares], customer=who, at=at)
    OrderTransition.objects.create(
        order=order, from_state=OrderState.SHIPPED, to_state=OrderState.DELIVERED, at=at
    )
    return order


def test_it_is_asked_once_ten_days_after_the_delivery():
    [ana] = make_reachable(1)
    order = deliver(ana, make_ware(), make_ware("POT-1", "Pot"))
    asking()
    asking()  # another journey asks nobody again
    assert walking.walk(NOON + 10 * DAY - timedelta(minutes=1))["entered"] == 0
    assert walking.walk(NOON + 10 * DAY)["entered"] == 1
    walking.walk(NOON + 10 * DAY + timedelta(hours=7))
    assert Enrolment.objects.count() == Send.objects.filter(state="sent").count() == 1
    link = Send.objects.get().link_url
    first = order.lines.order_by("position").first()
    assert link.startswith(f"{review_address(first.pk).partition('/r/')[0]}/r/{first.pk}.")


def test_a_shop_that_records_no_delivery_asks_nobody():
    [ana] = make_reachable(1)
    make_order([(make_ware(), 1)], customer=ana, at=NOON)
    asking()
    assert walking.walk(NOON + 10 * DAY)["entered"] == 0


def give_back(order):
    Return.objects.create(
        number=f"R-{order.pk}", order=order, customer=order.customer, currency="GBP",
        refund_minor=500, returned_at=NOON + DAY,
    )  # fmt: skip


def promise_money(order):
    Payment.objects.create(
        order=order, provider="x", reference=f"p{order.pk}", currency="GBP",
        authorised_minor=1000, captured_minor=1000,
    )  # fmt: skip
    Refund.objects.create(order=order, amount_minor=500, currency="GBP", key=f"r{order.pk}")


def complain(order):
    make_ticket(customer=order.customer, intent="complaint")


def write(order):
    write_review(order.lines.get(), Words(5), at=NOON + DAY)


@pytest.mark.parametrize("what", [give_back, complain, write])
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_nobody_is_asked_where_it_would_be_out_of_place(what, when):
    """What happens between the trigger and the message counts as well."""
    [ana] = make_reachable(1)
    order = deliver(ana, make_ware())
    journey = asking()
    at = NOON + 10 * DAY
    if when == "before":
        what(order)
    walking.enter(journey, at)
    walking.step_due(at)
    if when == "meanwhile":
        what(order)
    walking.walk(at)
    assert "sent" not in {state for state, _reason in sends()}


def test_control_without_any_of_it_she_is_asked():
    [ana] = make_reachable(1)
    deliver(ana, make_ware())
    asking()
    walking.walk(NOON + 10 * DAY)
    assert sends() == [("sent", "")]


def test_the_form_belongs_to_its_trigger():
    step = {"id": "a", "send": "email", **FORM, "texts": {"en": {"subject": "S", "body": "B"}}}
    with pytest.raises(PlanError, match="review_due"):
        read_plan({"trigger": {"on": "delivered"}, "steps": [step]})


def page_of(order):
    return f"/m/r/{review_token_of(order.lines.order_by('position').first().pk)}"


def test_the_form_writes_once_and_leads_on(client: Client):
    kettle, pot = make_ware(), make_ware("POT-1", "Pot")
    order = delivered_order(kettle, pot, at=timezone.now() - DAY)
    page = page_of(order)
    shown = client.get(page).content.decode()
    assert "How is Copper Kettle?" in shown
    assert client.post(page, {"rating": "6"}).status_code == 400
    assert not Review.objects.exists()
    said = {"rating": "1", "title": "Leaks", "body": "It leaks at the handle."}
    done = client.post(page, said)
    assert done.status_code == 200
    assert "It is published." in done.content.decode()
    assert "Pot" in done.content.decode()
    client.post(page, said | {"rating": "5"})
    review = Review.objects.get()
    assert (review.rating, review.state, review.is_verified) == (1, "published", True)
    assert "Thank you" in client.get(page).content.decode()


def test_the_form_speaks_chinese_and_escapes(client: Client):
    order = delivered_order(make_ware(), at=timezone.now() - DAY)
    page = page_of(order)
    assert "提交评价" in client.get(f"{page}?language=zh").content.decode()
    body = client.post(page, {"rating": "", "body": "<script>x</script>"}).content.decode()
    assert "<script>x" not in body


def test_a_wrong_an_old_and_a_closed_link(client: Client, settings):
    order = delivered_order(make_ware(), at=timezone.now() - DAY)
    page = page_of(order)
    assert client.get(page[:-1] + ("A" if page[-1] != "A" else "B")).status_code == 404
    give_back(order)
    assert client.post(page, {"rating": "5"}).status_code == 409
    settings.REVIEW_LINK_DAYS = 0
    assert client.get(page).status_code == 410
    assert not Review.objects.exists()


def test_a_program_that_tries_is_held_up(client: Client, settings, monkeypatch):
    minute = SimpleNamespace(time=lambda: 1_000_000.0)  # else it may turn over between two tries
    monkeypatch.setattr("marketing.public_reviews.time", minute)
    settings.REVIEW_RATE_PER_MINUTE = 3
    page = page_of(delivered_order(make_ware(), at=timezone.now() - DAY))
    codes = [client.post(page, {"rating": "9"}).status_code for _ in range(5)]
    assert codes.count(429) == 2


def test_a_coupon_is_disclosed_whatever_the_stars(client: Client, settings):
    offer = make_offer("THANKS")
    people = make_reachable(3)
    kettle = make_ware()
    orders = [deliver(one, kettle) for one in people]
    body = "{greeting} {product} {coupon_code} {coupon_value} {coupon_until} {link}"
    asking(
        coupon=offer.code, holdout_rate=0.1, texts={"en": {"subject": "{product}", "body": body}}
    )
    walking.walk(NOON + 10 * DAY)
    given = set(Send.objects.filter(coupon__isnull=False).values_list("customer_id", flat=True))
    for rating, order in enumerate(orders, start=1):
        client.post(page_of(order), {"rating": str(rating)})
    found = dict(Review.objects.values_list("customer_id", "is_incentivised"))
    assert found == {one.pk: one.pk in given for one in people}
