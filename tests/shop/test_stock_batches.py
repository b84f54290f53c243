"""First expired, first out; what may not be sold is set aside; a person writes it off."""

from datetime import timedelta

import pytest

from shop.models import Batch, RingFence, StockLevel, StockMovement, Variant
from shop.services.stock import batches, stock
from shop.services.stock.batch_order import shop_today
from shop.services.stock.transfers import TransferError, transfer
from shop.services.stock.verify import verify_stock
from tests.factories import make_variant, make_warehouse

pytestmark = pytest.mark.django_db
NEAR, FAR = 20, 90


def day(days):
    return shop_today() + timedelta(days=days)


@pytest.fixture
def main():
    return make_warehouse()


@pytest.fixture
def tea(main):
    """4 near, 4 far, 4 of a batch without a date, 4 without a batch: received back to front."""
    variant = make_variant("TEA-1")
    stock.receive(variant, 4, warehouse=main, key="po:0")
    stock.receive(variant, 4, warehouse=main, key="po:1", batch="NO-DATE")
    stock.receive(variant, 4, warehouse=main, key="po:2", batch="FAR", expires_on=day(FAR))
    stock.receive(variant, 4, warehouse=main, key="po:3", batch="NEAR", expires_on=day(NEAR))
    return variant


def shelves(variant):
    """Units by batch; those without one under an empty code."""
    held = dict(Batch.objects.filter(variant=variant).values_list("code", "on_hand"))
    on_hand = sum(level.on_hand for level in StockLevel.objects.filter(variant=variant))
    return {code: units for code, units in held.items() if units} | (
        {"": on_hand - sum(held.values())} if on_hand > sum(held.values()) else {}
    )


def taken(key):
    parts = StockMovement.objects.filter(key__startswith=key, kind="consume").order_by("pk")
    return [(one.batch.code if one.batch else "", -one.on_hand_delta) for one in parts]


def expire(code, days_ago=1):
    Batch.objects.filter(code=code).update(expires_on=day(-days_ago))


def sell(variant, units, place, key="out", **fields):
    stock.allocate(variant, units, warehouse=place, key=f"{key}-promise")
    return stock.consume(variant, units, warehouse=place, key=key, **fields)


def test_what_expires_first_leaves_first(tea, main):
    sell(tea, 15, main)
    assert taken("out") == [("NEAR", 4), ("FAR", 4), ("NO-DATE", 4), ("", 3)]
    assert shelves(tea) == {"": 1}
    assert verify_stock() == []


def test_the_same_shipment_again_takes_nothing_more(tea, main):
    first = sell(tea, 10, main)
    assert stock.consume(tea, 10, warehouse=main, key="out") == first
    assert shelves(tea) == {"NO-DATE": 2, "": 4}
    with pytest.raises(stock.StockKeyReusedError):
        stock.consume(tea, 9, warehouse=main, key="out")
    assert StockMovement.objects.filter(kind="consume").count() == 3


def test_a_named_batch_leaves_although_another_expires_earlier(tea, main):
    sell(tea, 3, main, batch="FAR")
    assert shelves(tea) == {"NEAR": 4, "FAR": 1, "NO-DATE": 4, "": 4}
    with pytest.raises(stock.ExpiredStockError):
        sell(tea, 2, main, key="more", batch="FAR")
    with pytest.raises(stock.BatchError, match="no batch NONE"):
        sell(tea, 1, main, key="none", batch="NONE")


def test_a_batch_keeps_its_date(tea, main):
    with pytest.raises(stock.BatchError, match="another expiry date"):
        stock.receive(tea, 1, warehouse=main, key="x", batch="NEAR", expires_on=day(FAR))
    with pytest.raises(stock.BatchError, match="name its code"):
        stock.receive(tea, 1, warehouse=main, key="x", expires_on=day(FAR))
    with pytest.raises(stock.BatchError, match="no spaces"):
        stock.receive(tea, 1, warehouse=main, key="x", batch="a b")
    stock.receive(tea, 1, warehouse=main, key="x", batch="NEAR")
    assert shelves(tea)["NEAR"] == 5


def test_goods_come_back_into_their_batch(tea, main):
    sell(tea, 2, main)
    stock.return_to_stock(tea, 1, warehouse=main, key="back", batch="NEAR")
    stock.return_to_stock(tea, 1, warehouse=main, key="loose")
    assert shelves(tea) == {"NEAR": 3, "FAR": 4, "NO-DATE": 4, "": 5}


def test_a_loss_takes_goods_without_a_batch_first(tea, main):
    stock.adjust(tea, -5, warehouse=main, key="a", reason="broken")
    assert shelves(tea) == {"NEAR": 3, "FAR": 4, "NO-DATE": 4}
    stock.adjust(tea, -2, warehouse=main, key="b", reason="broken", batch="FAR")
    stock.count_stock(tea, 7, warehouse=main, key="c")
    assert shelves(tea) == {"NEAR": 1, "FAR": 2, "NO-DATE": 4}
    assert verify_stock() == []


def test_expired_units_are_set_aside_and_written_off(tea, main):
    expire("NEAR")
    [aside] = batches.set_aside_expired()
    assert (aside.units, aside.promised_units) == (4, 0)
    assert stock.available([tea.pk]) == {tea.pk: 12}
    assert RingFence.objects.get().purpose == "expired:NEAR"
    [again] = batches.set_aside_expired()
    assert (again.units, again.promised_units) == (0, 0)
    batch = Batch.objects.get(code="NEAR")
    for _twice in range(2):
        assert batches.write_off_batch(batch, key="w", reason="expired") == 4
    assert shelves(tea) == {"FAR": 4, "NO-DATE": 4, "": 4}
    assert stock.available([tea.pk]) == {tea.pk: 12}
    assert verify_stock() == []
    with pytest.raises(batches.BatchError, match="Nothing of this batch"):
        batches.write_off_batch(batch, key="x", reason="expired")


def test_promised_units_are_named_and_never_leave_expired(tea, main):
    stock.allocate(tea, 15, warehouse=main, key="o")
    expire("NEAR")
    [aside] = batches.set_aside_expired()
    assert (aside.units, aside.promised_units) == (1, 3)
    with pytest.raises(stock.ExpiredStockError, match="Only 12 of 15 units"):
        stock.consume(tea, 15, warehouse=main, key="ship")
    assert StockMovement.objects.filter(kind="consume").count() == 0
    stock.consume(tea, 12, warehouse=main, key="ship")
    stock.cancel_allocation(tea, 3, warehouse=main, key="refund")
    [aside] = batches.set_aside_expired()
    assert (aside.units, aside.promised_units) == (3, 0)
    batch = Batch.objects.get(code="NEAR")
    assert batches.write_off_batch(batch, key="w", reason="expired") == 4
    assert StockLevel.objects.get().on_hand == 0
    assert verify_stock() == []


def test_a_customer_gets_goods_that_keep_long_enough(tea, main):
    Variant.objects.filter(pk=tea.pk).update(min_shelf_life_days=NEAR)
    assert batches.set_aside_expired() == []  # exactly as long as promised
    Variant.objects.filter(pk=tea.pk).update(min_shelf_life_days=NEAR + 1)
    stock.allocate(tea, 13, warehouse=main, key="o")
    [aside] = batches.set_aside_expired()
    assert (aside.units, aside.promised_units) == (3, 1)
    stock.consume(tea, 13, warehouse=main, key="ship")  # the one was promised and is not expired
    assert taken("ship")[-1] == ("NEAR", 1)
    assert shelves(tea) == {"NEAR": 3}


def test_a_corrected_date_puts_the_units_on_sale_again(tea, main):
    expire("NEAR")
    batches.set_aside_expired()
    Batch.objects.filter(code="NEAR").update(expires_on=day(NEAR))
    assert batches.set_aside_expired() == []
    assert stock.available([tea.pk]) == {tea.pk: 16}
    expire("NEAR")
    [aside] = batches.set_aside_expired()
    assert aside.units == 4
    assert verify_stock() == []


def test_batches_travel_along(tea, main):
    far = make_warehouse("FAR-AWAY")
    for _twice in range(2):
        moved = transfer(tea, 6, source=main, target=far, key="t")
    assert [piece.on_hand_delta for piece in moved.into] == [4, 2]
    there = Batch.objects.filter(warehouse=far).values_list("code", "on_hand", "expires_on")
    assert set(there) == {("NEAR", 4, day(NEAR)), ("FAR", 2, day(FAR))}
    transfer(tea, 3, source=far, target=main, key="back", batch="NEAR")
    units = dict(StockLevel.objects.values_list("warehouse__code", "on_hand"))
    assert units == {"MAIN": 13, "FAR-AWAY": 3}
    assert verify_stock() == []


def test_a_transfer_that_cannot_be_changes_nothing(tea, main):
    far = make_warehouse("FAR-AWAY")
    stock.allocate(tea, 10, warehouse=main, key="o")
    before = StockMovement.objects.count()
    with pytest.raises(stock.InsufficientStockError):
        transfer(tea, 7, source=main, target=far, key="t")
    with pytest.raises(TransferError):
        transfer(tea, 1, source=main, target=main, key="t")
    stock.receive(tea, 1, warehouse=far, key="p", batch="NEAR", expires_on=day(FAR))
    with pytest.raises(stock.BatchError, match="another expiry date"):
        transfer(tea, 1, source=main, target=far, key="t")
    assert StockMovement.objects.count() == before + 1
    assert verify_stock() == []


def test_the_same_key_to_another_place_is_refused(tea, main):
    far, third = make_warehouse("FAR-AWAY"), make_warehouse("THIRD")
    transfer(tea, 1, source=main, target=far, key="t")
    with pytest.raises(stock.StockKeyReusedError):
        transfer(tea, 1, source=main, target=third, key="t")
    assert not StockLevel.objects.filter(warehouse=third, on_hand__gt=0).exists()
