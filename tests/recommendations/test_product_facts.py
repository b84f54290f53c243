"""What the ranker is told of products: keys, the list price in force, the margin rate."""

from datetime import timedelta

import numpy as np
import pytest

from recommendations.frames import product_facts
from recommendations.services.training import shop_attributes
from tests.factories import NOW, make_price, make_variant

pytestmark = pytest.mark.django_db


def test_the_price_is_the_list_price_in_force_and_the_margin_what_is_left_of_it():
    variant = make_variant("A", price_minor=1000, cost_minor=1500, brand="b", category="c")
    make_price(variant, 2000, at=NOW - timedelta(days=2))
    make_price(variant, 500, at=NOW + timedelta(days=1))
    bare = make_variant("B", price_minor=None)
    free = make_variant("C", price_minor=800, cost_minor=None)
    ids = np.array([variant.product_id, bare.product_id, free.product_id])
    facts = product_facts(ids, NOW)
    assert facts.price_minor == pytest.approx([2000, np.nan, 800], nan_ok=True)
    assert facts.margin_rate == pytest.approx([0.25, np.nan, np.nan], nan_ok=True)
    attributes = shop_attributes(facts)
    assert (attributes.codes["brand"] < 0).tolist() == [False, True, True]
    assert set(attributes.figures) == {"margin_rate"}
