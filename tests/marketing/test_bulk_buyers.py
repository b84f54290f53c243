"""One bulk buyer does not move a verdict, and the page says how much one customer counts for."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from decisions.ml.effects import winsor_limit
from decisions.services import experiments as statistics
from inventory.profit_frames import ArmSums, arm_sums, person_profits
from marketing.frames import effects as frames
from marketing.models import Enrolment, Send
from marketing.services.effects.effects import campaign_effects, journey_effects
from tests.factories import make_order, make_variant
from tests.factories_access import make_staff
from tests.factories_marketing import make_reachable
from tests.marketing.test_effects import arm, sent  # noqa: F401 - a fixture
from tests.marketing.test_journeys import make_journey

DAY = timedelta(days=1)


@pytest.fixture
def bulk(sent):  # noqa: F811
    """In each arm every fifth customer orders one; one of those held out orders 500 of them."""
    tea, at = make_variant("TEA-1"), sent.started_at + DAY
    for held in (False, True):
        for customer in arm(sent, held)[::5]:
            make_order([(tea, 1)], customer=customer, at=at)
    make_order([(tea, 500)], customer=arm(sent, True)[0], at=at)
    return sent


def test_the_limit_is_learnt_from_both_arms_like_the_file_command(bulk):
    subject = frames.campaign_subject(bulk, bulk.window_until + DAY)
    sums = arm_sums(subject.members, subject.window)
    profits = person_profits(subject.members, subject.window)
    values = np.array(list(profits.values()))
    limit = winsor_limit(values)
    assert limit == 600
    assert sums["holdout"].capped.profit_limit == sums["treated"].capped.profit_limit == limit
    assert (sums["treated"].capped.over_profit, sums["holdout"].capped.over_profit) == (0, 1)
    held = {one.pk for one in arm(bulk, True)}
    mine = [min(profits.get(pk, 0.0), limit) for pk in held]
    assert sums["holdout"].money(is_revenue=False).y == pytest.approx(np.mean(mine))
    assert sums["holdout"].money(is_revenue=False).variance == pytest.approx(np.var(mine, ddof=1))
    # what was counted stays what it was
    assert sums["holdout"].profit.y * len(held) == pytest.approx(len(mine[::5]) * 600 + 300_000)


def test_one_bulk_buyer_does_not_make_the_verdict(bulk):
    found = campaign_effects(bulk)
    assert found.verdict == "cannot tell"
    assert found.metrics["net_profit"].value > -20_000  # she alone is £3,000
    assert found.metrics["winsor_limit"].value == 600
    assert found.metrics["winsorised_customers"].value == 1
    assert found.metrics["profit_holdout"].value > 300_000


def test_without_a_spender_there_is_no_limit(sent):  # noqa: F811
    found = campaign_effects(sent)
    assert "winsor_limit" not in found.metrics
    assert found.metrics["net_profit"].value == -found.metrics["send_cost"].value


def test_a_refund_of_a_large_order_counts_for_as_little(sent):  # noqa: F811
    tea, at = make_variant("TEA-1"), sent.started_at + DAY
    for customer in arm(sent, False)[:40]:
        make_order([(tea, 1)], customer=customer, at=at)
    loss = make_variant("LOSS-1", price_minor=100, cost_minor=90_000)
    make_order([(loss, 1)], customer=arm(sent, False)[50], at=at)
    found = campaign_effects(sent)
    size = found.metrics["customers_treated"].value
    assert found.metrics["incremental_profit"].value == pytest.approx(40 * 600 - 600, abs=size)


def test_sums_that_were_stored_before_still_serve():
    moments = {"n": 5, "y": 1.0, "y2": 2.0, "x": 0.0, "x2": 0.0, "xy": 0.0}
    kept = {"customers": 5, "buyers": 1, "unknown_cost_units": 0}
    kept |= dict.fromkeys(("ordered", "revenue", "profit"), moments)
    sums = ArmSums.decoded(kept)
    assert sums.money(is_revenue=False).y == 1.0


def test_the_bayesian_view_and_revenue_per_order_stand_beside(bulk, client):
    found = campaign_effects(bulk).metrics
    assert 0 < found["belief_paid"].value < 1
    profit = found["belief_profit"]
    assert profit.low < profit.value < profit.high
    # the prior draws the estimate towards nothing
    assert abs(profit.value) <= abs(found["incremental_profit"].value)
    assert found["basket_treated"].value == pytest.approx(1000)
    assert found["basket_difference"].value < 0
    client.force_login(make_staff("marketing.view_campaign", username="mia"))
    page = reverse("admin:marketing_campaign_effects", args=[bulk.pk])
    text = client.get(page).content.decode()
    assert "The most that one customer counts for" in text
    assert "Bayesian view" in text


def test_a_share_of_messages_counts_people():
    """Ten people with ten messages each, of whom one person left after every one: ten units, not 100."""
    y = np.array([10.0] + [0.0] * 9)
    share = statistics.Moments.of(y, np.full(10, 10.0))
    assert statistics.units_behind(share) == pytest.approx(9, abs=1.1)
    single = statistics.Moments.of(np.repeat([1.0, 0.0], [50, 450]), np.ones(500))
    assert statistics.units_behind(single) == pytest.approx(499, abs=1.1)
    nobody = statistics.Moments.of(np.zeros(10), np.full(10, 10.0))
    assert statistics.units_behind(nobody) == 10


@pytest.mark.django_db
def test_a_journeys_unsubscribes_count_people_not_messages():
    journey = make_journey({"on": "cart_left"})
    for customer in make_reachable(40):
        for number in range(5):
            road = Enrolment.objects.create(
                journey=journey, version=journey.live_version, customer=customer, key=str(number)
            )
            Send.objects.create(
                enrolment=road, step="s", customer=customer, state="sent", sent_at=road.entered_at
            )
    found = journey_effects(journey, timezone.now() + DAY)
    assert (
        found.metrics["unsubscribe_rate"].high > 0.05
    )  # of 40 people; 200 messages would say 0.019
