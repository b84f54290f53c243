"""The stock knob: from the night's count of stock health to a place in a list, and into the receipt."""

from datetime import date

import pytest
from django.core.cache import cache

from decisions.models import Decision
from decisions.services.receipts import replay
from inventory.models import SkuHealth
from recommendations.kept import forget_settings
from recommendations.ml.policy import Settings, arrange, stock_pull
from recommendations.ml.rules import Facts
from recommendations.models import Placement
from recommendations.services.asking import Ask
from recommendations.services.serving import recommend
from recommendations.services.stock_pulls import read_pulls, stock_pulls
from shop.models import Variant
from tests.factories_recommendations import LATER, make_taste_shop, publish_model


def test_a_pull_by_hand():
    assert stock_pull(100, 40, 0.0) == 0.4
    assert stock_pull(100, 0, 0.7) == -0.7
    assert stock_pull(0, 5, 1.0) == -1.0
    assert stock_pull(10, 400, 0.1) == 0.9


def test_overstock_lifts_and_what_runs_out_sinks_by_the_stated_value_of_places():
    facts = {1: Facts(), 2: Facts(stock_pull=1.0), 3: Facts(stock_pull=-1.0), 4: Facts()}
    listed = {
        rate: [
            row.index + 1
            for row in arrange(
                [1, 2, 3, 4], facts, Settings("home", (), stock_rate=rate), limit=4, seed=""
            )
        ]
        for rate in (0.0, 0.2, 1.0)
    }
    assert listed == {0.0: [1, 2, 3, 4], 0.2: [1, 2, 4, 3], 1.0: [2, 1, 4, 3]}
    assert not Settings("home", (), stock_rate=0.1).keeps_order


def health(variant, **fields):
    SkuHealth.objects.create(
        variant=variant,
        **{
            "as_of": date(2026, 3, 1), "days": 90, "on_hand": 100, "units_sold": 0,
            "revenue_minor": 0, "average_on_hand": 100, "excess_units": 0,
            "out_risk": [0.0] * 28, "out_risk_28": 0.0,
        }
        | fields,
    )  # fmt: skip


@pytest.mark.django_db
def test_pulls_are_those_of_products_and_of_what_has_a_forecast():
    variants = make_taste_shop(customers=3)
    health(variants[0], excess_units=60)
    health(variants[1], out_risk=[0.1] * 6 + [0.5] + [0.9] * 21, out_risk_28=0.9)
    health(variants[2], excess_units=None, out_risk=[], out_risk_28=None)
    health(variants[3])
    health(variants[4], out_risk=[0.8] * 28, out_risk_28=0.8)
    # Another size of the same product will last: the product is not about to run out.
    health(Variant.objects.create(product=variants[4].product, sku="LARGE"), on_hand=300)
    assert read_pulls() == {variants[0].product_id: 0.6, variants[1].product_id: -0.5}


@pytest.mark.django_db
def test_the_list_follows_the_knob_and_its_receipt_replays(
    settings, tmp_path, django_assert_num_queries
):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()
    make_taste_shop()
    publish_model(weights={"popularity": 1.0})
    forget_settings()
    usual = [item.offer.sku for item in recommend(Ask(limit=5), at=LATER).items]
    health(Variant.objects.get(sku=usual[0]), out_risk=[0.9] * 28, out_risk_28=0.9)
    health(Variant.objects.get(sku=usual[3]), excess_units=100)
    Placement.objects.filter(code="home").update(stock_rate=1.0)
    forget_settings()
    answer = recommend(Ask(limit=5), at=LATER)
    assert [item.offer.sku for item in answer.items[:2]] == [usual[3], usual[1]]
    assert usual[0] not in [item.offer.sku for item in answer.items]
    receipt = Decision.objects.get(pk=answer.receipt_id)
    SkuHealth.objects.all().delete()
    assert replay(receipt) == (receipt.output, True)
    with django_assert_num_queries(0):
        stock_pulls()  # kept in the process
