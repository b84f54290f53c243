"""Excess and expiring stock: a draft and a decision, once a cycle; a price and a campaign once approved."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from decisions.models import Decision, DecisionState
from decisions.services import receipts
from inventory.models import ClearanceDraft, PlannedDemand, PriceElasticity
from inventory.services.clearance import propose_clearance
from marketing.models import Campaign
from marketing.services.campaigns.clearance_campaigns import pick_up_clearance
from shop.models import Batch
from shop.services.prices import price_at
from tests.factories import make_customer, make_order, make_stock, make_variant, make_warehouse
from tests.factories_inventory import AS_OF, LAST_DAY, Silent, make_forecast
from tests.factories_marketing import give_consent

pytestmark = pytest.mark.django_db


def answers_prices(variant, elasticity: float = 3.0) -> None:
    PriceElasticity.objects.create(
        variant=variant,
        elasticity=elasticity,
        low=elasticity - 0.5,
        high=elasticity + 0.5,
        own_share=1.0,
        priced_days=40,
        as_of=LAST_DAY,
    )


@pytest.fixture
def dead_stock():
    """5,000 on hand at ten a day: more than a year's cover."""
    tea = make_variant("TEA-1", category="tea")
    make_forecast(tea)
    make_stock(tea, 5000)
    answers_prices(tea)
    return tea


def propose() -> dict:
    return propose_clearance(Silent(), AS_OF)


def test_dead_stock_becomes_a_complete_draft_once(dead_stock):
    customer = make_customer()
    give_consent(customer)
    make_order([(dead_stock, 1)], customer=customer, at=AS_OF - timedelta(days=10))
    assert propose()["drafts"] == 1
    draft = ClearanceDraft.objects.get()
    assert draft.reason == "cover"
    assert 4000 < draft.excess_units < 5000
    assert draft.price_minor >= 420  # cost 400 and 5 %
    assert draft.expected_low_units <= draft.expected_units <= draft.expected_high_units
    assert draft.audience_customers == 1
    decision = draft.decision
    assert decision.kind == "clearance"
    assert decision.expected_low_minor <= decision.expected_minor <= decision.expected_high_minor
    assert decision.expected_minor > 0
    assert decision.deadline_at > timezone.now()
    propose()
    assert (ClearanceDraft.objects.count(), Decision.objects.count()) == (1, 1)


def test_the_receipt_replays_to_the_same(dead_stock):
    propose()
    _again, same = receipts.replay(Decision.objects.get())
    assert same


def test_approving_sets_the_price_and_marketing_picks_it_up_once(dead_stock):
    propose()
    draft = ClearanceDraft.objects.get()
    assert pick_up_clearance(Silent(), AS_OF) == {"drafts": 0}  # nobody approved it yet
    receipts.approve(draft.decision, User.objects.create(username="b", is_superuser=True))
    draft.refresh_from_db()
    assert draft.state == "approved"
    assert price_at(dead_stock, timezone.now()).amount_minor == draft.price_minor
    assert pick_up_clearance(Silent(), AS_OF) == {"drafts": 1}
    campaign = Campaign.objects.get()
    assert campaign.state == "draft"
    assert [item.variant for item in campaign.items.all()] == [dead_stock]
    assert PlannedDemand.objects.get().source_id == str(campaign.pk)
    assert pick_up_clearance(Silent(), AS_OF) == {"drafts": 0}
    assert Campaign.objects.count() == 1


def test_refused_it_does_not_come_back_in_this_cycle(dead_stock):
    propose()
    receipts.refuse(Decision.objects.get(), User.objects.create(username="b", is_superuser=True))
    propose()
    assert ClearanceDraft.objects.get().state == "refused"
    assert price_at(dead_stock, timezone.now()).amount_minor == 1000


def test_a_draft_that_the_stock_no_longer_supports_is_dropped(dead_stock):
    propose()
    dead_stock.stock_levels.update(on_hand=100)
    assert propose()["dropped"] == 1
    assert ClearanceDraft.objects.get().state == "dropped"
    assert Decision.objects.get().state == DecisionState.SUPERSEDED


def test_expiring_batches_go_first_and_their_sale_ends_before_they_do():
    milk = make_variant("MILK-1")
    make_forecast(milk, mean=5.0, sd=1.0)
    make_stock(milk, 100)
    answers_prices(milk)
    expires = timezone.localdate() + timedelta(days=10)
    Batch.objects.create(
        variant=milk, warehouse=make_warehouse(), code="A", expires_on=expires, on_hand=100
    )
    propose()
    draft = ClearanceDraft.objects.get()
    assert (draft.reason, draft.excess_units) == ("expiry", 50)
    assert draft.ends_on < expires


def test_what_cannot_be_judged_is_counted_and_not_guessed():
    for sku, fields in (("A", {"price_minor": None}), ("B", {"cost_minor": None}), ("C", {})):
        variant = make_variant(sku, **fields)
        make_forecast(variant)
        make_stock(variant, 5000)
    found = propose()
    assert found == {
        "drafts": 0, "left_alone": 0, "dropped": 0,
        "without_a_list_price": 1, "without_a_cost": 1, "without_an_elasticity": 1,
    }  # fmt: skip
    assert not ClearanceDraft.objects.exists()


def test_the_night_reads_many_skus_in_a_fixed_number_of_queries(django_assert_max_num_queries):
    for number in range(12):
        variant = make_variant(f"N-{number}")
        make_forecast(variant)
        make_stock(variant, 5)  # no excess: nothing to write
    with django_assert_max_num_queries(14):
        propose()
