"""How fast the importer is beside raw loading of the same rows, in one run, round by round.

    python benchmarks/import_rate.py FILE [--rounds 3] [--rows N]

`file`: the file's rows into one bare table of text columns, no key and no index: COPY on PostgreSQL, one
executemany on SQLite. `tables`: every row that the import wrote, raw into the very tables it wrote
them to, with their indexes and constraints. Uses the test database of DATABASE_URL and leaves none.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import sys
import time
from itertools import islice
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

import polars as pl  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from shop import models as shop  # noqa: E402
from shop.importers.run import Options, import_file  # noqa: E402
from shop.importers.source import CsvSource  # noqa: E402

# Children last: the order in which rows can go in.
TABLES = [
    m._meta.db_table
    for m in (
        shop.Customer, shop.Product, shop.Variant, shop.Price, shop.Order, shop.OrderLine,
        shop.Return, shop.ReturnLine, shop.Event,
    )
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, help="only the first so many lines of the file")
    options = parser.parse_args()
    path = first_lines(options.file, options.rows) if options.rows else options.file
    rows = [one_round(path) for _ in range(options.rounds)]
    table = pl.DataFrame(rows)
    print(f"{connection.vendor}, {options.file.name}, {options.rounds} rounds, median (min–max)")
    for name in ("import", "file", "tables"):
        print(f"{name:8s} {_spread(table[f'{name}_rate'])} rows/s")
    for name in ("file", "tables"):
        print(f"import / {name:8s} {_spread(table['import_rate'] / table[f'{name}_rate'], 3)}")
    print(f"again    {_spread(table['again_rate'])} rows/s")


def first_lines(path: Path, lines: int) -> Path:
    """A shorter file under VAR_DIR."""
    short = settings.VAR_DIR / f"first-{lines}.csv"
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        short.write_text("".join(islice(file, lines + 1)))
    return short


def one_round(path: Path) -> dict[str, float]:
    """Raw, import, import again, raw: each round sees the same weather."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(settings.VAR_DIR / "benchmark.sqlite3")
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        raw_seconds, count = load_file(path)
        report = import_file("orders", path, format="online-retail", options=Options())
        again = import_file("orders", path, format="online-retail", options=Options())
        assert again.new == again.changed == 0
        written, tables_seconds = load_tables()
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
    return {
        "file_rate": count / raw_seconds,
        "import_rate": report.rows_read / report.seconds,
        "again_rate": again.rows_read / again.seconds,
        "tables_rate": written / tables_seconds * report.rows_read / written,
    }


def load_file(path: Path) -> tuple[float, int]:
    """Seconds to load the rows as text, and how many; reading the file is not counted."""
    source = CsvSource(path)
    columns = ", ".join(f"c{n} text" for n in range(len(source.header)))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE raw_rows ({columns})")
    if connection.vendor == "postgresql":
        text = path.read_bytes()
        text = gzip.decompress(text) if path.suffix == ".gz" else text
        seconds = _timed(lambda: _copy("raw_rows", text, "FORMAT csv, HEADER"))
    else:
        rows = pl.concat(source.frames()).select(source.header).rows()
        seconds = _timed(lambda: _executemany("raw_rows", rows))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM raw_rows")
        count = cursor.fetchone()[0]
        cursor.execute("DROP TABLE raw_rows")
    return seconds, count


def load_tables() -> tuple[int, float]:
    """Take out what the import wrote and put it back raw: rows and seconds."""
    saved = {table: _dump(table) for table in TABLES}
    _empty()

    def put_back() -> None:
        for table, rows in saved.items():
            if isinstance(rows, bytes):
                _copy(table, rows, "FORMAT csv")
            else:
                _executemany(table, rows)

    seconds = _timed(put_back)
    with connection.cursor() as cursor:
        total = 0
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            total += cursor.fetchone()[0]
    return total, seconds


def _dump(table: str) -> bytes | list[tuple]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            out = io.BytesIO()
            with cursor.copy(f"COPY {table} TO STDOUT (FORMAT csv)") as stream:
                for block in stream:
                    out.write(block)
            return out.getvalue()
        raw = connection.connection.cursor()
        rows = raw.execute(f"SELECT * FROM {table}").fetchall()
    return [tuple(str(v) if hasattr(v, "tzinfo") else v for v in row) for row in rows]


def _empty() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
            return
        cursor.execute("DROP TRIGGER shop_price_no_delete")
        for table in reversed(TABLES):
            cursor.execute(f"DELETE FROM {table}")


def _copy(table: str, text: bytes, options: str) -> None:
    copy = f"COPY {table} FROM STDIN ({options})"
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(copy) as stream:
        stream.write(text)


def _executemany(table: str, rows: list[tuple]) -> None:
    marks = ", ".join("?" * len(rows[0]))
    with transaction.atomic():
        connection.connection.cursor().executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _timed(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _spread(values: pl.Series, digits: int = 0) -> str:
    low, middle, high = values.min(), median(values), values.max()
    return f"{middle:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


if __name__ == "__main__":
    main()
