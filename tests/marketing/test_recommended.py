"""Products chosen for each recipient of a letter: never one that cannot be sold, counted once."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from decisions.models import Decision
from marketing.models import Send, SendState, SkipReason
from marketing.services.campaigns.campaigns import propose_campaign
from marketing.services.content.copies import CopyError, choose_copy
from marketing.services.journeys import walking
from marketing.services.journeys.journeys import JourneyError
from marketing.services.sending.sends import send_campaign
from marketing.texts.recommended import STANDS_FOR_PRODUCTS
from shop.models import Coupon, Event, EventKind, StockLevel
from tests.factories import make_price, make_stock, make_variant
from tests.factories_access import make_staff
from tests.factories_coupons import make_offer
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable
from tests.marketing.test_journeys import NOON, event, make_journey

pytestmark = pytest.mark.django_db
BODY = "{greeting}\n\nThis is for you:\n\n{recommended}\n\n{link}"


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    settings.PUBLIC_URL = "https://backroom.example"


def make_wares(*names: str) -> list:
    """The first is the newest: without a model the newest come first."""
    wares = [make_variant(f"W-{n}", name=names[n - 1]) for n in range(len(names), 0, -1)]
    for ware in wares:
        make_stock(ware, 50)
    return wares[::-1]


def sent(**fields) -> list[Send]:
    campaign = approve(make_campaign(**{"body": BODY} | fields))
    send_campaign(Quiet(), campaign.pk)
    return list(campaign.sends.order_by("pk"))


def read_later() -> None:
    """Who follows a link within seconds of the letter's leaving is a program."""
    Send.objects.update(sent_at=timezone.now() - timedelta(hours=1))


def addresses(body: str) -> list[str]:
    return re.findall(r"https://backroom\.example(/m/p/\S+)", body)


def test_each_letter_names_products_that_can_be_sold_with_price_and_link():
    make_wares("Lamp", "Desk", "Chair")
    make_reachable(2)
    for one in sent():
        assert one.state == SendState.SENT
        receipt = Decision.objects.get(pk=one.recommendation)
        shown = [row["sku"] for row in receipt.output["items"]]
        assert shown[:1] == ["W-1"]
        assert "KET-1" not in shown  # what the letter speaks of is not recommended as well
        text = next(m for m in mail.outbox if m.to == [one.customer.email])
        assert re.search(r"Lamp – £10\.00\n.+\nhttps://backroom\.example/m/p/\S+/1", text.body)
        html = str(text.alternatives[0][0])
        assert re.search(r'<a href="https://backroom\.example/m/p/[^"]+/1"><strong>Lamp – ', html)


def test_what_is_sold_out_when_the_letter_leaves_stands_in_none():
    lamp, *_ = make_wares("Lamp", "Desk")
    make_reachable(1)
    campaign = approve(make_campaign(body=BODY))
    StockLevel.objects.filter(variant=lamp).update(on_hand=0)
    send_campaign(Quiet(), campaign.pk)
    assert "Lamp" not in mail.outbox[0].body
    assert "Desk" in mail.outbox[0].body


def test_who_can_be_shown_nothing_gets_no_letter_and_the_row_says_why():
    make_reachable(1)
    (one,) = sent()  # the kettle is all there is, and the letter speaks of it
    assert (one.state, one.reason) == (SendState.SKIPPED, SkipReason.NOTHING_TO_SHOW)
    assert mail.outbox == []


def test_a_coupon_is_issued_to_nobody_whose_letter_has_no_products():
    make_reachable(6)
    body = "{coupon_value} off with {coupon_code} until {coupon_until}.\n\n{recommended}\n\n{link}"
    found = sent(body=body, coupon_offer=make_offer(), holdout_rate=0.1)
    assert {one.reason for one in found} == {SkipReason.NOTHING_TO_SHOW}
    assert not Coupon.objects.exists()


def test_a_letter_may_hold_a_coupon_and_products():
    make_wares("Lamp")
    make_reachable(6)
    body = "{coupon_value} off with {coupon_code} until {coupon_until}.\n\n{recommended}\n\n{link}"
    sent(body=body, coupon_offer=make_offer(), holdout_rate=0.1)
    assert len(mail.outbox) == Coupon.objects.count() > 0
    for letter in mail.outbox:
        assert Coupon.objects.get(customer__email=letter.to[0]).code in letter.body
        assert "Lamp – £10.00" in letter.body


def test_the_price_is_that_of_the_moment_at_which_it_leaves():
    lamp, *_ = make_wares("Lamp")
    make_reachable(1)
    campaign = approve(make_campaign(body=BODY))
    make_price(lamp, 1250)
    send_campaign(Quiet(), campaign.pk)
    assert "Lamp – £12.50" in mail.outbox[0].body


def test_what_is_opened_and_clicked_counts_once_by_receipt_and_position():
    make_wares("Lamp", "Desk")
    make_reachable(1)
    (one,) = sent()
    read_later()
    body, client = mail.outbox[0].body, Client()
    first = addresses(body)[0]
    assert client.head(first).status_code == 302
    assert not Event.objects.filter(kind=EventKind.CLICK).exists()
    for _again in range(2):
        answer = client.get(first)
        assert answer["Location"] == "https://shop.example/products/W-1"
    seen = Event.objects.filter(kind=EventKind.IMPRESSION).order_by("pk")
    assert [(e.variant.sku, e.properties["position"]) for e in seen] == [("W-1", 1), ("W-2", 2)]
    (click,) = Event.objects.filter(kind=EventKind.CLICK)
    about = {"receipt": str(one.recommendation), "position": 1, "placement": "email"}
    assert (click.variant.sku, click.properties, click.customer) == ("W-1", about, one.customer)
    one.refresh_from_db()
    assert one.clicked_at is not None


def test_a_place_that_the_letter_did_not_have_leads_to_the_shop_and_counts_nothing():
    make_wares("Lamp")
    make_reachable(1)
    sent()
    read_later()
    first = addresses(mail.outbox[0].body)[0]
    answer = Client().get(first.removesuffix("/1") + "/9")
    assert answer["Location"] == "https://shop.example/"
    assert not Event.objects.filter(kind=EventKind.CLICK).exists()
    assert Client().get("/m/p/forged/1").status_code == 404


@pytest.mark.parametrize(
    "body", ["For you {recommended} and more. {link}", "{greeting}\n\n- {recommended}\n\n{link}"]
)
def test_products_in_the_middle_of_a_sentence_cannot_be_chosen(body):
    campaign = make_campaign(body=body)
    copy = campaign.copies.get()
    with pytest.raises(CopyError, match="line of its own"):
        choose_copy(copy, at=timezone.now())


def test_praise_around_the_slot_is_refused_as_anywhere():
    campaign = make_campaign(body="The best in town:\n\n{recommended}\n\n{link}")
    with pytest.raises(CopyError):
        choose_copy(campaign.copies.get(), at=timezone.now())


def test_an_sms_has_no_room_for_products():
    campaign = make_campaign(channel="sms", body="{shop}: {recommended} {link}")
    with pytest.raises(CopyError):
        choose_copy(campaign.copies.get(), at=timezone.now())


def test_a_journey_recommends_in_her_language_and_not_what_the_letter_is_about():
    ana = make_reachable(1, language="zh")[0]
    lamp, kettle = make_wares("Lamp", "Kettle")
    lamp.product.name_zh = "台灯"
    lamp.product.save(update_fields=["name_zh"])
    text = {
        "subject": "{product}",
        "body": "{greeting}\n\n为您挑选了这些：\n\n{recommended}\n\n{link}",
    }
    step = {"id": "reminder", "send": "email", "texts": {"zh": text}}
    make_journey({"on": "cart_left", "minutes": 60}, step)
    event(ana, kettle)
    assert walking.walk(NOON + timedelta(minutes=60))["sent"] == 1
    (letter,) = mail.outbox
    assert letter.subject == "Kettle"
    assert "台灯 – £10.00\n" in letter.body
    assert len(addresses(letter.body)) == 1
    assert Send.objects.get().recommendation is not None


def test_a_journey_whose_sms_asks_for_products_cannot_go_live():
    text = {"subject": "", "body": "{shop}: {recommended} {link}"}
    step = {"id": "reminder", "send": "sms", "texts": {"en": text}}
    with pytest.raises(JourneyError, match="recommended"):
        make_journey({"on": "cart_left", "minutes": 60}, step)


def test_a_preview_shows_hers_and_leaves_no_receipt_and_masks_without_the_right():
    make_wares("Lamp")
    make_reachable(1)
    campaign = make_campaign(body=BODY)
    propose_campaign(campaign)
    receipts = Decision.objects.filter(kind="recommendation").count()
    assert "Lamp – £10.00" in preview(campaign, "shop.view_customer")
    hidden = preview(campaign)
    assert "Lamp" not in hidden
    assert STANDS_FOR_PRODUCTS["en"] in hidden
    assert Decision.objects.filter(kind="recommendation").count() == receipts
    assert not Event.objects.filter(kind=EventKind.EXPOSURE).exists()


def preview(campaign, *permissions: str) -> str:
    client = Client()
    client.force_login(make_staff("marketing.view_campaign", *permissions))
    return client.get(
        reverse("admin:marketing_campaign_preview", args=[campaign.pk])
    ).content.decode()
