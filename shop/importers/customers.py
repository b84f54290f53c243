"""customers: who buys, and what they agreed to, one row each."""

from __future__ import annotations

import polars as pl

from shop.models import Consent, Customer, IdentifierKind, Purpose
from shop.models.customers import BIRTHDAY, known_time_zones
from shop.services.erased import erased_among

from .columns import checked, choice, code, email, moment, text, yes_no
from .registry import importer
from .run import Chunk
from .table import LINE
from .write import insert, rows_of, upsert

SOURCE = "import"


def known_time_zone(value: pl.Expr) -> pl.Expr:
    return value.is_in(sorted(known_time_zones()))


def is_birthday(value: pl.Expr) -> pl.Expr:
    return value.str.contains(BIRTHDAY)


COLUMNS = [
    code("customer_code", required=True, aliases=("customer_id",), about="The shop's own number."),
    email("email", about="Unique; empty where unknown."),
    text("phone", max_length=32, default=None),
    text("name", max_length=200, default=None),
    text("country", max_length=60, default=None),
    choice("language", ["en", "zh"], about="What to write in."),
    checked(
        "time_zone", known_time_zone, "is no time zone", about="Like Europe/London; empty: unknown."
    ),
    checked("birthday", is_birthday, "is no month and day", about="MM-DD; no year is kept."),
    text("push_token", max_length=255, default=None, about="Where her app receives messages."),
    moment("created_at", about="Since when a customer; now where empty."),
    *(
        yes_no(f"consent_{purpose}", about=f"Agreed to {Purpose(purpose).label}; empty: not asked.")
        for purpose in Purpose.values
    ),
    moment("consent_at", about="When the consents were given; now where empty."),
]
FIELDS = [
    "email", "phone", "name", "country", "language", "time_zone", "birthday", "push_token",
    "created_at",
]  # fmt: skip


@importer("customers", COLUMNS)
def load_customers(rows: pl.DataFrame, chunk: Chunk) -> None:
    rows = chunk.reject_repeated(rows, "customer_code")
    rows = reject_erased(rows, chunk)
    rows = _reject_taken_emails(rows, chunk)
    people = rows.select(pl.col("customer_code").alias("code"), *FIELDS)
    done = upsert(Customer, people, "code")
    ids = done.rows.select(pl.col("code").alias("customer_code"), customer_id=pl.col("id"))
    consents = _new_consents(rows.join(ids, on="customer_code"), chunk)
    insert(Consent, consents)
    spoke = set(consents["customer_id"]) - done.written
    chunk.count(
        new=done.new, changed=done.changed + len(spoke), unchanged=done.unchanged - len(spoke)
    )
    chunk.wrote("customers", done.new + done.changed)
    chunk.wrote("consents", consents.height)


def reject_erased(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """The other system's file still has her: it does not bring her back."""
    codes = rows["customer_code"].drop_nulls().unique().to_list()
    gone = list(erased_among(IdentifierKind.CODE, codes))
    return chunk.reject(
        rows, pl.col("customer_code").is_in(gone), "customer_code", "belonged to an erased customer"
    )


def _reject_taken_emails(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """An address belongs to one customer: the database says so, and so does this."""
    holders = rows_of(Customer, "email", rows["email"], ["code"])
    holders = holders.select("email", _holder=pl.col("code"))
    rows = rows.join(holders, on="email", how="left", maintain_order="left")
    taken = pl.col("_holder").is_not_null() & (pl.col("_holder") != pl.col("customer_code"))
    rows = chunk.reject(rows, taken.fill_null(False), "email", "belongs to another customer")
    twice = pl.col("email").is_not_null() & ~pl.col("email").is_first_distinct()
    return chunk.reject(rows, twice, "email", "belongs to another customer").drop("_holder")


def _new_consents(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """A word is added only where it differs from the latest one: the log is append-only."""
    names = [f"consent_{purpose}" for purpose in Purpose.values]
    said = rows.unpivot(names, index=[LINE, "customer_id", "consent_at"], value_name="granted")
    said = said.filter(pl.col("granted").is_not_null()).select(
        "customer_id",
        "granted",
        purpose=pl.col("variable").str.strip_prefix("consent_"),
        recorded_at=pl.col("consent_at").fill_null(chunk.run.started_at),
        source=pl.lit(SOURCE),
    )
    before = rows_of(
        Consent, "customer", said["customer_id"], ["purpose", "granted", "recorded_at"]
    )
    latest = (
        before.sort("recorded_at", "id")
        .unique(["customer_id", "purpose"], keep="last")
        .select("customer_id", "purpose", _granted=pl.col("granted"), _at=pl.col("recorded_at"))
    )
    joined = said.join(latest, on=["customer_id", "purpose"], how="left")
    news = pl.col("granted").ne_missing(pl.col("_granted"))
    later = pl.col("_at").is_null() | (pl.col("recorded_at") > pl.col("_at"))
    return joined.filter(news & later).drop("_granted", "_at")
