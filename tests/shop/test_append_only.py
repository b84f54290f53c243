"""The ledgers can be added to and never changed: the database itself refuses."""

from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction

from shop.models import Price, StockMovement
from shop.services import stock
from tests.factories import make_variant, make_warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledgers():
    variant = make_variant("TEA-1")
    stock.receive(variant, 9, warehouse=make_warehouse(), key="po")
    if connection.vendor == "sqlite":  # the suite drops these two; see tests/conftest.py
        migration = import_module("shop.migrations.0002_append_only_ledgers")
        with connection.cursor() as cursor:
            for table in migration.LEDGERS:
                cursor.execute(migration._create("sqlite", table, "DELETE"))
    return variant


@pytest.mark.parametrize(("ledger", "field"), [(Price, "source"), (StockMovement, "reason")])
def test_a_ledger_row_cannot_be_changed(ledgers, ledger, field):
    before = list(ledger.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ledger.objects.update(**{field: "x"})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ledger.objects.all()._raw_delete("default")
    assert list(ledger.objects.values()) == before
