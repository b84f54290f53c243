"""Orders, returns and the stock ledger, told from the days of trading."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from .catalogue import Catalogue
from .moments import moments
from .prices import PricePaths
from .sessions import Sessions
from .trading import Ledger, Shelf
from .world import World

OPENING_SECOND = 5 * 3600
RECEIPT_SECOND = 6 * 3600
CANCEL_SECOND = 6 * 3600 + 1800
RETURN_SECOND = 6 * 3600 + 2700
SHIP_SECOND = 15 * 3600
DELIVERY_SECOND = 13 * 3600
SHRINKAGE_SECOND = 23 * 3600
FREE_SHIPPING_FROM = 40.0  # in pounds, scaled like prices
SHIPPING_FEE = 3.95


@dataclass(frozen=True)
class Book:
    """`lines` one row per order and SKU, `orders` one per order, both in order of placing."""

    orders: pl.DataFrame
    lines: pl.DataFrame
    purchases: pl.DataFrame  # supplier order lines


def make_book(
    world: World, catalogue: Catalogue, paths: PricePaths, sessions: Sessions, ledger: Ledger
) -> Book:
    lines = _sold_lines(ledger)
    session = lines["session"].to_numpy()
    sku = lines["sku_idx"].to_numpy()
    day = sessions.day[session]
    lines = lines.with_columns(
        sku=catalogue.skus["sku"][sku],
        unit_price_minor=pl.Series(paths.price_minor[sku, day]),
        list_price_minor=pl.Series(paths.list_minor[sku, day]),
        placed_second=pl.Series(sessions.placed_second[session]),
        day=pl.Series(day),
    ).sort("day", "placed_second", "session", "sku_idx")
    lines = lines.with_columns(
        order_idx=(pl.col("session").rle_id()).cast(pl.Int64),
        position=pl.int_range(1, pl.len() + 1).over("session"),
    ).with_columns(order_number=pl.format("TH{}", pl.col("order_idx") + 100_001))
    return Book(_orders(world, lines, sessions), lines, _purchases(catalogue, ledger))


def _sold_lines(ledger: Ledger) -> pl.DataFrame:
    units = pl.col("units")
    joined = ledger.joined("lines")
    frame = pl.DataFrame({("sku_idx" if k == "sku" else k): v for k, v in joined.items()})
    return frame.filter(units > 0).with_columns(
        returned_units=pl.when("returned").then(units).otherwise(0),
        restocked_units=pl.when("restocked").then(units).otherwise(0),
    )


def _orders(world: World, lines: pl.DataFrame, sessions: Sessions) -> pl.DataFrame:
    scale = 10**world.minor_digits
    fee, free_from = round(SHIPPING_FEE * scale), round(FREE_SHIPPING_FROM * scale)
    orders = lines.group_by("order_idx", maintain_order=True).agg(
        pl.col("order_number", "session", "day", "placed_second", "cancelled").first(),
        goods_minor=(pl.col("units") * pl.col("unit_price_minor")).sum(),
    )
    session = orders["session"].to_numpy()
    shipped = sessions.day[session] + sessions.ship_days[session]
    orders = orders.with_columns(
        customer_idx=pl.Series(sessions.customer_idx[session]),
        ship_day=pl.Series(shipped),
        delivery_day=pl.Series(shipped + sessions.transit_days[session]),
        late=pl.Series(sessions.transit_days[session] > 5),
        shipping_minor=pl.when(pl.col("goods_minor") < free_from).then(fee).otherwise(0),
        placed_at=moments(world, "day", "placed_second"),
    )
    last = world.days - 1
    state = (
        pl.when(pl.col("cancelled") & (pl.col("day") < last))
        .then(pl.lit("cancelled"))
        .when(pl.col("ship_day") > last)
        .then(pl.lit("paid"))
        .when(pl.col("delivery_day") > last)
        .then(pl.lit("shipped"))
        .otherwise(pl.lit("delivered"))
    )
    return orders.with_columns(state=state)


def _purchases(catalogue: Catalogue, ledger: Ledger) -> pl.DataFrame:
    """Supplier orders, numbered by day and supplier."""
    frame = pl.DataFrame(
        {("sku_idx" if k == "sku" else k): v for k, v in ledger.joined("purchases").items()}
    ).sort("ordered_day", "supplier", "sku_idx")
    number = pl.struct("ordered_day", "supplier").rle_id() + 1
    return frame.with_columns(
        sku=catalogue.skus["sku"][frame["sku_idx"].to_numpy()],
        number=pl.format("PO-{}", number.cast(pl.String).str.zfill(5)),
    )


def stock_movements(
    world: World, catalogue: Catalogue, book: Book, ledger: Ledger, shelf: Shelf
) -> pl.DataFrame:
    """The whole ledger in order of time: `sku, kind, on_hand_delta, allocated_delta, reference,
    reason, key, occurred_at`. Its running sum never shows fewer than 0 available."""
    pieces = [
        _opening(catalogue, shelf),
        _receipts(world, book),
        *_order_movements(world, book),
        _returns(world, book),
        _shrinkage(catalogue, ledger),
    ]
    frame = pl.concat(pieces, how="diagonal_relaxed").with_columns(
        pl.col("on_hand_delta", "allocated_delta").fill_null(0), pl.col("reason").fill_null("")
    )
    return (
        frame.with_columns(occurred_at=moments(world, "day", "second"))
        .sort("day", "second", "key")
        .select(
            "sku", "kind", "on_hand_delta", "allocated_delta",
            "reference", "reason", "key", "occurred_at",
        )
    )  # fmt: skip


def _opening(catalogue: Catalogue, shelf: Shelf) -> pl.DataFrame:
    return catalogue.skus.select("sku").with_columns(
        day=pl.Series(catalogue.launch_day[catalogue.product_idx]),
        second=pl.lit(OPENING_SECOND),
        kind=pl.lit("receive"),
        on_hand_delta=pl.Series(shelf.opening),
        reference=pl.lit("opening"),
        key=pl.format("simulated:opening:{}", "sku"),
    )


def _receipts(world: World, book: Book) -> pl.DataFrame:
    return book.purchases.filter(pl.col("received_day") < world.days).select(
        "sku",
        day="received_day",
        second=pl.lit(RECEIPT_SECOND),
        kind=pl.lit("receive"),
        on_hand_delta="received_units",
        reference=pl.format("po:{}", "number"),
        key=pl.format("simulated:receive:{}:{}", "number", "sku"),
    )


def _order_movements(world: World, book: Book) -> list[pl.DataFrame]:
    lines = book.lines.join(book.orders.select("order_idx", "ship_day", "state"), on="order_idx")
    reference = pl.format("order:{}", "order_number")

    def piece(kind: str, rows: pl.DataFrame, day, second, **deltas) -> pl.DataFrame:
        key = pl.format("simulated:{}:{}:{}", pl.lit(kind), "order_number", "sku")
        return rows.select(
            "sku",
            day=day,
            second=second,
            kind=pl.lit(kind),
            **deltas,
            reference=reference,
            key=key,
        )

    units = pl.col("units")
    cancelled = lines.filter(pl.col("state") == "cancelled")
    shipped = lines.filter(pl.col("state").is_in(["shipped", "delivered"]))
    return [
        piece("allocate", lines, pl.col("day"), pl.col("placed_second"), allocated_delta=units),
        piece(
            "cancel", cancelled, pl.col("day") + 1, pl.lit(CANCEL_SECOND), allocated_delta=-units
        ),
        piece(
            "consume",
            shipped,
            pl.col("ship_day"),
            pl.lit(SHIP_SECOND),
            on_hand_delta=-units,
            allocated_delta=-units,
        ),
    ]


def returned_lines(world: World, book: Book) -> pl.DataFrame:
    """Lines that came back inside the window, one row each, with the day."""
    return book.lines.filter(
        (pl.col("returned_units") > 0) & (pl.col("return_day") < world.days) & ~pl.col("cancelled")
    )


def _returns(world: World, book: Book) -> pl.DataFrame:
    return (
        returned_lines(world, book)
        .filter(pl.col("restocked_units") > 0)
        .select(
            "sku",
            day="return_day",
            second=pl.lit(RETURN_SECOND),
            kind=pl.lit("return"),
            on_hand_delta="restocked_units",
            reference=pl.format("order:{}", "order_number"),
            key=pl.format("simulated:return:{}:{}", "order_number", "sku"),
        )
    )


def _shrinkage(catalogue: Catalogue, ledger: Ledger) -> pl.DataFrame:
    lost = ledger.joined("shrinkage")
    return pl.DataFrame(
        {"sku": catalogue.skus["sku"][lost["sku"]], "day": lost["day"]}
    ).with_columns(
        second=pl.lit(SHRINKAGE_SECOND),
        kind=pl.lit("adjust"),
        on_hand_delta=pl.lit(-1),
        reference=pl.lit("count"),
        reason=pl.lit("Missing at the shelf count"),
        key=pl.format("simulated:adjust:{}:{}", "sku", "day"),
    )
