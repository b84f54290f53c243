"""A simulated shop into the database: importers for what they read, the ledgers in bulk.

Everything up to the ledger can run twice. The ledger is posted last, in one transaction together
with the orders whose units it moved; a database that has it is finished.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db import connection, transaction

from shop.importers.registry import all_importers
from shop.importers.run import import_frames
from shop.importers.write import ids_of, insert, next_ids, rows_of
from shop.models import (
    Allocation,
    Channel,
    Customer,
    Order,
    OrderLine,
    OrderTransition,
    Price,
    Product,
    ProductImage,
    Return,
    ReturnLine,
    StockLevel,
    StockMovement,
    Variant,
    VisitorLink,
    Warehouse,
)

from .frames import MAIN_WAREHOUSE
from .moments import moments
from .shop import SimulatedShop
from .world import World

MAIN = (MAIN_WAREHOUSE, "Park Royal, London", "GB")
CHANNELS = {"web": "Web shop", "app": "App"}
NAMES = {
    "orders": "order lines",
    "purchase_orders": "purchase order lines",
    "suppliers": "SKUs of suppliers",
    "products": "SKUs",
}
KINDS = (
    "products", "suppliers", "purchase_orders", "customers", "orders", "events", "reviews", "knowledge", "tickets",
)  # fmt: skip
SOURCE = "simulated"
FOLDER = "products"
Step = tuple[str, Callable[[], int]]


class SimulatedShopError(Exception):
    """Why this shop cannot be filled; its text is one sentence for a person."""


@dataclass
class Loaded:
    seconds: dict[str, float] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)  # kinds that no app imports


@dataclass(frozen=True)
class Origin:
    """What a filled database says about where it came from."""

    world: str
    products: int
    customers: int
    days: int
    seed: int
    until: str

    @classmethod
    def of(cls, world: World) -> Origin:
        return cls(
            world.name,
            world.products,
            world.customers,
            world.days,
            world.seed,
            world.until.isoformat(),
        )

    @classmethod
    def read(cls, source: str) -> Origin:
        name, *sizes, until = source.removeprefix(f"{SOURCE}:").split(":")
        return cls(name, *map(int, sizes), until)

    def __str__(self) -> str:
        sizes = (self.products, self.customers, self.days, self.seed)
        return ":".join([SOURCE, self.world, *map(str, sizes), self.until])

    def is_same_but_for_the_day(self, other: Origin) -> bool:
        return str(self).rpartition(":")[0] == str(other).rpartition(":")[0]


def origin_of_database() -> Origin | None:
    """The price ledger names its source, and nobody can change it."""
    first = Price.objects.filter(source__startswith=f"{SOURCE}:").order_by("id").first()
    return Origin.read(first.source) if first else None


def is_finished() -> bool:
    return StockMovement.objects.filter(key__startswith=f"{SOURCE}:").exists()


def refuse_other_data(wanted: Origin) -> None:
    """Two worlds in one database would be neither. Raises SimulatedShopError."""
    there = origin_of_database()
    if there is None and Product.objects.exists():
        raise SimulatedShopError(
            "This database holds products that were not simulated; give simulate_shop an empty one."
        )
    if there is not None and not there.is_same_but_for_the_day(wanted):
        raise SimulatedShopError(
            f"This database holds another simulated shop ({there}); "
            "give simulate_shop an empty database."
        )


def load_shop(shop: SimulatedShop, say: Callable[[str], None] = lambda _step: None) -> Loaded:
    """Raises SimulatedShopError if the database holds other data or an importer refuses a row."""
    origin = Origin.of(shop.world)
    refuse_other_data(origin)
    known = {kind for kind, _format in all_importers()}
    loaded = Loaded(missing=[kind for kind in KINDS if kind not in known])
    for name, step in _steps(shop, origin, known):
        say(name)
        began = time.perf_counter()
        loaded.rows[name] = step()
        loaded.seconds[name] = round(time.perf_counter() - began, 2)
    return loaded


def _steps(shop: SimulatedShop, origin: Origin, known: set[str]) -> list[Step]:
    steps: list[Step] = [("channels", _load_channels), ("warehouses", _load_warehouse)]
    for kind in KINDS:
        if kind in known:
            read = partial(_import_kind, kind, shop.frames[kind])
            steps.append((NAMES.get(kind, kind), read))
        if kind == "products":
            steps.append(("prices", partial(_load_prices, shop, origin)))
            steps.append(("pictures", partial(_load_pictures, shop)))
        if kind == "events":
            steps.append(("visitor links", partial(_load_visitor_links, shop)))
    return [*steps, ("stock movements", partial(_post_ledger, shop))]


def _load_channels() -> int:
    for code, name in CHANNELS.items():
        Channel.objects.get_or_create(code=code, defaults={"name": name})
    return len(CHANNELS)


def _load_warehouse() -> int:
    code, name, country = MAIN
    Warehouse.objects.get_or_create(code=code, defaults={"name": name, "country": country})
    return 1


def _import_kind(kind: str, frame: pl.DataFrame) -> int:
    report = import_frames(kind, frame)
    if report.rejected:
        reasons = ", ".join(f"{why} ({count})" for why, count in report.reasons.most_common(3))
        raise SimulatedShopError(f"{report.rejected} simulated {kind} were refused: {reasons}.")
    return frame.height


def _load_prices(shop: SimulatedShop, origin: Origin) -> int:
    rows = shop.prices.with_columns(
        valid_from=moments(shop.world, "from_day", pl.lit(0)),
        valid_until=moments(shop.world, "until_day", pl.lit(0)),
        key=pl.format("{}:price:{}:{}:{}", pl.lit(SOURCE), "sku", "kind", "from_day"),
    )
    rows = rows.with_columns(
        source=pl.lit(str(origin)),
        currency=pl.lit(shop.world.currency),
        recorded_at=pl.col("valid_from"),
    )
    variants = ids_of(Variant, "sku", rows["sku"], named="variant_id")
    rows = rows.join(variants, on="sku", maintain_order="left")
    with transaction.atomic():
        known = rows_of(Price, "key", rows["key"])
        fresh = rows.join(known, on="key", how="anti", maintain_order="left")
        return insert(
            Price,
            fresh.select(
                "variant_id", "kind", "amount_minor", "currency", "valid_from", "valid_until",
                "source", "key", "recorded_at",
            ),
        )  # fmt: skip


def _load_pictures(shop: SimulatedShop) -> int:
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for code, svg in shop.pictures.items():
        path = folder / f"{code}.svg"
        if not path.exists() or path.read_text() != svg:
            path.write_text(svg)
    codes = pl.Series("code", list(shop.pictures))
    names = shop.frames["products"].select(
        pl.col("product_code").alias("code"), pl.col("name").alias("alt")
    )
    rows = ids_of(Product, "code", codes, named="product_id").join(names.unique("code"), on="code")
    rows = rows.sort("code").with_columns(file=pl.format(f"{FOLDER}/{{}}.svg", "code"))
    with transaction.atomic():
        known = rows_of(ProductImage, "file", rows["file"])
        fresh = rows.join(known, on="file", how="anti", maintain_order="left")
        return insert(ProductImage, fresh.select("product_id", "file", "alt"))


def _load_visitor_links(shop: SimulatedShop) -> int:
    """A browser on which somebody signed in is that customer's."""
    events = shop.frames["events"]
    links = (
        events.filter(pl.col("customer_code").is_not_null())
        .group_by("visitor", maintain_order=True)
        .agg(pl.col("customer_code").first(), pl.col("occurred_at").first().alias("linked_at"))
    )
    customers = ids_of(Customer, "code", links["customer_code"], named="customer_id")
    links = links.join(customers, left_on="customer_code", right_on="code", maintain_order="left")
    with transaction.atomic():
        known = rows_of(VisitorLink, "visitor", links["visitor"])
        fresh = links.join(known, on="visitor", how="anti", maintain_order="left")
        return insert(VisitorLink, fresh.select("visitor", "customer_id", "linked_at"))


def _post_ledger(shop: SimulatedShop) -> int:
    """Movements, the counters they add up to, and the orders they belong to: all or nothing."""
    with transaction.atomic():
        if is_finished():
            return 0
        warehouse = Warehouse.objects.get(code=MAIN_WAREHOUSE)
        variants = ids_of(Variant, "sku", shop.movements["sku"], named="variant_id")
        rows = shop.movements.join(variants, on="sku", maintain_order="left").drop("sku")
        rows = rows.with_columns(
            warehouse_id=pl.lit(warehouse.pk), recorded_at=pl.col("occurred_at")
        )
        posted = insert(StockMovement, rows)
        levels = rows.group_by("variant_id", "warehouse_id", maintain_order=True).agg(
            on_hand=pl.col("on_hand_delta").sum(), allocated=pl.col("allocated_delta").sum()
        )
        insert(StockLevel, levels)
        Variant.objects.filter(pk__in=variants["variant_id"].to_list()).update(tracks_stock=True)
        _adopt_orders(shop)
        _write_returns(shop)
        _write_allocations(warehouse)
        return posted


def _adopt_orders(shop: SimulatedShop) -> None:
    """Imported orders are history; these moved the ledger, so they can be shipped and cancelled."""
    numbers = shop.transitions["order_number"].unique(maintain_order=True)
    orders = ids_of(Order, "number", numbers, named="order_id")
    # refuse_other_data made sure that there is no other history; live orders are none.
    Order.objects.filter(is_history=True).update(is_history=False)
    steps = shop.transitions.join(
        orders, left_on="order_number", right_on="number", maintain_order="left"
    )
    insert(OrderTransition, steps.select("order_id", "from_state", "to_state", "at"))


def _write_returns(shop: SimulatedShop) -> None:
    """One return per line that came back, pointing at that line."""
    rows = _returned_order_lines(shop.returns).with_columns(
        id=next_ids(Return, shop.returns.height),
        currency=pl.lit(shop.world.currency),
        refund_minor=pl.col("returned_units") * pl.col("unit_price_minor"),
    )
    head = ("id", "number", "order_id", "customer_id", "currency", "refund_minor", "reason")
    insert(Return, rows.select(*head, "returned_at"))
    insert(
        ReturnLine,
        rows.select(
            "variant_id",
            "order_line_id",
            parent_id="id",
            position=pl.lit(1),
            units="returned_units",
            unit_refund_minor="unit_price_minor",
            total_minor="refund_minor",
        ),
    )


def _write_allocations(warehouse: Warehouse) -> None:
    """Which place gave the units of each line, and how far they are."""
    lines = OrderLine.objects.filter(order__is_history=False, variant__isnull=False).order_by("pk")
    columns = ("pk", "variant_id", "units", "order__state")
    rows = pl.DataFrame(
        list(lines.values_list(*columns)),
        schema=["order_line_id", "variant_id", "units", "state"],
        orient="row",
    )
    back = rows_of(ReturnLine, "order_line", rows["order_line_id"], ["units"])
    back = back.group_by("order_line_id").agg(pl.col("units").sum().alias("returned_units"))
    units, state = pl.col("units"), pl.col("state")
    rows = rows.join(back, on="order_line_id", how="left", maintain_order="left").with_columns(
        warehouse_id=pl.lit(warehouse.pk),
        shipped_units=pl.when(state.is_in(["shipped", "delivered"])).then(units).otherwise(0),
        cancelled_units=pl.when(state == "cancelled").then(units).otherwise(0),
        returned_units=pl.col("returned_units").fill_null(0),
    )
    insert(Allocation, rows.drop("state"))


def _returned_order_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds the database's ids of order, customer, variant and order line."""
    orders = rows_of(Order, "number", rows["order_number"], ["customer"])
    rows = rows.join(
        orders.rename({"id": "order_id", "number": "order_number"}),
        on="order_number",
        maintain_order="left",
    )
    variants = ids_of(Variant, "sku", rows["sku"], named="variant_id")
    lines = rows_of(OrderLine, "order", rows["order_id"], ["variant"])
    return (
        rows.join(variants, on="sku", maintain_order="left")
        .join(
            lines.rename({"id": "order_line_id"}),
            on=["order_id", "variant_id"],
            maintain_order="left",
        )
        .rename({"return_number": "number"})
    )


def database_name() -> str:
    return "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
