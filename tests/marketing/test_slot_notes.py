"""What a writer of texts is offered of the facts, and what not."""

import pytest
from django.utils import timezone

from language.providers import DraftRequest, TemplateProvider
from marketing.texts.facts import slot_notes, spec_facts, variant_facts
from tests.factories import make_price, make_variant
from tests.factories_content import make_kettle

pytestmark = pytest.mark.django_db


def offered(*variants):
    at = timezone.now()
    chosen = list(variants)
    return slot_notes(variant_facts(chosen, "en", at) + spec_facts(chosen[:1], "en"))


def test_of_two_sizes_of_a_product_one_is_offered():
    """A person may feature both; no sentence says that the kettle goes with the kettle."""
    kettle = make_kettle()
    large = kettle.product.variants.create(sku="KET-2")
    make_price(large, 6000)
    cup = make_variant("CUP-1", name="Blue Cup")
    notes = offered(kettle, large, cup)
    slots = {note.slot for note in notes}
    assert {"product", "price", "product_3", "price_3", "spec_1", "spec_2"} <= slots
    assert not {"product_2", "price_2"} & slots
    wish = DraftRequest("email", "second_order", facts=notes, count=10)
    drafts = TemplateProvider().draft(wish)
    assert drafts
    assert not any("{product_2}" in draft.body for draft in drafts)


def test_control_another_product_in_the_second_place_is_offered():
    notes = offered(make_kettle(), make_variant("CUP-1", name="Blue Cup"))
    assert {"product_2", "price_2"} <= {note.slot for note in notes}
    drafts = TemplateProvider().draft(DraftRequest("email", "second_order", facts=notes, count=10))
    assert any("{product_2}" in draft.body for draft in drafts)
