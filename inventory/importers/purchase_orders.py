"""purchase_orders: what was ordered from suppliers and what arrived, one row per line and receipt.

History: it teaches lead times and fill rates and moves no stock. What is still awaited is on order
and is received like an order of the shop's own.
"""

from __future__ import annotations

import polars as pl
from django.conf import settings

from inventory.models import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderState,
    Receipt,
    Supplier,
)
from inventory.models.purchase_orders import TRANSITIONS
from shop.importers.columns import choice, code, day, moment, money, whole
from shop.importers.registry import importer
from shop.importers.run import Chunk
from shop.importers.write import ids_of, insert, next_ids, rows_of, update, upsert
from shop.models import Variant, Warehouse
from shop.money import minor_digits
from shop.services.stock.warehouses import first_warehouse

SENT, PARTLY, RECEIVED, CANCELLED = (
    str(state)
    for state in (
        PurchaseOrderState.SENT,
        PurchaseOrderState.PARTLY_RECEIVED,
        PurchaseOrderState.RECEIVED,
        PurchaseOrderState.CANCELLED,
    )
)
COLUMNS = [
    code("purchase_number", max_length=40, required=True, about="The order's own number."),
    code("supplier_code", required=True, about="A supplier that is known."),
    code("warehouse", max_length=32, about="Its code; the shop's first warehouse where empty."),
    choice(
        "state",
        [SENT, PARTLY, RECEIVED, CANCELLED],
        about="cancelled: the rest will not come. From the units received where empty.",
    ),
    code("currency", about="What the supplier billed in; the shop's own where empty."),
    moment("sent_at", required=True, about="When it was ordered."),
    day("expected_on", about="The promised day; else the supplier's usual lead time counts."),
    code("sku", required=True),
    whole("units", low=1, required=True, about="Ordered."),
    money("unit_cost", about="In the order's currency."),
    whole("received_units", low=1, about="Of this receipt; empty: nothing has arrived."),
    moment("received_at", about="When it arrived; a second delivery is a second row."),
]
LINE = ["order_id", "variant_id"]
TERMS = ["units", "unit_cost_minor"]
OURS = "file:"  # begins the key of an order that a file brought


@importer("purchase_orders", COLUMNS)
def load_purchase_orders(rows: pl.DataFrame, chunk: Chunk) -> None:
    """The first row of an order holds its terms; the same file again changes nothing."""
    rows = _accepted(rows, chunk)
    if rows.is_empty():
        return
    rows, changed_orders = _write_orders(rows, chunk)
    rows, changed_lines = _write_lines(rows, chunk)
    rows = _write_receipts(rows, chunk)
    changed_orders |= _settle(rows)
    touched = pl.col("order_id").is_in(list(changed_orders)) | pl.col("line_id").is_in(
        list(changed_lines)
    )
    new = int(rows["_new"].sum())
    changed = rows.filter(~pl.col("_new") & touched).height
    chunk.count(new=new, changed=changed, unchanged=rows.height - new - changed)


def _accepted(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    at = pl.col("received_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
    rows = rows.with_columns(
        currency=pl.col("currency").str.to_uppercase().fill_null(settings.SHOP_CURRENCY),
        warehouse=pl.col("warehouse").fill_null(first_warehouse().code),
        receipt_key=pl.format(OURS + "{}:{}:{}", "purchase_number", "sku", at),
    )
    for given, other in (("received_units", "received_at"), ("received_at", "received_units")):
        half = pl.col(given).is_not_null() & pl.col(other).is_null()
        rows = chunk.reject(rows, half, other, "is missing")
    early = pl.col("received_at") < pl.col("sent_at")
    rows = chunk.reject(rows, early, "received_at", "is before the order was sent")
    one = pl.concat_str(
        "purchase_number", "sku", pl.col("receipt_key").fill_null(""), separator="/"
    )
    first = chunk.first_time(rows.select(one).to_series())
    rows = chunk.reject(
        rows.with_columns(_first=first), ~pl.col("_first"), "sku", "is repeated for this order"
    ).drop("_first")
    return _not_too_much(_of_one_order(_known(rows, chunk), chunk), chunk)


def _known(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """Supplier, SKU and warehouse are the shop's, and the money has the shop's decimals."""
    for model, column, key, name, reason in (
        (Supplier, "supplier_code", "code", "supplier_id", "is no supplier of the shop"),
        (Variant, "sku", "sku", "variant_id", "is no SKU of the shop"),
        (Warehouse, "warehouse", "code", "warehouse_id", "is no warehouse of the shop"),
    ):
        found = ids_of(model, key, rows[column], named=name).rename({key: column})
        rows = rows.join(found, on=column, how="left", maintain_order="left")
        rows = chunk.reject(rows, pl.col(name).is_null(), column, reason)
    places = minor_digits(settings.SHOP_CURRENCY)
    odd = pl.col("currency").map_elements(
        lambda name: minor_digits(name) != places, return_dtype=pl.Boolean
    )
    return chunk.reject(rows, odd, "currency", "has other minor units than the shop's")


def _of_one_order(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """An order has one supplier and one time, a line one number of units, and a file's order is not
    one that this shop made itself."""
    there = rows_of(PurchaseOrder, "number", rows["purchase_number"], ["key", "supplier"])
    there = there.select(
        purchase_number="number", _key=pl.col("key"), _supplier=pl.col("supplier_id")
    )
    rows = rows.join(there, on="purchase_number", how="left", maintain_order="left")
    own = ~pl.col("_key").str.starts_with(OURS)
    rows = chunk.reject(rows, own, "purchase_number", "is an order that this shop made itself")
    supplier = pl.coalesce("_supplier", pl.col("supplier_id").first().over("purchase_number"))
    rows = chunk.reject(
        rows, pl.col("supplier_id") != supplier, "supplier_code", "is not this order's supplier"
    )
    for column, of in (("sent_at", ["purchase_number"]), ("units", ["purchase_number", "sku"])):
        other = pl.col(column) != pl.col(column).first().over(of)
        rows = chunk.reject(rows, other, column, "is not what an earlier row says")
    return rows.drop("_key", "_supplier")


def _not_too_much(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """What arrived of a line, here and before, is at most what was ordered."""
    orders = ids_of(PurchaseOrder, "number", rows["purchase_number"], named="order_id")
    rows = rows.join(
        orders.rename({"number": "purchase_number"}),
        on="purchase_number",
        how="left",
        maintain_order="left",
    )
    lines = rows_of(PurchaseOrderLine, "order", rows["order_id"], ["variant", "received_units"])
    lines = lines.select(*LINE, _before=pl.col("received_units"))
    rows = rows.join(lines, on=LINE, how="left", maintain_order="left")
    known = rows_of(Receipt, "key", rows["receipt_key"])["key"].implode()
    fresh = pl.when(~pl.col("receipt_key").is_in(known)).then(pl.col("received_units"))
    total = fresh.fill_null(0).cum_sum().over("purchase_number", "sku")
    over = total + pl.col("_before").fill_null(0) > pl.col("units")
    rows = chunk.reject(rows, over, "received_units", "is more than was ordered")
    return rows.drop("order_id", "_before")


def _write_orders(rows: pl.DataFrame, chunk: Chunk) -> tuple[pl.DataFrame, set[int]]:
    """The rows with their order's id; and the orders that another promise or state changed."""
    heads = rows.unique("purchase_number", keep="first", maintain_order=True).select(
        "supplier_id",
        "warehouse_id",
        "currency",
        "sent_at",
        "expected_on",
        state=pl.col("state").fill_null(SENT),
        number="purchase_number",
        key=pl.concat_str(pl.lit(OURS), "purchase_number"),
        created_at="sent_at",
        cycle_on=pl.col("sent_at").dt.convert_time_zone(settings.TIME_ZONE).dt.date(),
    )
    kept = [name for name in heads.columns if name not in ("number", "expected_on")]
    done = upsert(PurchaseOrder, heads, "number", only_new=kept)
    chunk.wrote("purchase orders", done.new + done.changed)
    ids = done.rows.select(purchase_number="number", order_id="id")
    rows = rows.join(ids, on="purchase_number", how="left", maintain_order="left")
    return rows, done.written - done.fresh


def _write_lines(rows: pl.DataFrame, chunk: Chunk) -> tuple[pl.DataFrame, set[int]]:
    """The rows with their line's id and whether it is new; and the lines that changed."""
    first = rows.unique(LINE, keep="first", maintain_order=True)
    there = rows_of(PurchaseOrderLine, "order", rows["order_id"], ["variant", *TERMS])
    joined = first.join(there, on=LINE, how="left", suffix="_there", maintain_order="left")
    fresh = joined.filter(pl.col("id").is_null())
    fresh = fresh.select(
        *LINE,
        "units",
        id=next_ids(PurchaseOrderLine, fresh.height),
        suggested_units="units",
        unit_cost_minor="unit_cost",
    )
    insert(PurchaseOrderLine, fresh)
    cost = pl.coalesce("unit_cost", "unit_cost_minor")
    differs = cost.ne_missing(pl.col("unit_cost_minor")) | (
        pl.col("units") != pl.col("units_there")
    )
    known = joined.filter(pl.col("id").is_not_null())
    changed = known.filter(differs).select("id", "units", unit_cost_minor=cost)
    update(PurchaseOrderLine, changed)
    chunk.wrote("purchase order lines", fresh.height + changed.height)
    ids = pl.concat(
        [
            fresh.select(*LINE, line_id="id", _new=pl.lit(True)),
            known.select(*LINE, line_id="id", _new=pl.lit(False)),
        ]
    )
    return rows.join(ids, on=LINE, how="left", maintain_order="left"), {*changed["id"]}


def _write_receipts(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """Add receipts that are not there, and what their lines have received with them."""
    known = rows_of(Receipt, "key", rows["receipt_key"])["key"].implode()
    fresh = rows.filter(
        pl.col("receipt_key").is_not_null() & ~pl.col("receipt_key").is_in(known)
    ).select("line_id", "received_at", units="received_units", key="receipt_key")
    insert(Receipt, fresh)
    chunk.wrote("receipts", fresh.height)
    more = fresh.group_by("line_id", maintain_order=True).agg(pl.col("units").sum().alias("more"))
    lines = rows_of(PurchaseOrderLine, "id", more["line_id"], ["received_units"])
    lines = lines.join(more, left_on="id", right_on="line_id")
    received = pl.col("received_units") + pl.col("more")
    update(PurchaseOrderLine, lines.select("id", received_units=received))
    return rows.with_columns(
        _new=pl.col("_new") | pl.col("receipt_key").is_in(fresh["key"].implode()).fill_null(False)
    )


def _settle(rows: pl.DataFrame) -> set[int]:
    """Move each order to the state that the file names, else to that of what arrived; only onwards.

    Returns the orders that were there before and moved.
    """
    said = rows.group_by("order_id", maintain_order=True).agg(
        pl.col("state").drop_nulls().first(), pl.col("_new").all().alias("_fresh")
    )
    lines = rows_of(PurchaseOrderLine, "order", rows["order_id"], ["units", "received_units"])
    counted = lines.group_by("order_id").agg(
        got=pl.col("received_units").sum(), wanted=pl.col("units").sum()
    )
    found = (
        pl.when(pl.col("got") >= pl.col("wanted"))
        .then(pl.lit(RECEIVED))
        .when(pl.col("got") > 0)
        .then(pl.lit(PARTLY))
        .otherwise(pl.lit(SENT))
    )
    orders = rows_of(PurchaseOrder, "id", said["order_id"], ["state"])
    joined = orders.join(said, left_on="id", right_on="order_id", suffix="_said").join(
        counted, left_on="id", right_on="order_id"
    )
    joined = joined.with_columns(wanted_state=pl.coalesce("state_said", found))
    onwards = {(str(before), str(after)) for before, ways in TRANSITIONS.items() for after in ways}
    moved = joined.filter(
        pl.Series([pair in onwards for pair in joined.select("state", "wanted_state").rows()])
    )
    update(PurchaseOrder, moved.select("id", state="wanted_state"))
    return {*moved.filter(~pl.col("_fresh"))["id"]}
