"""evidence: documents and the sentences that they prove, one row per document and per sentence;
acquisition_costs: what was paid to win customers, one row per month and channel. Tiers: tier_files.py."""

from __future__ import annotations

from collections import defaultdict

import polars as pl

from marketing.models import AcquisitionCost, ClaimKind, EvidenceState
from marketing.services.content.evidence_shelf import RefusedRowError, Shelf
from marketing.tier_files import load_tiers
from shop.importers.columns import (
    checked,
    choice,
    code,
    day,
    moment,
    money,
    text,
    whole,
    yes_no,
)
from shop.importers.registry import importer
from shop.importers.run import Chunk
from shop.importers.table import LINE
from shop.importers.write import ids_of, rows_of, upsert
from shop.models import Channel, Variant

__all__ = ["load_acquisition_costs", "load_evidence", "load_tiers"]

ADDRESS = r"^https?://[^\s]{1,190}$"
COLUMNS = [
    code("code", required=True, about="The document's own name; its revisions share it."),
    whole("revision", low=1, high=32_767, about="1 where empty."),
    text("title", max_length=200, default=None, about="A new document needs it."),
    checked(
        "url",
        lambda value: value.str.contains(ADDRESS),
        "is no http address of at most 200 characters",
        about="A new document needs it, or a file.",
    ),
    text(
        "file", max_length=100, default=None,
        about="One that lies below VAR_DIR/evidence, such as 2026/03/report.pdf.",
    ),
    text("excerpt", max_length=4_000, default=None, about="The words that prove it; needed too."),
    day("valid_from", about="A new document needs it."),
    day("valid_until", about="The last day; no end where empty."),
    choice("state", EvidenceState.values, about="pending where empty; moves onwards only."),
    yes_no("keeps_uses", about="Proves what the revision before it proves; no for a new one."),
    moment("added_at", about="Of a new document; now where empty."),
    moment("decided_at", about="When it was approved or withdrawn; now where empty."),
    text("sentence", max_length=500, default=None, about="One that it proves, word for word."),
    choice("kind", ClaimKind.values, about="Of the sentence, which needs it."),
    choice("language", ["en", "zh"], about="Of the sentence, which needs it."),
    code("sku", about="Any of the product that the sentence is about; empty: of the shop."),
    moment("attached_at", about="Of a new sentence; now where empty."),
]  # fmt: skip


@importer("evidence", COLUMNS)
def load_evidence(rows: pl.DataFrame, chunk: Chunk) -> None:
    """A document that was decided on is never changed by a file: it gets the next revision.

    Approving and withdrawing go through the services of the back office: live copy is pulled in the
    transaction of the chunk. The same file again changes nothing.
    """
    rows = _known(rows.with_columns(pl.col("revision").fill_null(1)), chunk)
    keys = rows.select(pl.concat_str("code", "revision", separator="/")).to_series()
    rows = rows.with_columns(_first=chunk.first_time(keys))
    shelf, refused = Shelf(rows["code"].unique().to_list()), defaultdict(list)
    came = {"new": 0, "changed": 0, "unchanged": 0}
    for row in rows.iter_rows(named=True):
        try:
            came[shelf.take(row)] += 1
        except RefusedRowError as error:
            refused[error.args].append(row[LINE])
    for (column, reason), lines in refused.items():
        rows = chunk.reject(rows, pl.col(LINE).is_in(lines), column, reason)
    chunk.count(**came)
    chunk.wrote("evidence documents", shelf.documents)
    chunk.wrote("proven sentences", shelf.sentences)


def _known(rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
    """A sentence is whole or not there, and about a product of the shop."""
    products = rows_of(Variant, "sku", rows["sku"], ["product"]).select("sku", "product_id")
    rows = rows.join(products, on="sku", how="left", maintain_order="left")
    stranger = pl.col("sku").is_not_null() & pl.col("product_id").is_null()
    rows = chunk.reject(rows, stranger, "sku", "is no SKU of the shop")
    said = pl.col("sentence").is_not_null()
    for name in ("kind", "language"):
        rows = chunk.reject(rows, said & pl.col(name).is_null(), name, "is missing")
    about = pl.any_horizontal(pl.col("kind", "language", "sku", "attached_at").is_not_null())
    return chunk.reject(rows, ~said & about, "sentence", "is missing")


COSTS = [
    day("month", required=True, about="Any day of it."),
    code("channel", max_length=32, about="Its code; empty: of no channel in particular."),
    money("amount", required=True, about="What was paid to win customers, in the shop's currency."),
    text("source", max_length=200, about="Where the figure comes from."),
]  # fmt: skip


@importer("acquisition_costs", COSTS)
def load_acquisition_costs(rows: pl.DataFrame, chunk: Chunk) -> None:
    """A later file replaces what an earlier one said of a month and channel."""
    rows = rows.with_columns(
        month=pl.col("month").dt.truncate("1mo"),
        key=pl.concat_str(
            pl.col("month").dt.strftime("%Y-%m"),
            pl.col("channel"),
            separator="/",
            ignore_nulls=True,
        ),
    )
    first = chunk.first_time(rows["key"])
    rows = chunk.reject(
        rows.with_columns(_first=first), ~pl.col("_first"), "month", "is repeated for this channel"
    ).drop("_first")
    ways = ids_of(Channel, "code", rows["channel"], named="channel_id")
    rows = rows.join(ways, left_on="channel", right_on="code", how="left", maintain_order="left")
    stranger = pl.col("channel").is_not_null() & pl.col("channel_id").is_null()
    rows = chunk.reject(rows, stranger, "channel", "is no channel of the shop")
    columns = ["month", "channel_id", pl.col("amount").alias("amount_minor"), "source"]
    done = upsert(AcquisitionCost, rows.select("key", *columns), "key")
    chunk.count(new=done.new, changed=done.changed, unchanged=done.unchanged)
    chunk.wrote("acquisition costs", done.new + done.changed)
