"""A rating in copy when it leaves, and where people and programs see it."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from language.claims import refusals
from marketing.models import CampaignItem, ClaimRecord, CopyVariant, SkipReason
from marketing.services.campaigns import campaigns
from marketing.services.journeys import journeys, walking
from marketing.services.sending.sends import send_campaign
from marketing.texts.facts import campaign_facts
from shop.models import Review
from tests.factories import make_stock, make_variant
from tests.factories_access import make_key, make_staff
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable
from tests.factories_reviews import rate
from tests.marketing.test_journeys import NOON, event, make_journey, make_ware, send, sends
from tests.marketing.test_ratings import FIVE, RATED, approved, kettle, state, take_away, worst

# When it leaves


@pytest.mark.django_db
def test_a_campaign_reads_its_rating_again_before_each_round():
    rate(kettle(), *FIVE)
    campaign = approved()
    Review.objects.filter(pk=worst().pk).update(rating=1)  # past every service
    send_campaign(Quiet(), campaign.pk)
    assert (mail.outbox, state(campaign)) == ([], "paused")
    campaigns.resume(campaign)
    send_campaign(Quiet(), campaign.pk)
    assert "Copper Kettle: 4.0 stars." in mail.outbox[0].body


@pytest.mark.django_db
def test_the_ledger_keeps_what_was_stated_and_of_what():
    rate(kettle(), *FIVE)
    approved(RATED)
    rows = ClaimRecord.objects.filter(kind="rating").order_by("pk")
    assert [(row.words, row.version) for row in rows] == [
        ("{rating}", "4.6"),
        ("{review_count}", "5"),
    ]
    assert all(row.source.startswith(f"reviews:{kettle().product.code} (5, 5") for row in rows)
    assert rows[0].sentence == "Copper Kettle is rated 4.6 out of 5, in 5 reviews"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stars", "expected"),
    [(FIVE, ("sent", "")), (FIVE[1:], ("skipped", SkipReason.NOTHING_TRUE))],
)
def test_a_journey_states_it_where_there_are_reviews_enough_and_skips_with_its_reason(
    settings, stars, expected
):
    settings.STOREFRONT_URL = "https://shop.example"
    [ana] = make_reachable(1)
    ware = make_ware()
    rate(ware, *stars)
    make_journey({"on": "cart_left", "minutes": 60}, send(body=RATED))
    event(ana, ware)
    walking.walk(NOON + timedelta(minutes=60))
    assert sends() == [expected]
    assert [("is rated 4.6 out of 5, in 5 reviews" in one.body) for one in mail.outbox] == [
        True
    ] * (expected[0] == "sent")


@pytest.mark.django_db
def test_a_journey_about_no_product_cannot_state_one():
    trigger, letter = (
        {"on": "joined"},
        send(subject="Welcome", body="Rated {rating} out of 5: {link}"),
    )
    with pytest.raises(journeys.JourneyError, match="published reviews"):
        make_journey(trigger, letter)


# Where people and programs see it


@pytest.mark.django_db
def test_the_page_the_preview_and_the_api_show_it(client):
    cache.clear()
    rate(kettle(), *FIVE)
    make_reachable(1)
    campaign = make_campaign(variant=kettle(), body=RATED)
    browser = Client()
    may = ("marketing.view_campaign", "marketing.view_segment")
    browser.force_login(make_staff(*may, "shop.view_customer"))

    def page(name: str) -> str:
        return browser.get(
            reverse(f"admin:marketing_campaign_{name}", args=[campaign.pk])
        ).content.decode()

    def refused() -> list[str]:
        headers = {"X-Api-Key": make_key(user=make_staff(*may)).secret}
        answer = client.get(f"/api/merchant/v1/campaigns/{campaign.pk}/", headers=headers)
        return answer.json()["copies"][0]["refusals"]

    assert "<code>{rating}</code></dt><dd>4.6</dd>" in page("path")
    assert "nothing below 5 published reviews" in page("path")
    assert "is rated 4.6 out of 5, in 5 reviews" in page("preview")
    assert refused() == []
    take_away(worst())
    assert "too few published reviews" in page("path")
    assert "{rating}" in refused()[0]
    assert "too few published reviews" in refused()[0]


@pytest.mark.django_db
def test_of_several_products_each_states_its_own():
    tin = make_variant("TIN-1", name="Tea Tin")
    make_stock(tin, 10)
    rate(kettle(), *FIVE)
    rate(tin, *[3] * 5)
    make_reachable(1)
    campaign = make_campaign(
        variant=kettle(), body="{product}: {rating} stars. {product_2}: {rating_2} stars."
    )
    CampaignItem.objects.create(campaign=campaign, variant=tin, position=2)
    send_campaign(Quiet(), approve(campaign).pk)
    assert "Copper Kettle: 4.6 stars. Tea Tin: 3.0 stars." in mail.outbox[0].body
    swapped = "{product_2}: {rating} stars."
    CopyVariant.objects.update(body=swapped)
    found = refusals(swapped, campaign_facts(campaign, "en", timezone.now()), slots_only=True)
    assert [claim.reason for claim in found] == ["misused_slot"]
