"""Orders of other systems: their lines, and the sums that stand on the first row of each.

An order comes in whole or not at all: half of one would be a wrong amount of money. So the file is
read twice, once to add up each order's lines and to find the rows that cannot be accepted, once to
write. A format brings the rows in these columns:

  number, placed_at, state, channel, country, email, name, customer_code, variant_id, text, units,
  unit_price and, on the first row of the order, subtotal, shipping, taxes, total, refunded (all money
  in minor units), refunded_at, discount_text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl
from django.conf import settings

from shop.models import Customer, LineKind, Return, ReturnLine
from shop.money import from_minor

from .columns import BIGGEST_MINOR
from .documents import ORDERS, Places, count_rows, write_documents
from .orders import channel_ids
from .platforms import Unmapped, hashed_code
from .run import Chunk, ImportRun
from .table import LINE
from .write import insert, next_ids, rows_of, upsert

HEAD = ("subtotal", "shipping", "taxes", "total", "refunded")
OTHER_ROW = "belongs to an order with a row that is rejected"
TOO_LITTLE = "is more than its lines: a row of this order is missing"
NO_TOTAL = "is missing on the first row of the order"
NO_DATE = "is missing on every row of the order"
REFUND = "Refund"

# What a format does: typed rows → rows with the columns above; which rows are wrong, and why.
Read = Callable[[pl.DataFrame], pl.DataFrame]
Wrong = list[tuple[pl.Expr, str, str]]


@dataclass
class Orders:
    """Per order: its first line, the sum of its lines, and why it is refused as a whole."""

    table: pl.DataFrame
    unmapped: Unmapped
    blamed: dict[str, str]  # reason → the file's column
    places: Places = field(default_factory=Places)
    accepted_minor: int = 0

    def accept(self, minor: int) -> None:
        self.accepted_minor += minor


def survey(run: ImportRun, read: Read, wrong: Wrong, *, total: str, date: str) -> Orders:
    """total, date: the columns of the file that hold what an order costs and when it was placed.

    What must be known of every order before its first line is written. A few bytes an order."""
    parts = []
    for _frame, checked in run.checked():
        rows = read(checked.typed)
        bad = pl.any_horizontal(condition.fill_null(False) for condition, *_why in wrong)
        refused = pl.col(LINE).is_in(checked.mistakes[LINE].implode()) | bad
        parts.append(
            rows.select(
                LINE, "number", "placed_at", *HEAD, items=_amount(), bad=refused.fill_null(False)
            ).filter(pl.col("number").is_not_null())
        )
    table = (
        pl.concat(parts or [_nothing()])
        .group_by("number")
        .agg(
            pl.col(LINE).min().alias("first_line"),
            pl.col("items").sum(),
            pl.col("bad").any(),
            *(pl.col(name).drop_nulls().first() for name in ("placed_at", *HEAD)),
        )
    )
    blamed = {OTHER_ROW: run.key, NO_DATE: date, NO_TOTAL: total, TOO_LITTLE: total}
    return Orders(table.with_columns(_why()), Unmapped(run), blamed)


def _amount() -> pl.Expr:
    return (pl.col("units") * pl.col("unit_price")).fill_null(0)


def _nothing() -> pl.DataFrame:
    schema = {"number": pl.String, LINE: pl.Int64, "items": pl.Int64, "bad": pl.Boolean}
    schema |= {"placed_at": pl.Datetime("us", "UTC")} | dict.fromkeys(HEAD, pl.Int64)
    return pl.DataFrame(schema=schema)


def _why() -> pl.Expr:
    short = pl.col("subtotal").fill_null(pl.col("items")) > pl.col("items")
    return (
        pl.when("bad")
        .then(pl.lit(OTHER_ROW))
        .when(pl.col("placed_at").is_null())
        .then(pl.lit(NO_DATE))
        .when(pl.col("total").is_null())
        .then(pl.lit(NO_TOTAL))
        .when(short)
        .then(pl.lit(TOO_LITTLE))
        .alias("why")
    )


def load(rows: pl.DataFrame, chunk: Chunk, wrong: Wrong) -> None:
    """rows: as read, of this chunk, without those that a column refused."""
    state: Orders = chunk.run.state
    state.unmapped.see(chunk)
    for condition, column, reason in wrong:
        rows = chunk.reject(rows, condition.fill_null(False), column, reason)
    rows = rows.drop("placed_at", *HEAD).join(
        state.table, on="number", how="left", maintain_order="left"
    )
    for reason, column in state.blamed.items():
        rows = chunk.reject(rows, (pl.col("why") == reason).fill_null(False), column, reason)
    rows = _with_customers(rows, chunk)
    rows = rows.join(channel_ids(rows), on="channel", how="left", maintain_order="left")
    written = write_documents(ORDERS, _lines(rows), chunk, state.places)
    _add_up(written, chunk)
    heads = rows.filter(pl.col(LINE) == pl.col("first_line"))
    accepted = heads.join(written.select(LINE), on=LINE, how="semi")["total"].sum()
    chunk.after.append(lambda: state.accept(int(accepted)))
    _write_refunds(rows, written, chunk)
    count_rows(written, chunk)


def _with_customers(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """By code, else by e-mail address; an address that nobody has becomes a customer of its own."""
    codes = rows_of(Customer, "code", rows["customer_code"])["code"].implode()
    emails = rows_of(Customer, "email", rows["email"])["email"].implode()
    known = pl.col("customer_code").is_in(codes).fill_null(False)
    known |= pl.col("email").is_in(emails).fill_null(False)
    who = pl.coalesce("email", "customer_code")
    new = rows.filter(~known & who.is_not_null()).group_by(who, maintain_order=True).agg(
        pl.col("customer_code").drop_nulls().first().alias("_code"),
        pl.col("email").alias("address").drop_nulls().first(),
        pl.col("name").drop_nulls().first(),
        pl.col("country").drop_nulls().first(),
        created_at=pl.col("placed_at").min(),
    )  # fmt: skip
    made = new["address"].map_elements(
        lambda email: hashed_code(chunk.run.importer.format, email), pl.String
    )
    new = new.select(
        "name", "country", "created_at", email="address", code=pl.coalesce("_code", made)
    )
    upsert(Customer, new.unique("code", keep="first", maintain_order=True), "code")
    chunk.wrote("customers", new.height)
    people = rows_of(Customer, "email", rows["email"]).select("email", by_email="id")
    fresh = rows_of(Customer, "code", rows["customer_code"]).select(
        customer_code="code", by_code="id"
    )
    rows = rows.join(fresh, on="customer_code", how="left", maintain_order="left")
    rows = rows.join(people, on="email", how="left", maintain_order="left")
    return rows.with_columns(customer_id=pl.coalesce("by_code", "by_email"))


def _lines(rows: pl.DataFrame) -> pl.DataFrame:
    """Every row's goods, and after the first row what the order as a whole adds or takes."""
    first = rows.filter(pl.col(LINE) == pl.col("first_line")).with_columns(
        shipping=pl.col("shipping").fill_null(0), taxes=pl.col("taxes").fill_null(0)
    )
    first = first.with_columns(
        subtotal=pl.col("subtotal").fill_null(
            pl.min_horizontal("items", pl.col("total") - pl.col("shipping"))
        )
    )
    rest = pl.col("total") - pl.col("subtotal") - pl.col("shipping")
    on_top = (rest != 0) & (pl.col("taxes") > 0)
    other = rest - pl.when(on_top).then("taxes").otherwise(0)
    first = first.with_columns(on_top=on_top, other=other)
    taxed = first.select("number", LINE, "taxes", "on_top")
    goods = rows.filter(pl.col("units").is_not_null()).with_columns(
        kind=pl.lit(LineKind.ITEM.value), rank=pl.lit(0)
    )
    parts = [
        goods.select(_wanted(goods)),
        *(part.select(_wanted(part)) for part in _charges(first)),
    ]
    lines = pl.concat(parts, how="vertical_relaxed").sort(LINE, "rank", maintain_order=True)
    return _with_tax(lines, taxed)


def _wanted(rows: pl.DataFrame) -> list[str]:
    return [
        LINE, "rank", "number", "customer_id", "channel_id", "state", "country", "placed_at",
        "variant_id", "text", "units", "unit_price", "kind",
    ]  # fmt: skip


def _charges(first: pl.DataFrame) -> list[pl.DataFrame]:
    """Shipping, the discount of the order, and what else its total holds (tips, duties)."""
    lessened = pl.col("subtotal") - pl.col("items")
    label = pl.col("discount_text").fill_null("")
    kinds = [
        (LineKind.SHIPPING, pl.col("shipping"), pl.lit(""), pl.col("shipping") > 0),
        (LineKind.DISCOUNT, lessened, label, lessened < 0),
        (LineKind.DISCOUNT, pl.col("other"), pl.lit("Other"), pl.col("other") < 0),
        (LineKind.FEE, pl.col("other"), pl.lit("Other charges"), pl.col("other") > 0),
    ]
    return [
        first.filter(there).with_columns(
            kind=pl.lit(kind.value),
            rank=pl.lit(rank),
            variant_id=pl.lit(None, pl.Int64),
            units=pl.lit(1, pl.Int64),
            unit_price=amount,
            text=text,
        )
        for rank, (kind, amount, text, there) in enumerate(kinds, 1)
    ]


def _with_tax(lines: pl.DataFrame, taxed: pl.DataFrame) -> pl.DataFrame:
    """These files tell the tax of the order, not of its lines: it stands on the first of them."""
    heads = taxed.select("number", "on_top")
    lines = lines.join(heads, on="number", how="left", maintain_order="left")
    lines = lines.join(
        taxed.select("number", LINE, "taxes"),
        on=["number", LINE],
        how="left",
        maintain_order="left",
    )
    first = pl.int_range(pl.len()).over("number", LINE) == 0
    return lines.with_columns(
        tax_minor=pl.when(first).then(pl.col("taxes").fill_null(0)).otherwise(0),
        prices_include_tax=~pl.col("on_top").fill_null(False),
        currency=pl.lit(settings.SHOP_CURRENCY),
        country=pl.col("country").fill_null(""),
        text=pl.col("text").fill_null(""),
        unit_price_minor=pl.col("unit_price"),
    )


def _add_up(written: pl.DataFrame, chunk: Chunk) -> None:
    """Orders as written, with tax where it is on top: to be the sum of the file's totals."""
    on_top = pl.when("prices_include_tax").then(0).otherwise("tax_minor")
    amount = written.select((pl.col("units") * pl.col("unit_price_minor") + on_top).sum()).item()
    chunk.add_up("orders", from_minor(int(amount or 0)))


def _write_refunds(rows: pl.DataFrame, written: pl.DataFrame, chunk: Chunk) -> None:
    """The files tell how much was given back in all: what is new of it becomes a return."""
    ids = written.unique("number", keep="first").select("number", "order_id")
    first = rows.filter(pl.col(LINE) == pl.col("first_line")).join(ids, on="number")
    first = first.filter(pl.col("refunded").fill_null(0) > 0)
    before = rows_of(Return, "order", first["order_id"], ["refund_minor"])
    sums = before.group_by("order_id").agg(pl.col("refund_minor").sum())
    first = first.join(sums, on="order_id", how="left", maintain_order="left")
    news = first.with_columns(
        refund_minor=pl.col("refunded") - pl.col("refund_minor").fill_null(0)
    ).filter(pl.col("refund_minor") > 0)
    number = pl.concat_str(pl.col("number").str.slice(0, 40), pl.lit("-refund-"), "refunded")
    news = news.with_columns(number=number, id=next_ids(Return, news.height))
    money = {"currency": pl.lit(settings.SHOP_CURRENCY), "reason": pl.lit(REFUND)}
    head = ("id", "number", "order_id", "customer_id", "refund_minor")
    at = pl.coalesce("refunded_at", "placed_at")
    insert(Return, news.select(*head, returned_at=at, is_history=pl.lit(True), **money))
    insert(ReturnLine, _refund_lines(news))
    chunk.wrote("returns", news.height)


def _refund_lines(news: pl.DataFrame) -> pl.DataFrame:
    return news.select(
        parent_id="id",
        position=pl.lit(1),
        kind=pl.lit(LineKind.FEE.value),
        text=pl.lit(REFUND),
        units=pl.lit(1),
        unit_refund_minor="refund_minor",
        total_minor="refund_minor",
    )


def tell(run: ImportRun) -> None:
    """At the end: what had no home, and whether the money is the file's, to the last unit."""
    state: Orders = run.state
    state.unmapped.tell(run)
    money = run.report.money
    money.read = from_minor(int(state.table["total"].sum() or 0))
    money.accepted = from_minor(state.accepted_minor)
    money.rejected = money.read - money.accepted
    money.unreadable_rows = state.table["total"].null_count()
    missing = money.accepted - run.report.sums.get("orders", Decimal(0))
    if missing:
        run.report.notes.append(f"the orders do not add up to the totals of the file by {missing}")


def too_much() -> pl.Expr:
    return (pl.col("units").cast(pl.Int128) * pl.col("unit_price")).abs() > BIGGEST_MINOR
