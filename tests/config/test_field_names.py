"""Names made from identifiers are message ids like any other."""

from django.utils.functional import Promise
from django.utils.translation import override

from config.apps import field_names
from shop.models import Order


def test_every_field_of_ours_has_a_name_that_can_be_translated():
    assert field_names() == []
    placed_at = Order._meta.get_field("placed_at").verbose_name
    assert isinstance(placed_at, Promise)
    with override("en"):
        assert str(placed_at) == "placed at"
