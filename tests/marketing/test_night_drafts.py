"""What the night proposes, on a shop with a rhythm."""

from datetime import timedelta

import pytest

from decisions.models import Decision
from marketing.models import Campaign
from marketing.services.audiences.segments import refresh_segments
from marketing.services.campaigns.proposals import bestsellers, propose_campaigns
from shop.models import Consent, Variant
from tests.factories import NOW, make_customer, make_order, make_price, make_stock, make_variant
from tests.factories_marketing import AS_OF, Quiet, make_rhythm

pytestmark = pytest.mark.django_db


def test_the_night_proposes_campaigns_with_proven_copy_and_twice_equals_once():
    make_rhythm()
    refresh_segments(Quiet(), AS_OF)
    outcome = propose_campaigns(Quiet(), AS_OF)
    assert outcome["second_order"] == "waiting for approval"
    before = list(Campaign.objects.values()), Decision.objects.count()
    again = propose_campaigns(Quiet(), AS_OF)
    assert again["second_order"] == "proposed"
    assert (list(Campaign.objects.values()), Decision.objects.count()) == before
    decision = Decision.objects.get(
        subject=f"campaign:{Campaign.objects.get(goal='second_order').pk}"
    )
    assert decision.expected_minor is None
    assert "ordered once within the last" in decision.why_text
    assert (
        "Morning Tea"
        in decision.output["texts"][0]["body"] + decision.output["texts"][0]["subject"]
    )


def test_no_product_is_recommended_beside_itself():
    """Of two sizes the one that more people bought speaks for both, and the second place is another's."""
    small, pot = make_variant("TEA-S"), make_variant("POT")
    large = Variant.objects.create(product=small.product, sku="TEA-L")
    make_price(large, 2000)
    for variant, buyers in ((large, 3), (small, 2), (pot, 1)):
        make_stock(variant, 9)
        for number in range(buyers):
            make_order([(variant, 1)], customer=make_customer(f"{variant.sku}-{number}"))
    assert bestsellers(NOW + timedelta(days=1), NOW + timedelta(days=1)) == [large, pot]


def test_the_next_weeks_draft_replaces_an_unanswered_one():
    make_rhythm()
    refresh_segments(Quiet(), AS_OF)
    propose_campaigns(Quiet(), AS_OF)
    first = Campaign.objects.get(goal="second_order")
    next_week = AS_OF.replace(day=9)
    make_order([(make_variant("X-1"), 1)], at=next_week)
    refresh_segments(Quiet(), next_week)
    propose_campaigns(Quiet(), next_week)
    first.refresh_from_db()
    assert first.state == "cancelled"
    assert first.decision.state == "superseded"


def test_without_consent_the_draft_is_kept_and_nobody_is_asked():
    make_rhythm()
    Consent.objects.all().delete()
    refresh_segments(Quiet(), AS_OF)
    outcome = propose_campaigns(Quiet(), AS_OF)
    assert outcome["second_order"].startswith("draft kept")
    assert Campaign.objects.get(goal="second_order").copies.filter(state="chosen").exists()
    assert not Decision.objects.exists()


def test_an_empty_shop_has_nothing_to_say():
    refresh_segments(Quiet(), AS_OF)
    assert set(propose_campaigns(Quiet(), AS_OF).values()) == {"the segment is empty"}
