"""A coupon whose message certainly did not leave goes back; where nobody knows, it stays."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from marketing.delivery.answers import Answer, RefusedError
from marketing.delivery.ports import EmailPort
from marketing.models import Refusal, Send
from marketing.pages.send_monitor import monitor_page
from marketing.services.sending import unsent_coupons
from marketing.services.sending.sends import continue_campaigns, send_campaign
from shop.models import Coupon, CouponMovement
from shop.services.coupons import ledger
from shop.services.coupons.verify import coupon_differences
from tests.factories import make_variant
from tests.factories_coupons import make_offer
from tests.factories_crowd import LONG, through_or_blocked
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable
from tests.marketing.test_campaign_coupons import coupon_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def choosy(monkeypatch):
    """A server that knows nobody called R-1."""
    real = EmailPort.hand_over

    def hand_over(self, message):
        if message.to[0].startswith("r1@"):
            raise RefusedError(Answer(Refusal.GONE, "550 5.1.1 no such user"))
        return real(self, message)

    monkeypatch.setattr(EmailPort, "hand_over", hand_over)


def sent_with_coupons(**fields):
    make_reachable(4)
    campaign = approve(coupon_campaign(**fields))
    campaign.audience.members.update(is_holdout=False)
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    return campaign


def test_a_refused_message_gives_its_coupon_back_once(choosy):
    offer = make_offer(most_uses=4)
    campaign = sent_with_coupons(offer=offer)
    lost = campaign.sends.get(state="failed")
    assert lost.coupon.state == "open"
    continue_campaigns()
    continue_campaigns()
    lost.refresh_from_db()
    assert lost.coupon is None
    coupon = Coupon.objects.get(customer=lost.customer)
    assert coupon.state == "revoked"
    move = CouponMovement.objects.get(coupon=coupon, kind="revoke")
    assert move.note == f"message {lost.pk} did not leave"
    offer.refresh_from_db()
    assert (offer.open_coupons, offer.left_coupons) == (3, 1)
    assert coupon_differences() == []
    # She never had one: another occasion may give her hers.
    assert lost.customer_id in ledger.issue(offer, [lost.customer_id], "other").coupons


def test_what_may_have_left_keeps_its_coupon_and_the_monitor_says_so():
    campaign = sent_with_coupons()
    one = campaign.sends.filter(state="sent").first()
    Send.objects.filter(pk=one.pk).update(state="unknown")
    continue_campaigns()
    assert Coupon.objects.get(customer=one.customer).state == "open"
    assert monitor_page(campaign)["held_coupons"] == 1


def test_a_code_that_another_message_showed_stays(choosy):
    """Once per customer: the second campaign shows the code of the first."""
    campaign = sent_with_coupons()
    code = Coupon.objects.exclude(customer__code="R-1").first()
    other = make_campaign(
        coupon_offer=campaign.coupon_offer, segment=campaign.segment, holdout_rate=0.1,
        variant=make_variant("TEA-5"),
    )  # fmt: skip
    Send.objects.create(campaign=other, customer=code.customer, state="failed", coupon=code)
    assert unsent_coupons.return_unsent() == 1  # of R-1 alone
    code.refresh_from_db()
    assert code.state == "open"


def race() -> tuple[str, bool]:
    """A message takes up the standing code while the clock looks whether anybody saw it."""
    [ana] = make_reachable(1)
    offer = make_offer()
    coupon = ledger.issue(offer, [ana.pk], "a").coupons[ana.pk]
    one = make_campaign(coupon_offer=offer)
    two = make_campaign(
        coupon_offer=offer, segment=one.segment, variant=make_variant("TEA-5"), state="sending"
    )
    Send.objects.create(campaign=one, customer=ana, state="failed", coupon=coupon)
    mine = Send.objects.create(campaign=two, customer=ana, state="claimed")
    issued, go_on = threading.Event(), threading.Event()

    def decide() -> None:
        with transaction.atomic():
            found = ledger.issue(offer, [ana.pk], "b", at=timezone.now()).coupons[ana.pk]
            issued.set()
            go_on.wait(timeout=LONG)
            Send.objects.filter(pk=mine.pk).update(state="sending", coupon=found)
        connection.close()

    def give_back() -> None:
        unsent_coupons.return_unsent()
        connection.close()

    first, second = threading.Thread(target=decide), threading.Thread(target=give_back)
    first.start()
    assert issued.wait(timeout=LONG)
    second.start()
    through_or_blocked(second)
    go_on.set()
    first.join(timeout=LONG)
    second.join(timeout=LONG)
    coupon.refresh_from_db()
    mine.refresh_from_db()
    return coupon.state, mine.coupon_id == coupon.pk


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_code_that_is_about_to_be_shown_is_not_taken_back():
    assert race() == ("open", True)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_without_the_offers_lock_a_letter_would_show_a_dead_code(monkeypatch):
    monkeypatch.setattr(ledger, "_lock", lambda offer: None)
    assert race() == ("revoked", True)
