"""A preview shows what one real recipient gets, and nobody's name to who may not see customers."""

import pytest
from django.test import Client
from django.urls import reverse

from marketing.models import CopyVariant, Send
from marketing.pages.previews import recipients_of
from shop.models import Consent, Customer, Purpose
from tests.factories import make_customer
from tests.factories_access import make_staff
from tests.factories_content import make_kettle
from tests.factories_marketing import LONG_AGO, approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db


def page(campaign, *permissions: str, **query) -> str:
    client = Client()
    client.force_login(make_staff("marketing.view_campaign", *permissions))
    answer = client.get(reverse("admin:marketing_campaign_preview", args=[campaign.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_recipients_come_one_by_one_with_their_own_words():
    customers = make_reachable(3, name="Ana <b>")
    campaign = make_campaign(variant=make_kettle())
    CopyVariant.objects.update(preheader="A word from {shop}")
    first = page(campaign, "shop.view_customer")
    assert "Hello Ana &amp;lt;b&amp;gt;," in first  # escaped for the mail, and again for the frame
    assert "A word from Backroom" in first
    assert "£40.00" in first
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    last = page(campaign, "shop.view_customer", after=customers[1].pk)
    assert 'rel="next"' not in last
    assert f"?before={customers[2].pk}" in last


def test_nothing_is_sent_counted_or_stored_by_looking():
    make_reachable(1)
    shown = page(make_campaign(variant=make_kettle()), "shop.view_customer")
    assert not Send.objects.exists()
    assert "/m/o/" not in shown
    assert "sandbox srcdoc" in shown


def test_who_may_not_see_customers_sees_no_name_and_no_address():
    make_reachable(1, name="Ana Martinez")
    shown = page(make_campaign(variant=make_kettle()))
    assert "Martinez" not in shown
    assert "r0@example.com" not in shown
    assert "R-0" not in shown
    assert "Hello A•••," in shown


def test_the_holdout_is_not_previewed():
    make_reachable(60)
    campaign = approve(make_campaign(variant=make_kettle(), holdout_rate=0.5))
    held = campaign.audience.members.filter(is_holdout=True).values_list("customer", flat=True)
    assert not recipients_of(campaign).filter(pk__in=list(held)).exists()
    assert recipients_of(campaign).count() == campaign.audience.recipient_count


def test_an_sms_shows_its_parts():
    customer = make_customer("P-1", name="王小明", phone="+447700900000")
    Consent.objects.create(
        customer=customer, purpose=Purpose.MARKETING_SMS, granted=True, source="t",
        recorded_at=LONG_AGO,
    )  # fmt: skip
    campaign = make_campaign(
        variant=make_kettle(), channel="sms", body="{shop}: {greeting} {product}."
    )
    shown = page(campaign, "shop.view_customer")
    assert "UCS-2" in shown
    assert "Unsubscribe" in shown


@pytest.mark.parametrize(
    "query", [{"after": "x"}, {"before": "9" * 30}, {"after": "-1"}, {"after": "²"}]
)
def test_odd_places_are_the_first_recipient(query):
    make_reachable(1)
    assert "Copper Kettle" in page(
        make_campaign(variant=make_kettle()), "shop.view_customer", **query
    )


def test_nobody_to_write_to_is_said():
    assert "Nobody in this segment" in page(make_campaign(variant=make_kettle()))
    assert not Customer.objects.exists()
