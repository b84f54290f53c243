"""The ledgers can be added to and never changed: the database itself refuses."""

from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction

from shop.models import CouponMovement, PaymentEvent, Price, Refund, StockMovement
from shop.services.orders import orders
from shop.services.orders.orders import NewOrder, WantedLine, place_order
from shop.services.stock import stock
from tests.factories import make_customer, make_variant, make_warehouse
from tests.factories_coupons import make_coupon

pytestmark = pytest.mark.django_db
APPEND_ONLY = ["shop_price", "shop_stockmovement", "shop_paymentevent", "shop_refund"]
APPEND_ONLY += ["shop_couponmovement"]


@pytest.fixture
def ledgers():
    variant = make_variant("TEA-1")
    stock.receive(variant, 9, warehouse=make_warehouse(), key="po")
    if connection.vendor == "sqlite":  # the suite drops these two; see tests/conftest.py
        migration = import_module("shop.migrations.0002_append_only_ledgers")
        with connection.cursor() as cursor:
            for table in APPEND_ONLY:
                cursor.execute(migration._create("sqlite", table, "DELETE"))
    order = place_order(NewOrder((WantedLine("TEA-1", 1),)), key="k")
    orders.cancel(orders.pay(order))
    make_coupon(make_customer())
    return variant


@pytest.mark.parametrize(
    ("ledger", "field"),
    [
        (Price, "source"),
        (StockMovement, "reason"),
        (PaymentEvent, "provider"),
        (Refund, "reason"),
        (CouponMovement, "note"),
    ],
)
def test_a_ledger_row_cannot_be_changed(ledgers, ledger, field):
    before = list(ledger.objects.values())
    assert before
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ledger.objects.update(**{field: "x"})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ledger.objects.all()._raw_delete("default")
    assert list(ledger.objects.values()) == before


@pytest.mark.postgres
@pytest.mark.parametrize("ledger", [Price, StockMovement, PaymentEvent, Refund, CouponMovement])
def test_a_ledger_cannot_be_truncated(ledgers, ledger):
    table = ledger._meta.db_table
    migration = import_module("shop.migrations.0008_ledgers_are_not_truncated")
    with connection.cursor() as cursor:  # the suite drops it, to empty tables between tests
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(migration.create(table))
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(f"TRUNCATE {table} CASCADE")
    assert ledger.objects.exists()
