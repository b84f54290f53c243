"""A change of price or name pulls live copy in the transaction of the change, or not at all."""

import threading

import pytest
from django.db import connection, transaction

from decisions.services import receipts
from marketing.models import Campaign
from marketing.models.campaigns import PausedBy
from marketing.services.campaigns import campaigns
from shop.models import Variant
from shop.services.announcements import announce_product
from shop.services.prices import set_price
from tests.factories import make_price, make_variant
from tests.factories_crowd import LONG, through_or_blocked
from tests.factories_marketing import approve, make_campaign, make_reachable


class UndoneError(Exception):
    pass


def approved() -> Campaign:
    make_reachable(2)
    return approve(make_campaign())


def kettle() -> Variant:
    return Variant.objects.get(sku="KET-1")


def change_and_undo() -> None:
    with transaction.atomic():
        set_price(kettle(), 777, key="new", source="test")
        raise UndoneError


def state(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    return campaign.state


@pytest.mark.django_db
def test_a_price_change_pulls_the_copy_before_it_commits():
    campaign = approved()
    with transaction.atomic():
        set_price(kettle(), 777, key="new", source="test")
        assert state(campaign) == "paused"
    assert campaign.paused_by == PausedBy.FACTS
    assert campaign.state_note["params"]["slot"] == "price"


@pytest.mark.django_db
def test_a_change_that_is_undone_pulls_nothing():
    campaign = approved()
    with pytest.raises(UndoneError):
        change_and_undo()
    assert state(campaign) == "approved"


@pytest.mark.django_db
def test_another_product_and_the_same_price_pull_nothing():
    campaign = approved()
    other = make_variant("TEA-7")
    set_price(other, 5, key="other", source="test")
    now = kettle().prices.order_by("-pk").first()
    set_price(kettle(), now.amount_minor, key="same", source="test")
    assert state(campaign) == "approved"


@pytest.mark.django_db
def test_a_new_name_pulls_the_copy():
    campaign = approved()
    product = kettle().product
    product.name = "Steel Kettle"
    product.save()
    announce_product(product)
    assert state(campaign) == "paused"


def race() -> str:
    """Approve while a price changes but has not committed; the state when both are through. The change
    commits when the approval is through, or waits for it where there is a lock."""
    make_reachable(2)
    variant = make_variant("KET-1", name="Copper Kettle")
    if not variant.prices.exists():
        make_price(variant, 1250)
    campaign = make_campaign(variant=variant)
    decision = campaigns.propose_campaign(campaign)
    outcome: list[object] = []

    def approver() -> None:
        try:
            receipts.approve(decision, None)
        except campaigns.CampaignError as error:
            outcome.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=approver)
    with transaction.atomic():
        set_price(variant, 777, key="new", source="test")
        thread.start()
        through_or_blocked(thread)
    thread.join(timeout=LONG)
    return state(campaign)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_approval_that_meets_a_price_change_is_not_left_live():
    assert race() == "proposed"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_old_price_would_go_live(monkeypatch):
    monkeypatch.setattr(campaigns, "hold", lambda rows: list(rows))
    assert race() == "approved"
