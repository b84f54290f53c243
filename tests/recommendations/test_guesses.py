"""A list that can be foreseen takes one journey, and is the list that it would be without."""

import numpy as np
import pytest
from django.core.cache import cache

from decisions.models import Decision
from decisions.services.receipts import replay
from recommendations.services import gates, guesses, reading, serving
from recommendations.services.asking import Ask
from recommendations.services.sku_index import SkuIndex, sku_index_of
from shop.models import Consent, Product, StockLevel, Variant
from tests.factories import make_customer, make_order, make_variant
from tests.factories_recommendations import LATER, START, make_taste_shop, publish_model

pytestmark = pytest.mark.django_db


def test_a_sku_leads_to_its_product_and_an_unknown_one_to_none():
    variants = [make_variant(sku) for sku in ("B", "A-1", "A-10", "鞋")]
    ids = np.array(sorted(variant.product_id for variant in variants))
    index = sku_index_of(ids)
    for variant in variants:
        assert ids[index.item(variant.sku)] == variant.product_id
    for unknown in ("", "A", "A-1 ", "Z" * 64, "A-100"):
        assert index.item(unknown) == -1
    left_out = sku_index_of(np.delete(ids, 1))
    gone = next(variant for variant in variants if variant.product_id == ids[1])
    assert left_out.item(gone.sku) == -1
    assert SkuIndex(np.zeros(0, dtype="S1"), np.zeros(0, dtype=np.int32)).item("A") == -1


@pytest.fixture
def shop(settings, tmp_path, monkeypatch):
    """A served model, and the number of journeys of each request from the second on."""
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()
    variants = make_taste_shop()
    publish_model()
    serving.recommend(Ask(), at=LATER)
    ways = []
    for where in (reading, gates):
        there = where.journey
        monkeypatch.setattr(
            where, "journey", lambda *a, _there=there, **k: ways.append(a) or _there(*a, **k)
        )
    return variants, ways


def asked(ways, monkeypatch, **fields):
    """The rows shown with and without a guess, and the journeys with it."""
    ways.clear()
    with_guess = serving.recommend(Ask(**fields), at=LATER)
    journeys = len(ways)
    with monkeypatch.context() as patched:
        patched.setattr(serving, "guess_of", lambda *given: None)
        without = serving.recommend(Ask(**fields), at=LATER)
    assert [one.offer for one in with_guess.items] == [one.offer for one in without.items]
    assert [(one.source, one.reason, one.score) for one in with_guess.items] == [
        (one.source, one.reason, one.score) for one in without.items
    ]
    receipt = Decision.objects.get(pk=with_guess.receipt_id)
    assert replay(receipt)[1]
    return [one.offer.sku for one in with_guess.items], journeys


@pytest.mark.postgres
def test_pages_and_strangers_are_answered_by_one_journey(shop, monkeypatch):
    _variants, ways = shop
    assert asked(ways, monkeypatch)[1] == 1
    found, journeys = asked(ways, monkeypatch, placement="product", skus=("S-03",), limit=5)
    assert (len(found), journeys) == (5, 1)
    assert "S-03" not in found
    first = found[0]
    StockLevel.objects.filter(variant__sku=first).update(allocated=10)
    found, journeys = asked(ways, monkeypatch, placement="product", skus=("S-03",), limit=5)
    assert first not in found
    assert journeys == 1
    left, journeys = asked(
        ways, monkeypatch, placement="product", skus=("S-03",), exclude=(found[1],), limit=5
    )
    assert found[1] not in left
    assert journeys == 1


@pytest.mark.postgres
def test_what_she_has_is_left_out_of_a_guessed_list(shop, monkeypatch):
    _variants, ways = shop
    found, _journeys = asked(ways, monkeypatch, placement="similar", skus=("S-03",), limit=3)
    ann = make_customer("ANN")
    make_order([(Variant.objects.get(sku=found[0]), 1)], customer=ann, at=START)
    hers, journeys = asked(
        ways, monkeypatch, placement="similar", skus=("S-03",), code="ANN", limit=3
    )
    assert found[0] not in hers
    assert journeys == 1
    Consent.objects.create(
        customer=ann, purpose="personalisation", granted=False, source="t", recorded_at=START
    )
    asked(ways, monkeypatch, placement="similar", skus=("S-03",), code="ANN", limit=3)


@pytest.mark.postgres
def test_a_guess_that_the_shop_contradicts_decides_nothing(shop, monkeypatch):
    variants, ways = shop
    moved = Variant.objects.get(sku="S-03")
    Variant.objects.filter(pk=moved.pk).update(product=variants[4].product)
    found, journeys = asked(ways, monkeypatch, placement="similar", skus=("S-03",), limit=3)
    assert journeys == 2
    assert found
    # An unknown SKU, an order, a flash sale and a shop where hardly anything can be sold.
    for fields in ({"skus": ("NEW",)}, {"order": "NONE", "placement": "post_purchase"}):
        asked(ways, monkeypatch, **{"placement": "similar"} | fields)
    asked(ways, monkeypatch, placement="flash_sale")
    Product.objects.exclude(pk=variants[9].product_id).update(state="archived")
    assert asked(ways, monkeypatch)[0] == ["S-09"]


@pytest.mark.postgres
def test_a_guess_that_is_taken_for_more_than_it_asked_is_seen(shop, monkeypatch):
    """The negative control of the comparison above: a guess believed beyond what was asked."""
    variants, ways = shop
    moved = Variant.objects.get(sku="S-03")
    Variant.objects.filter(pk=moved.pk).update(product=variants[4].product)
    monkeypatch.setattr(guesses.Guess, "pool", lambda self, inputs: self.found)
    with pytest.raises(AssertionError):
        asked(ways, monkeypatch, placement="similar", skus=("S-03",), limit=3)
