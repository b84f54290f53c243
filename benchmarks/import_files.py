"""Files of any length for the importer, the same for the same seed, with one bad row in a hundred.

    python benchmarks/import_files.py orders 1000000 FILE.csv

Written in parts, so that a file of a gigabyte needs no gigabyte. What each bad row breaks goes round:
an unknown key, a missing key, a number that is none, a date that is none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

PART_ROWS = 50_000
SKUS, CUSTOMERS, WAREHOUSES = 100_000, 100_000, 10
BAD_EVERY = 100
EPOCH_S = 1_735_689_600  # 2025-01-01
YEAR_S = 365 * 86_400

Part = dict[str, "np.ndarray | pl.Series"]


def write_file(kind: str, rows: int, path: Path, seed: int = 7) -> int:
    """Returns how many rows are bad."""
    bad = 0
    with path.open("wb") as file:
        for first, part in _parts(kind, rows, seed):
            frame, broken = _break(pl.DataFrame(part), first, *BREAKS[kind])
            frame.write_csv(file, include_header=first == 0)
            bad += broken
    return bad


def _parts(kind: str, rows: int, seed: int) -> Iterator[tuple[int, Part]]:
    random = np.random.default_rng(seed)
    for first in range(0, rows, PART_ROWS):
        places = np.arange(first, min(first + PART_ROWS, rows))
        yield first, MAKERS[kind](places, random)


def _break(frame: pl.DataFrame, first: int, key: str, number: str, at: str):
    """Every hundredth row in turn: unknown key, no key, no number, no date."""
    place = pl.int_range(first, first + frame.height, eager=True)
    is_bad, turn = place % BAD_EVERY == 42, place // BAD_EVERY % 4
    wrong = {key: ("no such key", 0), number: ("12 pcs", 2), at: ("31/31/2026", 3)}
    frame = frame.with_columns(
        pl.when(pl.lit(is_bad & (turn == when)))
        .then(pl.lit(text))
        .otherwise(pl.col(name).cast(pl.String))
        .alias(name)
        for name, (text, when) in wrong.items()
    ).with_columns(pl.when(pl.lit(is_bad & (turn == 1))).then(pl.lit("")).otherwise(key).alias(key))
    return frame, int(is_bad.sum())


def _codes(letter: str, numbers: np.ndarray, digits: int = 6) -> pl.Series:
    return pl.lit(letter) + pl.Series(numbers).cast(pl.String).str.zfill(digits)


def _coded(**columns) -> Part:
    frame = pl.select(**columns)
    return {name: frame[name] for name in frame.columns}


def _times(random: np.random.Generator, count: int) -> pl.Series:
    seconds = pl.Series(EPOCH_S + random.integers(0, YEAR_S, count))
    return pl.from_epoch(seconds, time_unit="s").dt.strftime("%Y-%m-%d %H:%M:%S")


def _cents(random: np.random.Generator, count: int, high: int = 20_000) -> pl.Series:
    return (pl.Series(random.integers(100, high, count)) / 100).round(2)


def stock(places: np.ndarray, random: np.random.Generator) -> Part:
    count = len(places)
    return _coded(
        sku=_codes("S", places // WAREHOUSES % SKUS),
        warehouse=_codes("W", places % WAREHOUSES, 2),
        on_hand=pl.Series(random.integers(1, 500, count)),
        counted_at=_times(random, count),
    )


def products(places: np.ndarray, random: np.random.Generator) -> Part:
    """Four variants a product."""
    count = len(places)
    product = _codes("P", places // 4, 7)
    return _coded(
        sku=_codes("N", places, 7),
        product_code=product,
        name=pl.lit("Green tea no. ") + pl.Series(places // 4).cast(pl.String),
        variant_name=_codes("size ", places % 4, 1),
        brand=_codes("Brand ", places // 4 % 50, 3),
        category=pl.lit("Food > Tea > Kind ") + pl.Series(places // 400 % 50).cast(pl.String),
        list_price=_cents(random, count),
        price_from=_times(random, count),
        cost=_cents(random, count, 9_000),
        weight_g=pl.Series(random.integers(10, 5_000, count)),
    )


def customers(places: np.ndarray, random: np.random.Generator) -> Part:
    count = len(places)
    number = pl.Series(places).cast(pl.String)
    return _coded(
        customer_code=_codes("K", places, 7),
        email=pl.lit("person") + number + pl.lit("@example.com"),
        name=pl.lit("Person ") + number,
        country=pl.Series(np.array(["GB", "DE", "FR", "CN"])[random.integers(0, 4, count)]),
        created_at=_times(random, count),
        consent_marketing_email=pl.Series(
            np.array(["yes", "no", ""])[random.integers(0, 3, count)]
        ),
        consent_at=_times(random, count),
    )


def orders(places: np.ndarray, random: np.random.Generator) -> Part:
    """Three lines an order."""
    count, order = len(places), places // 3
    placed = pl.from_epoch(pl.Series(EPOCH_S + order * 31 % YEAR_S), time_unit="s")
    return _coded(
        order_number=_codes("O", order, 7),
        placed_at=placed.dt.strftime("%Y-%m-%d %H:%M:%S"),
        customer_code=_codes("C", order * 7919 % CUSTOMERS),
        country=pl.lit("GB"),
        sku=_codes("S", random.integers(0, SKUS, count)),
        text=pl.lit("Green tea, 250 g"),
        units=pl.Series(random.integers(1, 6, count)),
        unit_price=_cents(random, count),
    )


def events(places: np.ndarray, random: np.random.Generator) -> Part:
    count = len(places)
    kinds = np.array(["view", "view", "view", "cart_add", "click", "impression"])
    return _coded(
        event_id=_codes("e-", places, 9),
        kind=pl.Series(kinds[random.integers(0, len(kinds), count)]),
        occurred_at=_times(random, count),
        session=_codes("s", places // 8, 8),
        visitor=_codes("v", places // 40, 7),
        customer_code=pl.when(pl.Series(places % 3 == 0)).then(
            _codes("C", random.integers(0, CUSTOMERS, count))
        ),
        sku=_codes("S", random.integers(0, SKUS, count)),
        consent=pl.lit("yes"),
    )


MAKERS: dict[str, Callable[[np.ndarray, np.random.Generator], Part]] = {
    "stock": stock,
    "products": products,
    "customers": customers,
    "orders": orders,
    "events": events,
}
# The key, the number and the date that bad rows get wrong.
BREAKS = {
    "stock": ("sku", "on_hand", "counted_at"),
    "products": ("sku", "weight_g", "price_from"),
    "customers": ("customer_code", "email", "created_at"),
    "orders": ("sku", "units", "placed_at"),
    "events": ("event_id", "sku", "occurred_at"),
}


if __name__ == "__main__":
    kind, rows, path = sys.argv[1:]
    print(f"{write_file(kind, int(rows), Path(path)):,} of {int(rows):,} rows are bad")
