"""What the importers read: one frame per kind, with the columns that docs/import.md documents."""

from __future__ import annotations

import numpy as np
import polars as pl

from .catalogue import Catalogue
from .customers import CONSENTS, Customers
from .moments import moments
from .orders import (
    CANCEL_SECOND,
    DELIVERY_SECOND,
    RECEIPT_SECOND,
    RETURN_SECOND,
    SHIP_SECOND,
    Book,
    returned_lines,
)
from .phrases.advice import ARTICLES
from .phrases.goods import DEPARTMENTS, SHELVES, Shelf
from .prices import PricePaths
from .suppliers import Suppliers
from .world import World

PURCHASE_SECOND = 17 * 3600  # the buyer's evening, after the day's last parcel
MAIN_WAREHOUSE = "MAIN"
SIGN_UP_SECOND = 6 * 3600 + 3000  # before the first session of the day


def major(minor: pl.Expr, digits: int) -> pl.Expr:
    """Whole minor units as the exact decimal text of a CSV file."""
    if digits == 0:
        return minor.cast(pl.String)
    unit = 10**digits
    rest = (minor % unit).cast(pl.String).str.zfill(digits)
    return (minor // unit).cast(pl.String) + pl.lit(".") + rest


def product_frame(world: World, catalogue: Catalogue, paths: PricePaths) -> pl.DataFrame:
    """One row per SKU. No price: the price ledger is written whole, with its dates."""
    product = catalogue.product_idx
    frame = pl.concat(
        [catalogue.products[product], catalogue.skus.drop("product_idx")], how="horizontal"
    )
    names = {shelf.code: _category_path(shelf) for shelf in SHELVES}
    codes = frame["category_code"]
    frame = frame.with_columns(
        category=pl.Series([names[code][0] for code in codes]),
        category_zh=pl.Series([names[code][1] for code in codes]),
        cost_minor=pl.Series(paths.cost_minor),
        option=pl.concat_str("option", "option_zh", separator=" ").str.strip_chars(),
        created_at=moments(world, "launch_day", pl.lit(0)),
        state=pl.when("is_active").then(pl.lit("active")).otherwise(pl.lit("archived")),
        tracks_stock=pl.lit(True),
    ).with_columns(cost=major(pl.col("cost_minor"), world.minor_digits))
    return frame.select(
        "sku", "product_code", "name", "name_zh", "description", "description_zh", "brand",
        "category", "category_zh", "state", "tracks_stock", "cost", "barcode", "weight_g",
        "created_at", variant_name="option", **_attributes(),
    )  # fmt: skip


def _category_path(shelf: Shelf) -> tuple[str, str]:
    english, chinese = DEPARTMENTS[shelf.department]
    return f"{english} > {shelf.en}", f"{chinese} > {shelf.zh}"


def _attributes() -> dict[str, pl.Expr]:
    """What the make of a thing says about it depends on the shelf it stands on."""
    code = pl.col("category_code")
    leaf, scent = code.is_in(["green-white-tea", "dark-tea"]), code == "candles-scent"
    gift = code == "gift-sets"
    return {
        "attribute:grade": pl.when(leaf).then("make"),
        "attribute:scent": pl.when(scent).then("make"),
        "attribute:occasion": pl.when(gift).then("make"),
        "attribute:material": pl.when(~leaf & ~scent & ~gift).then("make"),
    }


def customer_frame(world: World, customers: Customers) -> pl.DataFrame:
    said = {f"consent_{purpose}": pl.col(purpose) for purpose in CONSENTS}
    return customers.frame.sort("customer_code").select(
        "customer_code",
        "email",
        "phone",
        "name",
        "country",
        "language",
        created_at=moments(world, "arrival_day", pl.lit(SIGN_UP_SECOND)),
        consent_at=moments(world, "arrival_day", pl.lit(SIGN_UP_SECOND)),
        **said,
    )


def supplier_frame(
    world: World, catalogue: Catalogue, suppliers: Suppliers, paths: PricePaths
) -> pl.DataFrame:
    """One row per SKU and its supplier, with what the supplier promises."""
    chosen = catalogue.supplier_idx[catalogue.product_idx]
    cost = pl.Series(paths.cost_minor)
    frame = pl.DataFrame(
        {
            "supplier_code": np.array(suppliers.code)[chosen],
            "name": np.array(suppliers.name)[chosen],
            "country": np.array(suppliers.country)[chosen],
            "lead_time_days": suppliers.promised_days[chosen],
            "sku": catalogue.skus["sku"],
            "moq": suppliers.moq_units[chosen],
            "pack_size": suppliers.pack_size[chosen],
            "cost_minor": cost,
        }
    )
    frame = frame.with_columns(
        unit_cost=major(pl.col("cost_minor"), world.minor_digits),
        email=pl.format("orders@{}.example.com", pl.col("supplier_code").str.to_lowercase()),
        currency=pl.lit(world.currency),
        review_period_days=pl.lit(7),
    )
    return frame.sort("supplier_code", "sku")


def purchase_frame(
    world: World, catalogue: Catalogue, suppliers: Suppliers, parts: tuple[Book, PricePaths]
) -> pl.DataFrame:
    """One row per supplier order line; what had not arrived on the last day is still awaited.

    A delivery that came short is closed: the rest never comes.
    """
    book, paths = parts
    arrived = pl.col("received_day") < world.days
    short = (pl.col("received_units") < pl.col("ordered_units")).any().over("number")
    lines = book.purchases.with_columns(
        cost_minor=pl.Series(paths.cost_minor[book.purchases["sku_idx"].to_numpy()]),
        supplier_code=pl.Series(suppliers.code).gather(book.purchases["supplier"]),
        promised=pl.Series(suppliers.promised_days).gather(book.purchases["supplier"]),
    )
    state = (
        pl.when(~arrived)
        .then(pl.lit("sent"))
        .when(short)
        .then(pl.lit("cancelled"))
        .otherwise(pl.lit("received"))
    )
    day = pl.lit(world.start) + pl.duration(days=pl.col("ordered_day") + pl.col("promised"))
    lines = lines.with_columns(
        state=state,
        sent_at=moments(world, "ordered_day", pl.lit(PURCHASE_SECOND)),
        expected_on=day.cast(pl.Date).cast(pl.String),
        received_at=pl.when(arrived).then(moments(world, "received_day", pl.lit(RECEIPT_SECOND))),
        received_units=pl.when(arrived).then(pl.col("received_units")),
        unit_cost=major(pl.col("cost_minor"), world.minor_digits),
    )
    return lines.select(
        "supplier_code", "state", "sent_at", "expected_on", "sku", "unit_cost", "received_units",
        "received_at", purchase_number="number", units="ordered_units",
        warehouse=pl.lit(MAIN_WAREHOUSE), currency=pl.lit(world.currency),
    )  # fmt: skip


def order_frame(
    world: World, catalogue: Catalogue, customers: Customers, book: Book
) -> pl.DataFrame:
    """One row per line, in order of placing; a shipping line where the order was small."""
    orders = book.orders.with_columns(
        customer_code=customers.frame["customer_code"].gather(book.orders["customer_idx"]),
        country=customers.frame["country"].gather(book.orders["customer_idx"]),
    )
    names = catalogue.products["name"].gather(catalogue.product_idx)
    options = catalogue.skus["option"]
    texts = [
        f"{name}, {option}" if option else name for name, option in zip(names, options, strict=True)
    ]
    items = book.lines.select(
        "order_idx",
        "position",
        "sku",
        "units",
        line_kind=pl.lit("item"),
        text=pl.Series(texts).gather(book.lines["sku_idx"]),
        unit_price_minor="unit_price_minor",
    )
    shipping = orders.filter(pl.col("shipping_minor") > 0).select(
        "order_idx",
        position=pl.lit(1000),
        units=pl.lit(1),
        line_kind=pl.lit("shipping"),
        text=pl.lit("Shipping"),
        unit_price_minor="shipping_minor",
    )
    lines = pl.concat([items, shipping], how="diagonal_relaxed").sort("order_idx", "position")
    lines = lines.with_columns(
        unit_price=major(pl.col("unit_price_minor"), world.minor_digits),
        channel=pl.when(pl.col("order_idx") % 10 < 3).then(pl.lit("app")).otherwise(pl.lit("web")),
    )
    return lines.join(
        orders.select(
            "order_idx", "order_number", "customer_code", "country", "placed_at", "state"
        ),
        on="order_idx",
        maintain_order="left",
    ).drop("order_idx", "position", "unit_price_minor")


def return_frame(world: World, customers: Customers, book: Book) -> pl.DataFrame:
    """One row per returned line: what came back, when, for how much."""
    back = returned_lines(world, book).join(
        book.orders.select("order_idx", "customer_idx"), on="order_idx", maintain_order="left"
    )
    back = back.sort("return_day", "order_idx", "sku_idx")
    reason = pl.when("defective").then(pl.lit("Faulty")).otherwise(pl.lit("Not wanted"))
    return back.select(
        "order_number",
        "sku",
        "returned_units",
        "restocked_units",
        "unit_price_minor",
        "position",
        return_number=pl.format("RT{}", pl.int_range(1, pl.len() + 1) + 2000),
        customer_code=customers.frame["customer_code"].gather(back["customer_idx"]),
        reason=reason,
        returned_at=moments(world, "return_day", pl.lit(RETURN_SECOND)),
    )


def knowledge_frame() -> pl.DataFrame:
    """The shop's help pages, both languages in one row."""
    names = ("code", "intent", "title", "body", "title_zh", "body_zh")
    return pl.DataFrame([dict(zip(names, article, strict=True)) for article in ARTICLES])


def transition_frame(world: World, book: Book) -> pl.DataFrame:
    """Each order's way through the shop: `order_number, from_state, to_state, at`."""
    shipped = pl.col("state").is_in(["shipped", "delivered"])
    steps = [
        ("placed", "paid", pl.lit(True), pl.col("day"), pl.col("placed_second") + 20),
        ("paid", "shipped", shipped, pl.col("ship_day"), pl.lit(SHIP_SECOND)),
        (
            "shipped",
            "delivered",
            pl.col("state") == "delivered",
            pl.col("delivery_day"),
            pl.lit(DELIVERY_SECOND),
        ),
        (
            "paid",
            "cancelled",
            pl.col("state") == "cancelled",
            pl.col("day") + 1,
            pl.lit(CANCEL_SECOND),
        ),
    ]
    return pl.concat(
        book.orders.filter(holds).select(
            "order_number",
            from_state=pl.lit(before),
            to_state=pl.lit(after),
            at=moments(world, day, second),
        )
        for before, after, holds, day, second in steps
    )
