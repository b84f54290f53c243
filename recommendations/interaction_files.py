"""Read a CSV of anybody's interactions: `customer_id,product_id[,weight][,timestamp]`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from recommendations.ml.interactions import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUIRED = ("customer_id", "product_id")
# Epoch figures above these are milli-, micro- and nanoseconds: as seconds, the year 5138 and on.
EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
TIME_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")


class UnusableFileError(Exception):
    """The file cannot be read as interactions; the text is the whole message for a person."""


@dataclass(frozen=True)
class InteractionFile:
    """Clean rows as strings, and how many rows were left out for which reason."""

    frame: pl.DataFrame
    rows_read: int
    bad_rows: dict[str, int]
    has_time: bool


def read_interactions(path: str | Path) -> InteractionFile:
    """Columns customer_id, product_id (str), weight (f32), at (f64 epoch seconds, maybe null).

    A byte-order mark, comma, semicolon or tab, and gzip are understood. A missing weight is 1.
    Raises UnusableFileError when nothing can be learned from the file.
    """
    raw = _read(Path(path))
    rows_read = raw.height
    timed = "timestamp" in raw.columns and raw["timestamp"].str.strip_chars().ne("").any()
    parsed = raw.select(
        pl.col("customer_id").str.strip_chars(),
        pl.col("product_id").str.strip_chars(),
        weight=_weight(raw),
        at=_seconds(raw["timestamp"]) if timed else pl.lit(None, dtype=pl.Float64),
    )
    reason = (
        pl.when(pl.col("customer_id").fill_null("") == "").then(pl.lit("no customer_id"))
        .when(pl.col("product_id").fill_null("") == "").then(pl.lit("no product_id"))
        .when(pl.col("weight").is_null()).then(pl.lit("weight is not a positive number"))
    )  # fmt: skip
    if timed:
        reason = reason.when(pl.col("at").is_null()).then(pl.lit("timestamp not understood"))
    parsed = parsed.with_columns(reason=reason)
    bad = parsed.drop_nulls("reason").group_by("reason").len().sort("reason")
    good = parsed.filter(pl.col("reason").is_null()).drop("reason")
    if not good.height:
        raise UnusableFileError(f"{path}: none of its {rows_read} rows can be used.")
    return InteractionFile(good, rows_read, dict(bad.iter_rows()), bool(timed))


def as_rows(files: Sequence[InteractionFile]) -> tuple[list[Rows], np.ndarray, np.ndarray]:
    """The files' rows under one numbering, with the customer and product ids behind it.

    Times are kept only if every file has them.
    """
    frame = pl.concat([file.frame for file in files])
    customers, user = _numbered(frame["customer_id"])
    products, item = _numbered(frame["product_id"])
    timed = all(file.has_time for file in files)
    every = Rows(
        user,
        item,
        frame["weight"].to_numpy().astype(np.float32),
        frame["at"].to_numpy() if timed else None,
        len(customers),
        len(products),
    )
    ends = np.cumsum([file.frame.height for file in files])
    parts = [
        every.take(np.arange(end - file.frame.height, end))
        for file, end in zip(files, ends, strict=True)
    ]
    return parts, customers, products


def _numbered(ids: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """The distinct ids in order, and for every row the place of its id among them."""
    codes = ids.rank("dense").to_numpy().astype(np.int64) - 1
    return ids.unique().sort().to_numpy(), codes


def _read(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise UnusableFileError(f"{path}: there is no such file.")
    try:
        frame = pl.read_csv(
            path,
            separator=_separator(path),
            infer_schema=False,
            encoding="utf8-lossy",
            truncate_ragged_lines=True,
        ).fill_null("")
    except (pl.exceptions.PolarsError, OSError, EOFError) as error:
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnusableFileError(f"{path}: cannot be read as CSV ({first_line}).") from error
    frame = frame.rename(
        {name: name.strip().strip("\ufeff").lower() for name in frame.columns}, strict=False
    )
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise UnusableFileError(
            f"{path}: column {' and '.join(missing)} is missing;"
            f" found {', '.join(frame.columns) or 'no columns'}."
        )
    return frame


def _separator(path: Path) -> str:
    """Of comma, tab and semicolon the one that the header holds most of."""
    import gzip

    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        header = file.readline(65_536)
    return max((",", "\t", ";"), key=lambda mark: header.count(mark.encode()))


def _weight(raw: pl.DataFrame) -> pl.Expr:
    """Positive and finite, else null; 1 where nothing stands."""
    if "weight" not in raw.columns:
        return pl.lit(1.0, dtype=pl.Float64)
    text = pl.col("weight").str.strip_chars()
    number = text.cast(pl.Float64, strict=False)
    usable = number.is_finite() & (number > 0)
    return pl.when(text.fill_null("") == "").then(1.0).when(usable).then(number)


def _seconds(text: pl.Series) -> pl.Series:
    """Epoch figures in any unit, or ISO 8601 (a time without an offset is taken as UTC)."""
    text = text.str.strip_chars()
    number = text.cast(pl.Float64, strict=False)
    if number.is_not_null().sum() * 2 >= text.ne("").sum():
        median = number.abs().median()
        size = median if isinstance(median, float) else 0.0
        unit = next((unit for limit, unit in EPOCH_UNITS if size > limit), 1.0)
        finite = number.is_finite()
        return (number / unit).zip_with(finite.fill_null(False), number.clear(len(number)))
    offset = text.str.extract(r"\d{2}:\d{2}.*?([+-]\d{2}:?\d{2})$").fill_null("+00:00")
    local = text.str.replace(r"(\d{2}:\d{2}.*?)(?:Z|[+-]\d{2}:?\d{2})$", "$1").str.replace("T", " ")
    sign = offset.str.starts_with("-").cast(pl.Float64) * -2 + 1
    digits = offset.str.replace(":", "").str.slice(1)
    away = (
        digits.str.slice(0, 2).cast(pl.Float64) * 3600 + digits.str.slice(2).cast(pl.Float64) * 60
    )
    frame = pl.DataFrame({"local": local}).select(
        pl.coalesce(
            pl.col("local").str.to_datetime(format, time_unit="us", strict=False)
            for format in TIME_FORMATS
        )
        .dt.epoch("us")
        .cast(pl.Float64)
        .alias("at")
    )
    return frame["at"] / 1e6 - sign * away
