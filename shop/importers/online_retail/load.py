"""Rows of the file → products, customers, orders, returns and events."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
from django.conf import settings
from django.db import transaction

from shop.importers.columns import SCALE
from shop.importers.documents import ORDERS, RETURNS, count_rows, match_returns, write_documents
from shop.importers.event_frames import append_frame
from shop.importers.list_prices import list_prices, price_rows
from shop.importers.registry import importer
from shop.importers.run import Chunk, ImportRun
from shop.importers.table import LINE
from shop.importers.tell import tell_prices
from shop.importers.write import insert, lock_imports, next_ids, rows_of, upsert
from shop.models import (
    Customer,
    EventKind,
    IdentifierKind,
    LineKind,
    OrderState,
    Price,
    Product,
    Variant,
)
from shop.money import from_minor
from shop.services.erased import erased_among

from .rows import COLUMNS, read_rows, reject_what_is_no_trade, row_amount, with_minor
from .survey import Survey, survey

FORMAT = "online-retail"
ROUNDING = "Rounding"


class ReconciliationError(RuntimeError):
    """What was written is not what the file says: a defect of ours, never of the file."""


def finish(run: ImportRun) -> None:
    """What needs every row: the price history, and which order a return belongs to."""
    with transaction.atomic():
        lock_imports()
        prices = _write_prices(run)
        matched = match_returns()
    run.report.written.update(
        {k: n for k, n in (("prices", prices), ("returns matched", matched)) if n}
    )
    _reconcile(run)


@importer("orders", COLUMNS, format=FORMAT, start=survey, finish=finish, amount=row_amount())
def load_online_retail(rows: pl.DataFrame, chunk: Chunk) -> None:
    state: Survey = chunk.run.state
    rows = reject_what_is_no_trade(read_rows(rows), chunk)
    rows = with_minor(rows).join(state.codes, on="sku", how="left", maintain_order="left")
    rows = _with_variants(rows, chunk)
    rows = _with_customers(rows, chunk)
    lines = _lines(rows)
    sales = _write(ORDERS, lines.filter(~pl.col("is_return")), chunk)
    backs = _write(RETURNS, lines.filter("is_return"), chunk)
    _write_events(sales, chunk)
    done = pl.concat([sales.select(LINE, "is_new"), backs.select(LINE, "is_new")])
    count_rows(done, chunk)


def _with_variants(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """Goods that the shop does not know yet become a product with one variant each."""
    goods = rows.filter(pl.col("kind") == LineKind.ITEM)
    skus = goods.group_by("sku", maintain_order=True).agg(
        pl.col("name").first(), created_at=pl.col("placed_at").min()
    )
    known = rows_of(Variant, "sku", skus["sku"])
    new = skus.join(known, on="sku", how="anti", maintain_order="left")
    products = upsert(
        Product, new.select("name", "created_at", code=pl.col("sku")), "code",
        only_new=["name", "created_at"],
    )  # fmt: skip
    ids = products.rows.select("created_at", sku=pl.col("code"), product_id=pl.col("id"))
    # The file says what was sold and never what is there: not counted until a stock file says so.
    variants = upsert(Variant, ids.with_columns(tracks_stock=pl.lit(False)), "sku")
    chunk.wrote("products", products.new)
    chunk.wrote("SKUs", variants.new)
    every = pl.concat([known.select("sku", "id"), variants.rows.select("sku", "id")])
    return rows.join(
        every.rename({"id": "variant_id"}), on="sku", how="left", maintain_order="left"
    ).with_columns(pl.when(pl.col("kind") == LineKind.ITEM).then("variant_id"))


def _with_customers(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """A customer's country is the one of the first row; later rows do not change her. What the file
    still says of an erased one is a guest's."""
    gone = list(erased_among(IdentifierKind.CODE, rows["customer_code"].drop_nulls().unique()))
    is_hers = pl.col("customer_code").is_in(gone)
    rows = rows.with_columns(customer_code=pl.when(~is_hers).then("customer_code"))
    people = rows.filter(pl.col("customer_code").is_not_null()).group_by(
        "customer_code", maintain_order=True
    ).agg(country=pl.col("Country").first(), created_at=pl.col("placed_at").min())  # fmt: skip
    done = upsert(
        Customer, people.rename({"customer_code": "code"}), "code",
        only_new=["country", "created_at"],
    )  # fmt: skip
    chunk.wrote("customers", done.new)
    ids = done.rows.select(customer_code=pl.col("code"), customer_id=pl.col("id"))
    return rows.join(ids, on="customer_code", how="left", maintain_order="left")


def _lines(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns that a document writer wants; a second line where a fraction was rounded."""
    lines = rows.select(
        LINE,
        "number",
        "is_return",
        "kind",
        "variant_id",
        "customer_id",
        "units",
        "placed_at",
        text=pl.col("Description").fill_null(""),
        price=pl.col("unit_minor"),
        country=pl.col("Country"),
        rounding=pl.col("rounding_minor"),
    )
    rounded = lines.filter(pl.col("rounding") != 0).with_columns(
        kind=pl.when(pl.col("rounding") < 0)
        .then(pl.lit(LineKind.DISCOUNT.value))
        .otherwise(pl.lit(LineKind.FEE.value)),
        variant_id=pl.lit(None, pl.Int64),
        units=pl.lit(1, pl.Int64),
        text=pl.lit(ROUNDING),
        price=pl.col("rounding"),
    )
    if rounded.is_empty():
        return lines
    return pl.concat([lines, rounded]).sort(LINE, maintain_order=True)


def _write(paper, lines: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    places = chunk.run.state.orders if paper is ORDERS else chunk.run.state.returns
    rows = lines.with_columns(
        pl.col("price").alias(paper.price),
        pl.col("placed_at").alias("returned_at"),
        state=pl.lit(OrderState.DELIVERED.value),
        currency=pl.lit(settings.SHOP_CURRENCY),
        channel_id=pl.lit(None, pl.Int64),
    )
    done = write_documents(paper, rows, chunk, places)
    amount = int((done["units"] * done["price"]).sum() or 0)
    chunk.add_up(f"{paper.called}s", from_minor(amount))
    return done


def _write_events(sales: pl.DataFrame, chunk: Chunk) -> None:
    """One purchase per line of goods. The id is the line's own, so it is written once.

    Nobody was asked for consent to analytics when this was sold, so it says no.
    """
    goods = sales.filter(pl.col("is_new") & (pl.col("kind") == LineKind.ITEM))
    events = goods.select(
        "variant_id",
        "customer_id",
        "order_id",
        "units",
        event_id=pl.concat_str(pl.lit("purchase:"), "number", pl.lit(":"), "position"),
        kind=pl.lit(EventKind.PURCHASE.value),
        occurred_at=pl.col("placed_at"),
        received_at=pl.col("placed_at"),
        consent=pl.lit(False),
    )
    chunk.wrote("events", append_frame(events, chunk))


def _write_prices(run: ImportRun) -> int:
    """The changes that the history does not hold yet."""
    midnight = pl.col("day").cast(pl.Datetime("us")).dt.replace_time_zone(
        settings.TIME_ZONE, ambiguous="earliest", non_existent="null"
    )  # fmt: skip
    rows = run.state.prices.with_columns(_from=midnight.dt.convert_time_zone("UTC"))
    rows = rows.filter(pl.col("_from").is_not_null())
    variants = rows_of(Variant, "sku", rows["sku"]).select("sku", variant_id="id")
    rows = rows.join(variants, on="sku").sort("_from", "sku")
    there = list_prices(rows["variant_id"])
    before = there.select("variant_id", valid_from="valid_from", _now="amount_minor")
    rows = rows.join_asof(
        before, left_on="_from", right_on="valid_from", by="variant_id", check_sortedness=False
    )
    keyed = price_rows(rows, FORMAT).with_columns(_now=rows["_now"])
    known = rows_of(Price, "key", keyed["key"]).select("key")
    fresh = keyed.join(known, on="key", how="anti", maintain_order="left")
    first = pl.int_range(pl.len()).over("variant_id") == 0
    fresh = fresh.filter(~(first & (pl.col("_now") == pl.col("amount_minor")).fill_null(False)))
    fresh = fresh.drop("_now").with_columns(id=next_ids(Price, fresh.height))
    insert(Price, fresh)
    tell_prices(fresh, run)
    return fresh.height


def _reconcile(run: ImportRun) -> None:
    """The file's money = orders − returns + rejected + fractions, exactly, or the run says no."""
    report = run.report
    orders, backs = (report.sums.get(name, Decimal(0)) for name in ("orders", "returns"))
    fractions = report.money.accepted - (orders - backs)
    report.sums["fractions below a minor unit, in no order"] = fractions
    half = Decimal(5).scaleb(-SCALE) * 10 ** (SCALE - 3)
    if abs(fractions) > half * max(report.rows_read, 1):
        raise ReconciliationError(f"The money does not add up: {fractions} is missing.")
