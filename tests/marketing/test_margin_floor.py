"""The least margin is of what the shop keeps after tax; what cannot be judged is said."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from marketing.services.campaigns.campaigns import CampaignError, propose_campaign
from shop.models import PriceKind, TaxRate
from shop.services.prices import PriceTerms, set_price
from tests.factories import make_variant
from tests.factories_access import make_staff
from tests.factories_marketing import make_campaign, make_reachable

pytestmark = pytest.mark.django_db


def reduced(cost_minor, *, now_minor=850):
    make_reachable(2)
    kettle = make_variant("KET-1", name="Copper Kettle", price_minor=1000, cost_minor=cost_minor)
    until = timezone.now() + timedelta(days=3)
    terms = PriceTerms(kind=PriceKind.CAMPAIGN, valid_until=until)
    set_price(kettle, now_minor, key="c", source="test", terms=terms)
    return make_campaign(variant=kettle)


@pytest.mark.parametrize(("includes", "floor", "refused"), [
    (True, 0.2, True),  # 700 ÷ 0.8 × 1.2 = 1,050
    (True, 0.0, False),  # 700 × 1.2 = 840
    (False, 0.1, False),  # 700 ÷ 0.9 = 778
    (False, 0.2, True),  # 700 ÷ 0.8 = 875
])  # fmt: skip
def test_tax_that_a_price_includes_is_no_margin(settings, includes, floor, refused):
    settings.MARKETING_MARGIN_FLOOR_RATE = floor
    settings.SHOP_PRICES_INCLUDE_TAX = includes
    TaxRate.objects.all().delete()
    TaxRate.objects.create(
        country=settings.SHOP_COUNTRIES[0], tax_class="standard", basis_points=2000,
        valid_from=timezone.localdate(),
    )  # fmt: skip
    campaign = reduced(700)
    if refused:
        with pytest.raises(CampaignError, match="KET-1 sells at 850 and costs 700"):
            propose_campaign(campaign)
    else:
        propose_campaign(campaign)


def test_below_its_cost_after_tax_is_refused_without_any_floor(settings):
    settings.SHOP_PRICES_INCLUDE_TAX = True
    TaxRate.objects.all().delete()
    TaxRate.objects.create(
        country=settings.SHOP_COUNTRIES[-1], tax_class="standard", basis_points=2500,
        valid_from=timezone.localdate(),
    )  # fmt: skip
    with pytest.raises(CampaignError, match="may not sell below 875"):
        propose_campaign(reduced(700))


def test_an_unknown_cost_is_refused_where_the_shop_has_a_floor(settings):
    settings.MARKETING_MARGIN_FLOOR_RATE = 0.1
    with pytest.raises(CampaignError, match="nobody has entered what it costs"):
        propose_campaign(reduced(None))


def test_and_said_on_page_and_receipt_where_it_has_none(client):
    campaign = reduced(None)
    client.force_login(make_staff("marketing.view_campaign"))
    url = reverse("admin:marketing_campaign_path", args=[campaign.pk])
    assert "nobody has entered what they cost: KET-1" in client.get(url).content.decode()
    decision = propose_campaign(campaign)
    assert decision.inputs["skus_without_cost"] == ["KET-1"]
    assert decision.output["skus_without_cost"] == ["KET-1"]
