"""Export, import into an empty database, export again: the files are equal byte for byte."""

from __future__ import annotations

import csv
import uuid
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models import Case, Sum, Value, When
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from shop.exporters.registry import all_exporters
from shop.exporters.run import export_file
from shop.importers.registry import all_importers
from shop.importers.run import Options, import_file
from shop.models import Customer, Order, OrderLine, Product, Return, StockLevel, Variant
from tests.factories_odd import make_odd_shop, odd_codes, odd_texts

pytestmark = pytest.mark.django_db

# What others point at comes first; docs/files.md names the same order.
ORDER = [
    "channels", "brands", "categories", "attributes", "warehouses", "products", "prices", "kits",
    "customers", "consents", "customer_attributes", "visitor_links", "tax_rates", "orders", "returns", "stock", "batches",
    "selling_holds", "events", "reviews", "suppliers", "purchase_orders", "knowledge", "tickets",
    "evidence", "acquisition_costs", "tiers",
]  # fmt: skip


OURS = ("shop", "inventory", "support", "marketing")
FOREIGN_ORDER = ["products", "customers", "orders", "stock"]


def export_all(folder: Path, form: str = "backroom", kinds: list[str] = ORDER) -> dict[str, bytes]:
    folder.mkdir(exist_ok=True, parents=True)
    for kind in kinds:
        export_file(kind, folder / f"{kind}.csv", format=form)
    return {kind: (folder / f"{kind}.csv").read_bytes() for kind in kinds}


def empty_the_shop() -> None:
    """Every table of ours; the triggers of the ledgers are away in tests (conftest.py)."""
    ours = [m for app in OURS for m in apps.get_app_config(app).get_models()]
    tables = [model._meta.db_table for model in ours]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # foreign keys still to be checked
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
            return
        cursor.execute("PRAGMA defer_foreign_keys = ON")
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")


# Of the row and not of the business: keys of the database, who wrote it here and when.
NOT_BUSINESS = {
    "id", "key", "public_id", "idempotency_key", "request_sha256", "updated_at", "recorded_at",
    "intent_source", "sla_due_at",
}  # fmt: skip
# Facts with a time of their own keep it; of the others the row's age is not carried.
AGELESS = {"order", "supplier", "knowledgearticle"}
NOT_CARRIED = {"orderline": {"warehouse"}, "customer": set()}


def business_rows() -> dict[str, list]:
    """Every row of every table that files carry, by natural keys, in the order of the table."""
    wanted = [
        "channel", "brand", "category", "attribute", "warehouse", "product", "productimage",
        "variant", "kitcomponent", "price", "customer", "consent", "order", "orderline", "return",
        "returnline", "stocklevel", "batch", "sellinghold", "taxrate", "visitorlink", "event",
        "review", "supplier", "supplieritem",
        "knowledgearticle", "ticket", "evidence", "evidenceuse",
    ]  # fmt: skip
    ours = [m for app in OURS for m in apps.get_app_config(app).get_models()]
    by_name = {model._meta.model_name: model for model in ours}
    rows = {name: [_business(r) for r in by_name[name].objects.order_by("pk")] for name in wanted}
    rows["price"].sort(key=repr)  # today's price comes with its product, before the history
    return rows


def _business(row: models.Model) -> dict:
    name = row._meta.model_name
    left = set(NOT_BUSINESS) | NOT_CARRIED.get(name, set())
    if name == "consent":
        left -= {"recorded_at"}
    if name in AGELESS:
        left |= {"created_at"}
    fields = [f for f in row._meta.concrete_fields if f.name not in left]
    return {f.name: _natural(getattr(row, f.name)) for f in fields}


def _natural(value):
    if not isinstance(value, models.Model):
        return value
    if value._meta.model_name == "evidence":
        return value.code, value.revision
    for key in ("sku", "code", "number", "position"):
        if hasattr(value, key):
            return getattr(value, key)
    raise AssertionError(f"{value!r} has no natural key")


FORMATS = ["shopify", "woocommerce"]
PROMISES = ("Unavailable", "Committed", "Available")


def carried(form: str) -> dict[str, list]:
    """What such a format can hold, asked of the tables and not of the files (docs/files.md)."""
    here = form == "shopify"
    states = {"shipped": "delivered"} if here else {"shipped": "delivered", "part_shipped": "paid"}
    way = Case(*(When(state=a, then=Value(b)) for a, b in states.items()), default="state")
    asked = {
        "products": (Product, ["name", "description", "state", "brand__name"], ["code"]),
        "SKUs": (
            Variant,
            ["sku", "name", "cost_minor", "weight_g", "barcode", "tracks_stock"],
            ["product__code"],
        ),
        "customers": (Customer, ["code", "name", "email", "phone", "country"], []),
        "orders": (
            Order.objects.annotate(way=way),
            ["number", "way", "customer__code", "country", "total_minor"],
            ["tax_minor", "channel__code"],
        ),
        "goods": (
            OrderLine.objects.filter(kind="item"),
            ["order__number", "variant__sku", "units", "unit_price_minor", "text"],
            [],
        ),
        "refunds": (
            Return.objects.values("order").annotate(units=Sum("refund_minor")),
            ["order__number", "units"],
            [],
        ),
        "stock": (StockLevel, ["variant__sku", "on_hand"], ["warehouse__name"]),
    }
    found = {}
    for what, (rows, columns, only_here) in asked.items():
        rows = rows.objects.all() if isinstance(rows, type) else rows
        found[what] = sorted(rows.values_list(*columns, *(only_here if here else [])), key=repr)
    return found


def _held(file: bytes) -> list[list[str]]:
    """Without what tells of promises, which end with the shop that made them."""
    rows = list(csv.reader(file.decode().splitlines(keepends=True)))
    kept = [n for n, name in enumerate(rows[0]) if name not in PROMISES]
    return [[row[n] for n in kept] for row in rows]


def import_all(folder: Path, form: str = "backroom", kinds: list[str] = ORDER) -> None:
    for kind in kinds:
        rejects = folder / f"{kind}.rejects.csv"
        report = import_file(
            kind, folder / f"{kind}.csv", format=form, options=Options(rejects=rejects)
        )
        assert not report.rejected, (kind, report.reasons, rejects.read_text())


def test_everything_that_is_imported_is_exported():
    kinds = {kind for kind, form in all_importers() if form == "backroom"}
    assert kinds == {kind for kind, form in all_exporters() if form == "backroom"} == set(ORDER)


def test_the_simulated_shop_comes_back(tmp_path, settings):
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    args = {"products": 24, "customers": 60, "days": 90, "seed": 5, "until": date(2026, 6, 30)}
    call_command("simulate_shop", **args, stdout=StringIO())
    first = export_all(tmp_path / "first")
    foreign = {
        form: (export_all(tmp_path / form, form, FOREIGN_ORDER), carried(form)) for form in FORMATS
    }
    empty_the_shop()
    import_all(tmp_path / "first")
    second = export_all(tmp_path / "second")
    for kind in ORDER:
        assert second[kind] == first[kind], kind
    for form, (files, facts) in foreign.items():
        empty_the_shop()
        import_all(tmp_path / form, form, FOREIGN_ORDER)
        again = export_all(tmp_path / form / "again", form, FOREIGN_ORDER)
        for kind in FOREIGN_ORDER:
            assert _held(again[kind]) == _held(files[kind]), (form, kind)
        for what, rows in carried(form).items():
            assert rows == facts[what], (form, what)


@settings_of_hypothesis(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],  # shrinking a whole shop takes minutes and tells little
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_odd_words_come_back(tmp_path, data):
    folder = tmp_path / uuid.uuid4().hex
    with transaction.atomic():
        make_odd_shop(lambda: data.draw(odd_texts()), lambda: data.draw(odd_codes()))
        first, before = export_all(folder), business_rows()
        empty_the_shop()
        import_all(folder)
        second, after = export_all(folder / "again"), business_rows()
        transaction.set_rollback(True)
    for kind in ORDER:
        assert second[kind] == first[kind], kind
    for model in before:
        assert after[model] == before[model], model
