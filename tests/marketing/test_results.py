"""Effects only against the holdout, with an interval, and "cannot tell" where nothing can be told."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from decisions.models import Snapshot
from marketing.models import Campaign
from marketing.planning import expected_money
from marketing.services.effects.results import (
    campaign_results,
    incremental_minor,
    measured_effects,
    refresh_results,
)
from marketing.services.sending.sends import send_campaign
from tests.factories import make_order, make_variant
from tests.factories_access import make_staff
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db


def sent_campaign(customers: int, buyers_treated: int, buyers_held: int, **fields) -> Campaign:
    """Finished 30 days ago; so many of each arm ordered for £10 the day after."""
    make_reachable(customers)
    campaign = approve(make_campaign(holdout_rate=0.4, **fields))
    send_campaign(Quiet(), campaign.pk)
    started = timezone.now() - timedelta(days=30)
    Campaign.objects.filter(pk=campaign.pk).update(started_at=started)
    campaign.refresh_from_db()
    variant = make_variant("TEA-1")
    for held, buyers in ((False, buyers_treated), (True, buyers_held)):
        for member in campaign.audience.members.filter(is_holdout=held)[:buyers]:
            make_order([(variant, 1)], customer=member.customer, at=started + timedelta(days=1))
            make_order([(variant, 9)], customer=member.customer, at=started + timedelta(days=20))
    return campaign


def test_orders_count_in_the_window_and_against_the_holdout(django_assert_max_num_queries):
    campaign = sent_campaign(120, buyers_treated=30, buyers_held=2)
    with django_assert_max_num_queries(5):
        results = campaign_results(campaign)
    assert (results.treated.buyers, results.holdout.buyers) == (30, 2)
    assert results.treated.revenue.y * results.treated.customers == pytest.approx(30_000)
    assert results.orders.verdict == "win"
    assert results.verdict["msgid"].startswith("It worked")
    value, low, high = incremental_minor(results)
    assert low < value < high
    [effect] = measured_effects(campaign.goal)
    assert effect["difference_minor"] == pytest.approx(results.revenue.difference, abs=0.001)


def test_a_small_difference_cannot_be_told():
    results = campaign_results(sent_campaign(100, buyers_treated=6, buyers_held=4))
    assert results.verdict["msgid"].startswith("Cannot tell")
    assert float(results.verdict["params"]["smallest"]) > 5


def test_before_the_window_ends_it_is_too_early():
    make_reachable(60)
    campaign = approve(make_campaign(holdout_rate=0.4))
    assert campaign_results(campaign).verdict == {}
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    assert campaign_results(campaign).verdict["msgid"].startswith("Too early")
    assert measured_effects(campaign.goal) == []


def test_without_a_holdout_nothing_is_claimed():
    make_reachable(30)
    campaign = approve(make_campaign())
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    results = campaign_results(campaign, timezone.now() + timedelta(days=20))
    assert results.orders is None
    assert results.counts["sent"] == 30


def test_expected_money_comes_from_measured_campaigns_only():
    assert expected_money([], 1000, 0) is None
    one = [{"difference_minor": 10.0, "error_minor": 5.0}]
    assert expected_money(one, 1000, 200)["minor"] == 9800
    two = expected_money([*one, {"difference_minor": 20.0, "error_minor": 5.0}], 1000, 0)
    assert two["minor"] == 15000
    alone = expected_money(one, 1000, 0)
    assert two["high_minor"] - two["low_minor"] < alone["high_minor"] - alone["low_minor"]


def test_slow_sums_are_read_as_they_were_counted_last_never_across_the_end(client):
    campaign = sent_campaign(60, buyers_treated=6, buyers_held=2)
    end = campaign.started_at + timedelta(days=campaign.attribution_window_days)
    early, late = end - timedelta(days=1), end + timedelta(hours=1)
    refresh_results(campaign, early)
    before = campaign_results(campaign, early)
    assert not before.is_stored  # quick to count: counted for each reader
    Snapshot.objects.update(seconds=20)
    other = make_variant("TEA-2")
    for member in campaign.audience.members.filter(is_holdout=True)[10:14]:
        make_order([(other, 1)], customer=member.customer, at=early)
    kept = campaign_results(campaign, end - timedelta(hours=1))
    assert (kept.is_stored, kept.as_of) == (True, early)
    assert (kept.treated, kept.holdout) == (before.treated, before.holdout)
    final = campaign_results(campaign, late)
    assert (final.is_stored, final.holdout.buyers) == (False, before.holdout.buyers + 4)
    refresh_results(campaign, late)
    Snapshot.objects.update(seconds=20)
    assert campaign_results(campaign).holdout == final.holdout
    client.force_login(make_staff("marketing.view_campaign"))
    page = client.get(reverse("admin:marketing_campaign_path", args=[campaign.pk]))
    assert "Counted on" in page.content.decode()
