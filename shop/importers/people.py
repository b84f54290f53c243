"""Who a foreign file means, and what its yes and no are worth here."""

from __future__ import annotations

import polars as pl

from shop.models import Consent, Customer, Purpose

from .write import rows_of


def known_codes(rows: pl.DataFrame) -> pl.DataFrame:
    """A person whose code we do not know but whose address we do is the customer of that address."""
    known = rows_of(Customer, "code", rows["customer_code"])["code"].implode()
    holders = rows_of(Customer, "email", rows["email"], ["code"]).select("email", _holder="code")
    rows = rows.join(holders, on="email", how="left", maintain_order="left")
    theirs = ~pl.col("customer_code").is_in(known) & pl.col("_holder").is_not_null()
    code = pl.when(theirs).then("_holder").otherwise("customer_code")
    return rows.with_columns(customer_code=code).drop("_holder")


def only_real_words(rows: pl.DataFrame) -> pl.DataFrame:
    """Other systems write `no` for whoever never said a thing. Here a `no` is a word only where a
    `yes` was given before; nobody's silence becomes a refusal in the log."""
    people = rows_of(Customer, "code", rows["customer_code"]).rename({"id": "customer_id"})
    words = rows_of(Consent, "customer", people["customer_id"], ["purpose"])
    spoken = words.join(people, on="customer_id").select("code", "purpose").unique()
    for purpose in Purpose.values:
        name = f"consent_{purpose}"
        if name not in rows.columns:
            rows = rows.with_columns(pl.lit(None, pl.Boolean).alias(name))
        said = spoken.filter(pl.col("purpose") == purpose)["code"].implode()
        real = pl.col(name) | pl.col("customer_code").is_in(said)
        rows = rows.with_columns(pl.when(real).then(pl.col(name)).alias(name))
    missing = {
        "language": pl.String,
        "time_zone": pl.String,
        "birthday": pl.String,
        "push_token": pl.String,
        "created_at": pl.Datetime("us", "UTC"),
        "consent_at": pl.Datetime("us", "UTC"),
    }
    return rows.with_columns(
        pl.lit(None, dtype).alias(name)
        for name, dtype in missing.items()
        if name not in rows.columns
    )
