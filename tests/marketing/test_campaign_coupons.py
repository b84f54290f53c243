"""Coupons of a campaign: issued as the letter is decided, once each, and spoken of only by slot."""

import pytest
from django.core import mail
from django.utils import timezone

from language.claims import refusals
from marketing.models import ClaimRecord, CopyVariant, SendState, SkipReason
from marketing.services.campaigns.campaigns import CampaignError, propose_campaign
from marketing.services.content.copies import CopyError, choose_copy
from marketing.services.effects.effects import campaign_effects
from marketing.services.sending import hand_over, sends
from marketing.services.sending.sends import send_campaign
from marketing.texts.facts import campaign_facts
from shop.models import Coupon, CouponOffer
from shop.services.coupons import ledger, offers
from shop.services.coupons.verify import coupon_differences
from shop.services.orders.orders import NewOrder, WantedLine, place_order
from tests.factories_coupons import make_offer
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
BODY = (
    "{greeting}\n\n{coupon_value} off {product} with your code {coupon_code}, until {coupon_until}."
    "\n\n{link}"
)


def coupon_campaign(offer=None, **fields):
    options = {"coupon_offer": offer or make_offer(), "body": BODY, "holdout_rate": 0.1}
    return make_campaign(**options | fields)


def sent(campaign):
    send_campaign(Quiet(), campaign.pk)
    return campaign.sends.filter(state=SendState.SENT)


def test_each_recipient_gets_a_code_of_her_own_and_the_day_on_which_it_ends():
    make_reachable(6)
    campaign = approve(coupon_campaign())
    reached = sent(campaign)
    assert reached.count() == len(mail.outbox) == Coupon.objects.count() > 0
    for letter in mail.outbox:
        coupon = Coupon.objects.get(customer__email=letter.to[0])
        last = timezone.localtime(coupon.last_moment)
        assert f"20 % off Copper Kettle with your code {coupon.code}" in letter.body
        assert f"until {last.day} {last:%B %Y}." in letter.body
        assert coupon.occasion == f"campaign:{campaign.pk}"
    held_out = campaign.audience.members.filter(is_holdout=True)
    assert not Coupon.objects.filter(customer__in=held_out.values("customer")).exists()
    assert coupon_differences() == []


def test_her_code_takes_off_what_the_letter_says_and_the_effect_counts_it():
    make_reachable(4)
    campaign = approve(coupon_campaign())
    customer = sent(campaign).first().customer
    code = Coupon.objects.get(customer=customer).code
    wanted = NewOrder((WantedLine("KET-1", 1),), customer=customer, coupon=code)
    assert place_order(wanted, key="k").total_minor == 800
    campaign.refresh_from_db()
    metrics = campaign_effects(campaign).metrics
    assert metrics["discounts_treated"].value == 200
    assert metrics["revenue_treated"].value == 800
    assert metrics["profit_treated"].value == 400


@pytest.mark.parametrize("place", ["_drain", "write"])
def test_a_worker_killed_after_issuing_issues_nothing_twice(monkeypatch, place):
    class KilledError(BaseException):
        pass

    def dies(*_args, **_kwargs):
        raise KilledError

    make_reachable(6)
    campaign = approve(coupon_campaign())
    with monkeypatch.context() as patch:
        patch.setattr(hand_over, place, dies)
        with pytest.raises(KilledError):
            send_campaign(Quiet(), campaign.pk)
    before = dict(Coupon.objects.values_list("customer", "code"))
    send_campaign(Quiet(), campaign.pk)
    after = dict(Coupon.objects.values_list("customer", "code"))
    assert before.items() <= after.items()
    assert len(after) == Coupon.objects.count() == campaign.audience.recipient_count
    assert coupon_differences() == []


def test_whoever_comes_after_the_last_coupon_is_not_written_to_and_it_says_why():
    make_reachable(6)
    campaign = approve(coupon_campaign(make_offer(most_uses=2)))
    assert sent(campaign).count() == len(mail.outbox) == 2
    others = campaign.sends.filter(state=SendState.SKIPPED)
    assert set(others.values_list("reason", flat=True)) == {SkipReason.NO_COUPON}
    assert others.count() == campaign.audience.recipient_count - 2


def test_an_offer_that_stops_before_the_letter_leaves_pauses_the_campaign():
    make_reachable(4)
    campaign = approve(coupon_campaign())
    offers.stop_offer(campaign.coupon_offer)
    assert not sent(campaign).exists()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.paused_by) == ("paused", "facts")
    assert campaign.state_note["params"]["slot"] in ("coupon_value",)
    assert not Coupon.objects.exists()


def test_an_offer_that_stops_between_two_rounds_lets_nobody_else_have_one(monkeypatch):
    """The next round reads the offer anew: the rest waits, nobody is skipped for it."""
    monkeypatch.setattr(sends, "ROUND", 2)
    monkeypatch.setattr(sends, "BATCH", 2)
    make_reachable(8)
    campaign = approve(coupon_campaign())
    real, rounds = sends._may_go_on, []

    def stops_after_one(*args):
        if rounds:
            offers.stop_offer(CouponOffer.objects.get())
        rounds.append(1)
        return real(*args)

    monkeypatch.setattr(sends, "_may_go_on", stops_after_one)
    assert sent(campaign).count() == Coupon.objects.count() == 2
    campaign.refresh_from_db()
    assert (campaign.state, campaign.paused_by) == ("paused", "facts")
    assert not campaign.sends.filter(state=SendState.SKIPPED).exists()


def test_who_has_ordered_since_the_list_was_drawn_needs_no_coupon():
    customers = make_reachable(4)
    campaign = approve(coupon_campaign())
    buyer = customers[0]
    if campaign.audience.members.filter(customer=buyer, is_holdout=True).exists():
        buyer = customers[1]
    place_order(NewOrder((WantedLine("KET-1", 1),), customer=buyer), key="k")
    send_campaign(Quiet(), campaign.pk)
    assert campaign.sends.get(customer=buyer).reason == SkipReason.BOUGHT
    assert not Coupon.objects.filter(customer=buyer).exists()


def test_who_has_used_hers_elsewhere_gets_no_letter_about_another():
    customers = make_reachable(3)
    campaign = approve(coupon_campaign())
    for coupon in ledger.issue(
        campaign.coupon_offer, [one.pk for one in customers], "other"
    ).coupons.values():
        ledger.revoke(coupon)
    assert not sent(campaign).exists()


def test_a_text_without_a_slot_of_the_coupon_issues_none():
    make_reachable(3)
    campaign = approve(
        coupon_campaign(body="{greeting}\n\n{product} is yours for {price}.\n\n{link}")
    )
    assert sent(campaign).exists()
    assert not Coupon.objects.exists()


def test_the_ledger_of_claims_names_the_offer():
    make_reachable(3)
    campaign = approve(coupon_campaign())
    rows = ClaimRecord.objects.filter(copy__campaign=campaign, kind="coupon")
    source = f"coupon offer:{campaign.coupon_offer.label}"
    assert set(rows.values_list("source", flat=True)) == {source}
    assert campaign.decision.inputs["campaign"]["coupon_offer"] == campaign.coupon_offer.label
    assert {"{coupon_value}", "{coupon_code}", "{coupon_until}"} <= {row.words for row in rows}


@pytest.mark.parametrize(
    "text",
    [
        "20 % off with code SAVE20",
        "Use code SPRING for {product}.",
        "£5 off with your code {coupon_code}",
        "A coupon waits for you.",
        "优惠码 ABCD，减20%",
    ],
)
def test_a_coupon_written_by_hand_is_refused_even_where_the_campaign_has_one(text):
    campaign = coupon_campaign()
    assert refusals(text, campaign_facts(campaign, "en", timezone.now()))


@pytest.mark.parametrize(
    "text",
    [
        "{coupon_value} off with code {coupon_code}. It is valid until {coupon_until}.",
        "A coupon for you: {coupon_value} off with code {coupon_code}, until {coupon_until}.",
        "优惠码 {coupon_code}，截至{coupon_until}有效。",
    ],
)
def test_its_slots_are_proven_by_an_offer_in_force_and_by_nothing_else(text):
    campaign = coupon_campaign()
    assert refusals(text, campaign_facts(campaign, "en", timezone.now())) == []
    offers.stop_offer(campaign.coupon_offer)
    assert refusals(text, campaign_facts(campaign, "en", timezone.now()))


def test_a_text_that_hides_the_last_day_cannot_be_chosen():
    campaign = coupon_campaign(body="{coupon_value} off with code {coupon_code}.\n\n{link}")
    with pytest.raises(CopyError, match="coupon_until"):
        choose_copy(CopyVariant.objects.get(campaign=campaign), at=timezone.now())


def test_a_coupon_that_nothing_could_measure_is_refused():
    make_reachable(3)
    campaign = coupon_campaign(holdout_rate=0.0)
    with pytest.raises(CampaignError, match="Hold a share out"):
        propose_campaign(campaign)
