"""suppliers: who delivers which SKU on what terms, one row per supplier and SKU."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
from django.conf import settings

from inventory.models import PriceBreak, Supplier, SupplierItem
from shop.importers.columns import code, email, money, number, text, whole, yes_no
from shop.importers.registry import importer
from shop.importers.run import Chunk
from shop.importers.write import ids_of, insert, rows_of, update, upsert
from shop.models import Variant
from shop.money import minor_digits, to_minor

COLUMNS = [
    code("supplier_code", required=True, about="The shop's own number of the supplier."),
    text("name", max_length=200, default=None, about="The code where empty."),
    email("email", about="Purchase orders are sent here."),
    code("currency", about="What the supplier bills in; the shop's own where empty."),
    whole("lead_time_days", low=0, high=365, about="Promised; needed for a new supplier."),
    number("lead_time_sd_days", low=0, high=365, about="How much it varies, where known."),
    whole("review_period_days", low=1, high=365, about="Days between two orders; 7 where empty."),
    money("order_cost", about="What placing one order costs."),
    money("minimum_order", about="The least an order must be worth."),
    whole("capacity_litres", low=1, about="What one delivery holds; no limit where empty."),
    whole("capacity_kg", low=1, about="What one delivery may weigh; no limit where empty."),
    code("sku", about="Empty: only the supplier."),
    text("supplier_sku", max_length=64, default=None, about="The supplier's own number."),
    whole("moq", low=1, about="Smallest order in units; 1 where empty."),
    whole("pack_size", low=1, about="Ordered in multiples of it; 1 where empty."),
    money("unit_cost", aliases=("cost",), about="In the supplier's currency."),
    text("price_breaks", max_length=400, default=None, about="Such as 100:4.20 500:3.90."),
    whole("unit_volume_ml", low=0, about="Space of a unit; none where empty."),
    whole("shelf_life_days", low=1, high=3650, about="From arrival; for ever where empty."),
    yes_no("is_active", about="Of the supplier; yes for a new one."),
    yes_no("is_preferred", about="Of a new SKU: the plan asks this supplier; else the first one."),
    yes_no("is_alternative", about="The plan may also order here; no for a new SKU."),
]
TERMS = (
    "lead_time_days", "lead_time_sd_days", "review_period_days", "capacity_litres", "capacity_kg",
)  # fmt: skip
ITEM = (
    "supplier_sku", "moq", "pack_size", "unit_cost_minor", "lead_time_days", "unit_volume_ml",
    "shelf_life_days", "is_alternative",
)  # fmt: skip
BREAKS = r"^\s*([2-9]|[1-9]\d{1,8}):\d{1,9}(\.\d{1,3})?(\s+([2-9]|[1-9]\d{1,8}):\d{1,9}(\.\d{1,3})?)*\s*$"


@importer("suppliers", COLUMNS)
def load_suppliers(rows: pl.DataFrame, chunk: Chunk) -> None:
    """The first row of a supplier holds its terms; another lead time in a later row is that SKU's."""
    rows = _accepted(rows, chunk)
    if rows.is_empty():
        return
    before = rows_of(Supplier, "code", rows["supplier_code"], ["lead_time_days"])
    written = _write_suppliers(rows, chunk, before)
    there = rows_of(Supplier, "code", rows["supplier_code"], ["lead_time_days"])
    places = there.select(supplier_code="code", supplier_id="id", _usual=pl.col("lead_time_days"))
    rows = rows.join(places, on="supplier_code", maintain_order="left")
    of_skus = rows.filter(pl.col("variant_id").is_not_null())
    new, changed = _write_items(of_skus, chunk)
    changed += _write_breaks(of_skus.filter(pl.col("price_breaks").is_not_null()), chunk)
    touched = rows["supplier_code"].is_in(list(written)) & rows["variant_id"].is_null()
    news = new + int(touched.sum())
    chunk.count(new=news, changed=changed, unchanged=rows.height - news - changed)


def _accepted(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    rows = rows.with_columns(
        _pair=pl.concat_str("supplier_code", pl.col("sku").fill_null(""), separator="/"),
        currency=pl.col("currency").str.to_uppercase(),
    )
    first = chunk.first_time(rows["_pair"])
    rows = chunk.reject(
        rows.with_columns(_first=first), ~pl.col("_first"), "sku", "is repeated for this supplier"
    ).drop("_first", "_pair")
    places = minor_digits(settings.SHOP_CURRENCY)
    known = pl.col("currency").fill_null(settings.SHOP_CURRENCY)
    odd = known.map_elements(lambda name: minor_digits(name) != places, return_dtype=pl.Boolean)
    rows = chunk.reject(rows, odd, "currency", "has other minor units than the shop's")
    unread = pl.col("price_breaks").is_not_null() & ~pl.col("price_breaks").str.contains(BREAKS)
    rows = chunk.reject(rows, unread, "price_breaks", "is not like 100:4.20 500:3.90")
    variants = ids_of(Variant, "sku", rows["sku"], named="variant_id")
    rows = rows.join(variants, on="sku", how="left", maintain_order="left")
    unknown = pl.col("sku").is_not_null() & pl.col("variant_id").is_null()
    rows = chunk.reject(rows, unknown, "sku", "is no SKU of the shop")
    return _with_known_lead_times(rows, chunk)


def _with_known_lead_times(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """A new supplier must promise something: without it no plan can be made."""
    known = rows_of(Supplier, "code", rows["supplier_code"])["code"].implode()
    promised = pl.col("lead_time_days").is_not_null().any().over("supplier_code")
    missing = ~pl.col("supplier_code").is_in(known) & ~promised
    return chunk.reject(rows, missing, "lead_time_days", "is missing")


def _write_suppliers(rows: pl.DataFrame, chunk: Chunk, before: pl.DataFrame) -> set[str]:
    """Codes of the suppliers that are new or changed."""
    first = rows.filter(chunk.first_time(rows["supplier_code"]))
    heads = (
        rows.filter(pl.col("supplier_code").is_in(first["supplier_code"].implode()))
        .group_by("supplier_code", maintain_order=True)
        .agg(pl.exclude("supplier_code").drop_nulls().first())
    )
    is_new = ~pl.col("supplier_code").is_in(before["code"].implode())
    usual = {"name": pl.col("supplier_code"), "currency": pl.lit(settings.SHOP_CURRENCY)}
    heads = heads.with_columns(
        pl.when(is_new & pl.col(name).is_null()).then(value).otherwise(pl.col(name)).alias(name)
        for name, value in usual.items()
    )
    done = upsert(
        Supplier,
        heads.select(
            "name",
            "email",
            "currency",
            "is_active",
            *TERMS,
            code="supplier_code",
            order_cost_minor="order_cost",
            minimum_order_minor="minimum_order",
        ).with_columns(_default_where_new(name, before) for name in _defaults()),
        "code",
    )
    chunk.wrote("suppliers", done.new + done.changed)
    return set(done.rows.filter(pl.col("id").is_in(list(done.written)))["code"])


def _defaults() -> dict[str, object]:
    """What a new supplier gets where the file says nothing."""
    names = ("email", "lead_time_sd_days", "review_period_days", "order_cost_minor")
    fields = {name: Supplier._meta.get_field(name) for name in (*names, "minimum_order_minor")}
    return {name: field.get_default() for name, field in fields.items()}


def _default_where_new(name: str, before: pl.DataFrame) -> pl.Expr:
    is_new = ~pl.col("code").is_in(before["code"].implode())
    value = pl.lit(_defaults()[name])
    return pl.when(is_new & pl.col(name).is_null()).then(value).otherwise(pl.col(name)).alias(name)


def _write_items(rows: pl.DataFrame, chunk: Chunk) -> tuple[int, int]:
    """How many items are new and how many changed."""
    if rows.is_empty():
        return 0, 0
    own = pl.when(pl.col("lead_time_days") != pl.col("_usual")).then(pl.col("lead_time_days"))
    rows = rows.select(
        "supplier_id",
        "variant_id",
        "supplier_sku",
        "moq",
        "pack_size",
        "is_preferred",
        "unit_volume_ml",
        "shelf_life_days",
        "is_alternative",
        unit_cost_minor="unit_cost",
        lead_time_days=own,
    )
    there = rows_of(
        SupplierItem, "variant", rows["variant_id"], ["supplier", "is_preferred", *ITEM]
    )
    joined = rows.join(there, on=["supplier_id", "variant_id"], how="left", suffix="_there")
    new = _insert_items(joined.filter(pl.col("id").is_null()), there)
    known = joined.filter(pl.col("id").is_not_null())
    differs = [
        pl.col(name).is_not_null() & pl.col(name).ne_missing(pl.col(f"{name}_there"))
        for name in ITEM
    ]
    changed = known.filter(pl.any_horizontal(differs))
    update(
        SupplierItem,
        changed.select("id", *(pl.coalesce(name, f"{name}_there").alias(name) for name in ITEM)),
    )
    chunk.wrote("supplier items", new.height + changed.height)
    return new.height, changed.height


def _insert_items(rows: pl.DataFrame, there: pl.DataFrame) -> pl.DataFrame:
    """A SKU's first supplier is its preferred one, unless file or person say otherwise."""
    taken = there.filter("is_preferred")["variant_id"].implode()
    may = pl.col("is_preferred").fill_null(True) & ~pl.col("variant_id").is_in(taken)
    first = may & (may.cum_sum().over("variant_id") == 1)
    fresh = rows.select(
        "supplier_id",
        "variant_id",
        pl.col("supplier_sku").fill_null(""),
        pl.col("moq").fill_null(1),
        pl.col("pack_size").fill_null(1),
        "unit_cost_minor",
        "lead_time_days",
        "unit_volume_ml",
        "shelf_life_days",
        pl.col("is_alternative").fill_null(False),
        is_preferred=first,
    )
    insert(SupplierItem, fresh)
    return fresh


def _write_breaks(rows: pl.DataFrame, chunk: Chunk) -> int:
    """Replace the price breaks of the items whose row names others; how many items changed."""
    if rows.is_empty():
        return 0
    items = rows_of(SupplierItem, "variant", rows["variant_id"], ["supplier"])
    rows = rows.join(items, on=["supplier_id", "variant_id"], how="inner", maintain_order="left")
    there: dict[int, dict[int, int]] = {}
    known = PriceBreak.objects.filter(item__in=rows["id"].to_list())
    for item, units, cost in known.values_list("item", "from_units", "unit_cost_minor"):
        there.setdefault(item, {})[units] = cost
    wanted = {
        item: _breaks(text, currency or settings.SHOP_CURRENCY)
        for item, text, currency in rows.select("id", "price_breaks", "currency").iter_rows()
    }
    differ = {item: found for item, found in wanted.items() if found != there.get(item, {})}
    PriceBreak.objects.filter(item__in=differ).delete()
    PriceBreak.objects.bulk_create(
        PriceBreak(item_id=item, from_units=units, unit_cost_minor=cost)
        for item, found in differ.items()
        for units, cost in found.items()
    )
    chunk.wrote("price breaks", sum(map(len, differ.values())))
    return len(differ)


def _breaks(text: str, currency: str) -> dict[int, int]:
    """Units → price in minor units of "100:4.20 500:3.90"."""
    pairs = (part.split(":") for part in text.split())
    return {int(units): to_minor(Decimal(price), currency) for units, price in pairs}
