"""A campaign with days tells purchasing what it expects; the night measures what it brought."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from inventory.models import PlannedDemand, PlannedUnits
from inventory.services.planned_needs import needs_of
from marketing.models import Campaign, CampaignPlan
from marketing.services.campaigns import campaigns
from marketing.services.campaigns.expected_units import (
    measured_campaigns,
    publish_expected,
    refresh_expected,
)
from shop.models import StockLevel
from tests.factories import make_order, make_stock, make_variant
from tests.factories_access import make_staff
from tests.factories_inventory import (
    AS_OF,
    LAST_DAY,
    Silent,
    make_forecast,
    make_item,
    make_supplier,
)
from tests.factories_marketing import make_campaign, make_segment

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def with_plan(campaign: Campaign, start: date, days: int = 5, **fields) -> Campaign:
    CampaignPlan.objects.create(
        campaign=campaign, starts_on=start, ends_on=start + (days - 1) * DAY, **fields
    )
    return campaign


def finished(name: str, goal: str, sold: int, variant) -> Campaign:
    """Five days that ended on LAST_DAY, base 10 a day, `sold` a day in fact."""
    segment = make_segment(code=f"s-{name}")
    campaign = with_plan(
        make_campaign(name=name, goal=goal, variant=variant, segment=segment), LAST_DAY - 4 * DAY
    )
    make_forecast(variant, as_of=LAST_DAY - 5 * DAY)
    for number in range(5):
        at = datetime.combine(LAST_DAY - number * DAY, datetime.min.time(), UTC)
        make_order([(variant, sold)], at=at + timedelta(hours=9))
    publish_expected(campaign)
    return campaign


def test_without_any_measured_campaign_it_refuses_and_states_how_wide_it_could_be():
    tea = make_variant()
    make_forecast(tea)
    source = publish_expected(with_plan(make_campaign(variant=tea), LAST_DAY + 3 * DAY))
    assert not source.is_counted
    assert "could bring nothing or +181 %" in source.basis_text
    item = PlannedUnits.objects.get()
    assert (item.expected_units, item.expected_low_units) == (0, 0)
    assert item.high_units[0] == pytest.approx(18.1, abs=0.1)


def test_what_a_person_expects_is_spread_as_the_forecast_is():
    tea = make_variant()
    make_forecast(tea)
    given = {"guess_low_units": 10, "guess_units": 50, "guess_high_units": 120}
    source = publish_expected(with_plan(make_campaign(variant=tea), LAST_DAY + DAY, **given))
    assert source.is_counted
    assert PlannedUnits.objects.get().mean_units == [10.0] * 5
    assert "50" in source.basis_text


def test_measured_campaigns_of_the_goal_speak_for_the_next_one():
    finished("a", "announce", 15, make_variant("A-1"))
    finished("b", "win_back", 10, make_variant("B-1"))
    found = refresh_expected(Silent(), AS_OF)
    assert (found["measured"], found["dropped"]) == (2, 0)
    assert {goal: len(ones) for goal, ones in measured_campaigns().items()} == {
        "announce": 1,
        "win_back": 1,
    }
    tea = make_variant()
    make_forecast(tea)
    source = publish_expected(
        with_plan(make_campaign(variant=tea, segment=make_segment(code="x")), LAST_DAY + DAY)
    )
    assert source.is_counted
    item = source.items.get()
    assert 0 < item.expected_units < 25  # drawn towards none from the measured +50 %
    assert item.expected_high_units > 25


def test_saving_the_same_campaign_twice_tells_once(django_assert_max_num_queries):
    tea = make_variant()
    make_forecast(tea)
    campaign = with_plan(make_campaign(variant=tea), LAST_DAY + DAY)
    first = publish_expected(campaign)
    assert publish_expected(campaign).told_at == first.told_at


def test_a_cancelled_draft_leaves_nothing_behind():
    tea = make_variant()
    make_forecast(tea)
    campaign = with_plan(make_campaign(variant=tea), LAST_DAY + DAY)
    publish_expected(campaign)
    campaigns.cancel(campaign)
    assert not PlannedDemand.objects.exists()


def test_the_night_drops_what_no_campaign_stands_behind():
    tea = make_variant()
    make_forecast(tea)
    campaign = with_plan(make_campaign(variant=tea), LAST_DAY + 9 * DAY)
    publish_expected(campaign)
    CampaignPlan.objects.all().delete()
    campaign.items.all().delete()
    Campaign.objects.filter(pk=campaign.pk).delete()
    assert refresh_expected(Silent(), AS_OF)["dropped"] == 1
    assert not PlannedDemand.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"ends_on": LAST_DAY - DAY},
        {"guess_units": 5},
        {"guess_low_units": 9, "guess_units": 5, "guess_high_units": 12},
    ],
)
def test_a_plan_that_cannot_be_is_said_so(fields):
    plan = CampaignPlan(starts_on=LAST_DAY, **({"ends_on": LAST_DAY} | fields))
    with pytest.raises(ValidationError):
        plan.clean()


def test_what_is_missing_and_until_when_one_may_order():
    """Ten a day for 20 days and 100 extra against 150 in stock: 150 missing, mean case."""
    tea = make_variant()
    today = timezone.localdate()
    make_item(tea, make_supplier(lead_time_days=10, lead_time_sd_days=2.0))
    make_forecast(tea, as_of=today - DAY)
    make_stock(tea, 150)
    given = {"guess_low_units": 100, "guess_units": 100, "guess_high_units": 100}
    campaign = with_plan(make_campaign(variant=tea), today + 15 * DAY, **given)
    [need] = needs_of(publish_expected(campaign), today)
    assert need.needed_units == 150
    assert need.needed_high_units == pytest.approx(150 + 1.2816 * 3 * 20**0.5, abs=1)
    assert need.for_this_sale_units == 100
    assert need.lead_time.p90_days == 13
    assert need.last_safe_on == today + 2 * DAY
    assert not need.is_too_late
    assert needs_of(PlannedDemand.objects.get(), today)[0] == need


def test_the_campaigns_page_and_the_api_say_it(client):
    tea = make_variant()
    today = timezone.localdate()
    make_item(tea, make_supplier(lead_time_days=30))
    make_forecast(tea, as_of=today - DAY)
    given = {"guess_low_units": 50, "guess_units": 100, "guess_high_units": 200}
    campaign = with_plan(make_campaign(variant=tea), today + 5 * DAY, **given)
    publish_expected(campaign)
    StockLevel.objects.update(on_hand=10)
    client.force_login(make_staff(is_superuser=True))
    page = client.get(reverse("admin:marketing_campaign_path", args=[campaign.pk]))
    assert "it is too late to order" in page.content.decode()
    listed = client.get("/api/merchant/v1/planned-demand/?sku=TEA-1").json()
    assert [row["source_id"] for row in listed["results"]] == [str(campaign.pk)]
    one = client.get(f"/api/merchant/v1/planned-demand/campaign/{campaign.pk}/").json()
    assert one["items"][0]["mean_units"] == [20.0] * 5
    assert one["needs"][0]["is_too_late"] is True
    assert client.get("/api/merchant/v1/planned-demand/campaign/0/").status_code == 404
