"""How fast the importer is beside raw loading of the same rows, in one run, round by round.

    python benchmarks/import_rate.py [KIND …] [--rows 100000] [--rounds 3]
    python benchmarks/import_rate.py orders --file online_retail.csv.gz --format online-retail

`import` is `manage.py import_data` in a process of its own: every check, one bad row in a hundred, a
rejects file. `raw` takes every row that the import wrote and loads it into the very tables it wrote
them to, with their indexes and constraints, 1,000 rows at a time, each batch committed: COPY on
PostgreSQL, executemany on SQLite. `one` is the same in a single transaction. All rates are rows of the
file per second. Peak memory is the whole process as the system counts it. The scratch database lies on
the server of DATABASE_URL and is dropped at the end.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks import import_files, raw_load  # noqa: E402
from shop import models as shop  # noqa: E402

CATALOGUE, PEOPLE = raw_load.add_catalogue, raw_load.add_customers
SAID = re.compile(r"([\d,]+) rows read in [\d.]+ s \(([\d,]+) rows/s, peak memory ([\d,]+) MB")


@dataclass(frozen=True)
class Subject:
    """What a kind of file needs to be there, and where its rows end up, parents first."""

    needs: tuple[Callable[[], None], ...]
    tables: tuple


SUBJECTS = {
    "stock": Subject((CATALOGUE,), (shop.Warehouse, shop.StockLevel, shop.StockMovement)),
    "products": Subject((), (shop.Brand, shop.Category, shop.Product, shop.Variant, shop.Price)),
    "customers": Subject((), (shop.Customer, shop.Consent)),
    "orders": Subject((CATALOGUE, PEOPLE), (shop.Order, shop.OrderLine)),
    "events": Subject((CATALOGUE, PEOPLE), (shop.EventKey, shop.Event, shop.VisitorLink)),
}
ONLINE_RETAIL = Subject(
    (),
    (
        shop.Customer, shop.Product, shop.Variant, shop.Price, shop.Order, shop.OrderLine,
        shop.Return, shop.ReturnLine, shop.Event,
    ),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[[], *SUBJECTS])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--file", type=Path, help="a file of your own; the kind must be named")
    parser.add_argument("--format", default="backroom")
    options = parser.parse_args()
    print(f"{connection.vendor}, {options.rounds} rounds, median (least–most), rows per second")
    print(
        f"{'':10s} {'import':>24s} {'raw':>26s} {'ratio':>20s} {'one':>9s} {'again':>9s} {'peak':>7s}"
    )
    for kind in options.kinds or SUBJECTS:
        path = options.file or _generated(kind, options.rows)
        subject = ONLINE_RETAIL if options.format == "online-retail" else SUBJECTS[kind]
        with raw_load.scratch_database(subject.needs, subject.tables) as database:
            rounds = [
                one_round(database, kind, path, options.format) for _ in range(options.rounds)
            ]
        print(_line(kind, rounds), flush=True)


def _generated(kind: str, rows: int) -> Path:
    path = settings.VAR_DIR / f"benchmark-{kind}-{rows}.csv"
    if not path.exists():
        import_files.write_file(kind, rows, path)
    return path


def one_round(database: raw_load.Scratch, kind: str, path: Path, format: str) -> dict[str, float]:
    """Import, import again, raw twice: each round sees the same weather."""
    database.empty()
    rows, rate, peak = _import(database, kind, path, format)
    _rows, again, peak_again = _import(database, kind, path, format)
    written = database.dump()
    found = {"import": rate, "again": again, "peak": max(peak, peak_again)}
    for name, each in (("raw", True), ("one", False)):
        database.empty()
        found[name] = rows / database.load(written, commit_each=each)
    return found


def _import(database: raw_load.Scratch, kind: str, path: Path, format: str):
    """Rows, rows per second and the peak resident size in MB of a fresh process."""
    words = ["import_data", kind, str(path), "--format", format, "-v0"]
    text = database.run_command(words)
    found = SAID.search(text)
    if found is None:
        raise SystemExit(text)
    return tuple(int(number.replace(",", "")) for number in found.groups())


def _line(kind: str, rounds: list[dict[str, float]]) -> str:
    def spread(values: list[float], digits: int = 0) -> str:
        low, middle, high = min(values), median(values), max(values)
        return f"{middle:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"

    every = {name: [found[name] for found in rounds] for name in rounds[0]}
    ratios = [found["import"] / found["raw"] for found in rounds]
    return (
        f"{kind:10s} {spread(every['import']):>24s} {spread(every['raw']):>26s} "
        f"{spread(ratios, 2):>20s} {median(every['one']):>9,.0f} {median(every['again']):>9,.0f} "
        f"{max(every['peak']):>7,.0f}"
    )


if __name__ == "__main__":
    main()
