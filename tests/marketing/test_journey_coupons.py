"""A message of a journey that gives a coupon: by SMS to a left cart, not to who would buy anyway."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.urls import reverse

from marketing.admin.journey_step_forms import content_from
from marketing.definitions.journey_plan import PlanError, read_plan
from marketing.models import Journey, Send, SendState, SkipReason
from marketing.services.journeys import journeys, walking
from marketing.services.journeys.journeys import JourneyError
from shop.models import Coupon, Customer, Purpose
from shop.services.coupons import ledger, offers
from shop.services.coupons.verify import coupon_differences
from shop.services.customers import record_consent
from tests.factories import make_order
from tests.factories_access import make_staff
from tests.factories_coupons import make_offer
from tests.factories_marketing import make_segment
from tests.marketing.test_journeys import NOON, event, make_journey, make_ware, send
from tests.marketing.test_step_holdout import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
BODY = "{shop}: {coupon_value} off {product} with code {coupon_code} until {coupon_until} {link}"


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    settings.MARKETING_CAP_MESSAGES = 5


def giving(offer, *, channel="email", rate=0.5, **fields) -> dict:
    step = send(channel=channel, body=BODY, **fields)
    return step | {"coupon": offer.code, "holdout_rate": rate}


def cart_journey(offer, *before, number=10, **fields):
    make_journey({"on": "cart_left"}, *before, giving(offer, **fields), exits=())
    kettle, crowd = make_ware(), people(number)
    for one in crowd:
        event(one, kettle)
    return kettle, crowd


def test_who_is_written_to_gets_a_code_and_who_is_held_out_none():
    offer = make_offer()
    cart_journey(offer)
    walking.walk(NOON + HOUR)
    sent = Send.objects.filter(state=SendState.SENT)
    held = Send.objects.filter(reason=SkipReason.HELD_OUT)
    assert sent.count() + held.count() == 10
    assert 0 < sent.count() == len(mail.outbox) == Coupon.objects.count()
    assert set(Coupon.objects.values_list("customer", flat=True)) == set(
        sent.values_list("customer", flat=True)
    )
    for letter in mail.outbox:
        coupon = Coupon.objects.get(customer__email__iexact=letter.to[0])
        assert f"20 % off Copper Kettle with code {coupon.code} until 11 June 2026" in letter.body
    assert coupon_differences() == []


def test_by_sms_with_her_own_code(settings, tmp_path):
    settings.MESSAGE_FOLDER, settings.SMS_MAX_PARTS = str(tmp_path), 4
    offer = make_offer()
    _kettle, crowd = cart_journey(offer, channel="sms", subject="")
    for number, one in enumerate(crowd):
        Customer.objects.filter(pk=one.pk).update(phone=f"+4477009000{number:02}")
        record_consent(one, Purpose.MARKETING_SMS, granted=True, source="test", at=NOON - HOUR)
    walking.walk(NOON + HOUR)
    sent = Send.objects.filter(state=SendState.SENT, channel="sms")
    assert 0 < sent.count() == Coupon.objects.count()
    written = (tmp_path / "sms.jsonl").read_text()
    assert all(code in written for code in Coupon.objects.values_list("code", flat=True))


def test_no_discount_for_who_would_buy_anyway():
    """A branch asks a segment of sure buyers; only the others come to the message with the coupon."""
    offer = make_offer()
    make_segment({"all": [{"field": "country", "op": "is", "value": "FR"}]}, code="sure-buyers")
    branch = {
        "id": "sure",
        "when": {"in_segment": "sure-buyers"},
        "then": [{"id": "no-discount", "end": True}],
    }
    _kettle, crowd = cart_journey(offer, branch)
    Customer.objects.filter(pk__in=[one.pk for one in crowd[:4]]).update(country="FR")
    walking.walk(NOON + HOUR)
    assert not Coupon.objects.filter(customer__in=crowd[:4]).exists()
    assert Coupon.objects.exists()


def leave_again(kettle, crowd, *, day):
    """They bought, and left another cart so many days later."""
    at = NOON + timedelta(days=day)
    for one in crowd:
        make_order([(kettle, 1)], customer=one, at=at - 12 * HOUR)
        event(one, kettle, at=at)
    walking.walk(at + HOUR)


def test_cart_after_cart_brings_no_second_coupon():
    offer = make_offer(once_per_customer=False)
    kettle, crowd = cart_journey(offer)
    walking.walk(NOON + HOUR)
    first = Coupon.objects.count()
    leave_again(kettle, crowd, day=2)
    assert Coupon.objects.count() == first
    assert Send.objects.filter(state=SendState.SENT).count() == 2 * first  # the same, still open
    for coupon in Coupon.objects.select_related("offer"):
        ledger.revoke(coupon)
    leave_again(kettle, crowd, day=4)
    assert Coupon.objects.count() == first
    assert Send.objects.filter(reason=SkipReason.NO_COUPON).count() == first


def test_an_offer_that_was_stopped_says_nothing_and_the_row_says_why():
    offer = make_offer()
    cart_journey(offer)
    offers.stop_offer(offer)
    walking.walk(NOON + HOUR)
    assert not Coupon.objects.exists()
    reasons = set(Send.objects.values_list("reason", flat=True))
    assert reasons == {SkipReason.NOTHING_TRUE, SkipReason.HELD_OUT}


def test_a_version_whose_offer_is_not_in_force_cannot_go_live():
    journey = Journey.objects.create(code="left-cart", name="Left cart")
    draft = make_offer(live=False)
    definition = {"trigger": {"on": "cart_left"}, "exits": [], "steps": [giving(draft)]}
    with pytest.raises(JourneyError, match="No fact fills this slot"):
        journeys.save_version(journey, definition)
    version = journeys.save_version(
        journey, definition | {"steps": [giving(offers.decide_offer(draft, by=make_staff()))]}
    )
    offers.stop_offer(draft)
    with pytest.raises(JourneyError, match="No fact fills this slot"):
        journeys.go_live(journey, version)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"holdout_rate": 0.0}, "steps[1].holdout_rate"),
        ({"coupon": ""}, "steps[1].coupon"),
        ({"coupon": 7}, "steps[1].coupon"),
        ({"coupon": "two words"}, "steps[1].coupon"),
    ],
)
def test_a_coupon_step_names_an_offer_and_holds_a_share_out(change, place):
    step = giving(make_offer()) | change
    with pytest.raises(PlanError) as refusal:
        read_plan({"trigger": {"on": "cart_left"}, "exits": [], "steps": [step]})
    assert refusal.value.place == place


def test_the_editor_keeps_the_offer_and_the_page_names_it(client):
    offer = make_offer("CART")
    journey = make_journey({"on": "cart_left"}, giving(offer), exits=())
    client.force_login(make_staff(is_superuser=True))
    address = reverse("admin:marketing_journey_edit", args=[journey.pk])
    form = client.get(address, {"step": "reminder"}).content.decode()
    assert '<option value="CART" selected>' in form
    assert "No fact fills this slot" not in form
    typed = {"id": "reminder", "channel": "email", "held_out": "20", "body-en": BODY}
    step = journey.live_version.definition["steps"][0]
    assert content_from(step, typed | {"coupon": "CART"})["coupon"] == "CART"
    assert "coupon" not in content_from(step, typed | {"coupon": ""})
    page = client.get(reverse("admin:marketing_journey_page", args=[journey.pk])).content.decode()
    assert "with a coupon of CART" in page
    assert "No fact fills this slot" not in page
    offers.stop_offer(offer)
    form = client.get(address, {"step": "reminder"}).content.decode()
    assert "No fact fills this slot" in form  # and the page says so before somebody saves it


def test_the_example_of_the_docs_is_a_plan():
    page = (Path(__file__).parents[2] / "docs" / "coupons.md").read_text()
    example = json.loads(page.partition("```json\n")[2].partition("```")[0])
    [message] = read_plan(example).sends
    assert (message.data["coupon"], message.data["channel"]) == ("CART20", "sms")
