"""What messages cost, by channel and parts: in effects, before approval, and whom they pay with."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketing.delivery.costs import cost_minor, possible_costs_minor
from marketing.models import Audience, Campaign, CopyVariant, Send
from marketing.services.audiences.targeting import (
    COUPON_UNMEASURED,
    TargetingError,
    coupon_targeting,
    discount_per_message,
)
from marketing.services.campaigns.campaigns import propose_campaign
from marketing.services.campaigns.message_costs import cost_per_message_minor
from marketing.services.campaigns.units_per_message import orders_per_message, units_per_message
from marketing.services.effects.effects import campaign_effects
from marketing.services.sending.sends import send_campaign
from shop.models import Consent, Purpose
from tests.factories import make_customer, make_order, make_variant
from tests.factories_coupons import make_offer
from tests.factories_marketing import (
    LONG_AGO,
    Quiet,
    approve,
    make_campaign,
    make_reachable,
    make_segment,
)

pytestmark = pytest.mark.django_db
LONG = "{product} is yours for {price}. " * 6 + "{link}"


@pytest.fixture(autouse=True)
def prices(settings, tmp_path):
    settings.MARKETING_SEND_COST_MINOR = 1
    settings.MARKETING_SMS_COST_MINOR = 5
    settings.MARKETING_PUSH_COST_MINOR = 2
    settings.MESSAGE_FOLDER = str(tmp_path)
    settings.MARKETING_QUIET_CHANNELS = []


def callable_by_phone(number):
    for n in range(number):
        one = make_customer(f"P-{n}", phone=f"+44770090000{n}")
        Consent.objects.create(
            customer=one, purpose=Purpose.MARKETING_SMS, granted=True, source="test",
            recorded_at=LONG_AGO,
        )  # fmt: skip


def by_sms(body):
    callable_by_phone(3)
    campaign = make_campaign(channel="sms", body=body)
    CopyVariant.objects.update(subject="")
    return campaign


def test_an_sms_costs_by_its_parts_from_approval_to_effect():
    campaign = by_sms(LONG)
    each = cost_per_message_minor(campaign, timezone.now())
    assert each == cost_minor("sms", 3)
    decision = propose_campaign(campaign)
    assert decision.output["cost_minor"] == 3 * each
    approve_proposed(campaign, decision)
    assert send_campaign(Quiet(), campaign.pk)["sent"] == 3
    costs = set(Send.objects.values_list("cost_minor", flat=True))
    assert costs <= {10, 15}
    found = campaign_effects(Campaign.objects.get(pk=campaign.pk))
    assert found.metrics["send_cost"].value == sum(
        Send.objects.values_list("cost_minor", flat=True)
    )


def approve_proposed(campaign, decision):
    from decisions.services import receipts

    receipts.approve(decision, None)
    campaign.refresh_from_db()


def test_what_was_paid_stays_what_was_paid(settings):
    make_reachable(4)
    campaign = approve(make_campaign())
    send_campaign(Quiet(), campaign.pk)
    Send.objects.filter(pk=Send.objects.first().pk).update(cost_minor=None)  # from before
    settings.MARKETING_SEND_COST_MINOR = 7
    campaign.refresh_from_db()
    assert campaign_effects(campaign).metrics["send_cost"].value == 3 * 1 + 7


def test_each_cost_that_a_message_may_have_is_judged(settings):
    settings.SMS_MAX_PARTS = 3
    assert possible_costs_minor() == [1, 2, 5, 10, 15]


def past(segment, *, buyers, **fields):
    """A finished campaign to ten without a featured SKU, of whom some ordered anything."""
    campaign = make_campaign(segment=segment, state="sent", **fields)
    campaign.items.all().delete()
    started = timezone.now() - timedelta(days=40)
    Campaign.objects.filter(pk=campaign.pk).update(started_at=started)
    tea = make_variant("TEA-7")
    for number, one in enumerate(make_reachable(500, prefix="Q")):
        Send.objects.create(campaign=campaign, customer=one, state="sent", sent_at=started)
        if number < buyers:
            make_order([(tea, 1)], customer=one, at=started + timedelta(days=1))


def test_a_coupon_costs_by_orders_not_by_units_of_what_was_featured():
    segment = make_segment()
    past(segment, buyers=200)
    at = timezone.now()
    assert orders_per_message("announce", at) == pytest.approx((200 + 10) / 1000)
    assert units_per_message("announce", at) == pytest.approx(0.02)  # nothing was featured
    offer = make_offer(percent=None, most_minor=1_000, least_order_minor=1_000)
    campaign = make_campaign(segment=segment, coupon_offer=offer, variant=make_variant("K-9"))
    assert discount_per_message(campaign, at) == pytest.approx(210)


@pytest.mark.parametrize(("rate", "is_measured"), [(0.2, True), (0.0, False)])
def test_a_kept_lists_own_holdout_measures_a_coupon(rate, is_measured):
    kept = Audience.objects.create(key="k", holdout_rate=rate, is_complete=True)
    campaign = make_campaign(coupon_offer=make_offer(), holdout_rate=0.0, frozen_audience=kept)
    if is_measured:
        assert coupon_targeting(campaign, timezone.now()) is None
        return
    with pytest.raises(TargetingError) as refused:
        coupon_targeting(campaign, timezone.now())
    assert refused.value.sentence["msgid"] == COUPON_UNMEASURED
