"""verify_stock finds what the ledger does not prove, and repairs only when told."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from shop.models import StockLevel
from shop.services import stock
from shop.services.verify import Difference, repair_stock, verify_stock
from tests.factories import make_variant, make_warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea():
    variant = make_variant("TEA-1")
    stock.receive(variant, 9, warehouse=make_warehouse(), key="po")
    stock.reserve(variant, 2, cart="c", key="r")
    return variant


def test_honest_books_have_no_difference(tea):
    assert verify_stock() == []


def test_a_counter_that_was_tampered_with_is_named(tea):
    StockLevel.objects.update(on_hand=12, reserved=1)
    assert verify_stock() == [
        Difference("TEA-1", "MAIN", "on_hand", 12, 9),
        Difference("TEA-1", "MAIN", "reserved", 1, 2),
        Difference("TEA-1", "MAIN", "reservations", 1, 2),
    ]
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("verify_stock", stdout=out)
    assert failed.value.returncode == 1
    assert "counter 12\tledger 9" in out.getvalue()
    assert StockLevel.objects.get().on_hand == 12  # told nothing, repaired nothing


def test_repair_sets_the_counters_to_the_ledger(tea):
    StockLevel.objects.update(on_hand=12, allocated=3)
    call_command("verify_stock", "--repair", stdout=StringIO())
    level = StockLevel.objects.get()
    assert (level.on_hand, level.allocated, level.reserved) == (9, 0, 2)
    assert repair_stock() == 0


def test_a_counter_that_was_lost_is_found_and_rebuilt(tea):
    StockLevel.objects.all().delete()
    assert Difference("TEA-1", "MAIN", "on_hand", 0, 9) in verify_stock()
    repair_stock()
    assert verify_stock() == []
