"""A scratch database, and rows put into its tables as fast as the driver can."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
from django.conf import settings
from django.db import connection, transaction

from benchmarks.import_files import CUSTOMERS, SKUS
from shop import models as shop
from shop.importers.write import insert

BATCH_ROWS = 1_000
ROOT = Path(__file__).resolve().parent.parent
Rows = list[tuple[str, list[str], list]]  # table, columns, lines of csv or tuples


def add_catalogue() -> None:
    numbers = pl.int_range(1, SKUS + 1, eager=True)
    code = (pl.lit("S") + (numbers - 1).cast(pl.String).str.zfill(6)).alias("code")
    rows = pl.select(code, id=numbers)
    insert(shop.Product, rows.with_columns(name=pl.col("code")))
    insert(shop.Variant, rows.select("id", sku="code", product_id="id"))


def add_customers() -> None:
    numbers = pl.int_range(0, CUSTOMERS, eager=True).cast(pl.String).str.zfill(6)
    insert(shop.Customer, pl.select(code=pl.lit("C") + numbers))


class Scratch:
    """`empty` brings back the state before the import; `load` puts the dumped rows in."""

    def __init__(self, tables: Sequence):
        self.tables = [model._meta.db_table for model in tables]
        self.is_sqlite = connection.vendor == "sqlite"
        self.name = str(connection.settings_dict["NAME"])
        if self.is_sqlite:
            connection.close()
            shutil.copy(self.name, f"{self.name}.before")

    def empty(self) -> None:
        if self.is_sqlite:
            connection.close()
            for extra in ("-wal", "-shm"):
                Path(self.name + extra).unlink(missing_ok=True)
            shutil.copy(f"{self.name}.before", self.name)
            return
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")  # the ledgers' own guards
            cursor.execute(f"TRUNCATE {', '.join(self.tables)} CASCADE")
            cursor.execute("RESET session_replication_role")
            cursor.execute("CHECKPOINT")

    def run_command(self, words: list[str]) -> str:
        """What `manage.py` printed. Started through a shell: a process that a large one starts counts
        its parent's memory as its own peak."""
        url = f"sqlite:///{self.name}"
        if not self.is_sqlite:
            url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{self.name}").geturl()
        command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", sys.executable, str(ROOT / "manage.py")]
        return subprocess.run(
            [*command, *words],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "DATABASE_URL": url},
            check=True,
        ).stdout

    def dump(self) -> Rows:
        with connection.cursor() as cursor:
            return [self._dumped(cursor, table) for table in self.tables]

    def _dumped(self, cursor, table: str) -> tuple[str, list[str], list]:
        cursor.execute(f"SELECT * FROM {table} LIMIT 0")
        columns = [found[0] for found in cursor.description]
        if self.is_sqlite:
            raw = connection.connection.cursor()
            found = raw.execute(f"SELECT * FROM {table}").fetchall()
            rows = [tuple(str(v) if hasattr(v, "tzinfo") else v for v in row) for row in found]
            return table, columns, rows
        out = io.BytesIO()
        with cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT text)") as stream:
            for block in stream:
                out.write(block)
        return table, columns, out.getvalue().splitlines(keepends=True)

    def load(self, dumped: Rows, *, commit_each: bool) -> float:
        """Seconds for all rows, batch by batch; what is sent was made ready before."""
        work = [
            (table, columns, batch)
            for table, columns, rows in dumped
            for batch in _batches(rows, self.is_sqlite)
        ]
        send = self._send_tuples if self.is_sqlite else self._send_text
        began = time.perf_counter()
        if commit_each:
            for piece in work:
                with transaction.atomic():
                    send(*piece)
        else:
            with transaction.atomic():
                for piece in work:
                    send(*piece)
        return time.perf_counter() - began

    def _send_text(self, table: str, columns: list[str], text: bytes) -> None:
        copy = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT text)"
        with connection.cursor() as cursor, cursor.copy(copy) as stream:
            stream.write(text)

    def _send_tuples(self, table: str, columns: list[str], rows: list[tuple]) -> None:
        marks = ", ".join("?" * len(columns))
        connection.connection.cursor().executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _batches(rows: list, keep: bool) -> Iterator:
    left = iter(rows)
    while batch := list(islice(left, BATCH_ROWS)):
        yield batch if keep else b"".join(batch)


@contextmanager
def scratch_database(needs: Sequence[Callable[[], None]], tables: Sequence) -> Iterator[Scratch]:
    settings.VAR_DIR.mkdir(exist_ok=True)
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(settings.VAR_DIR / "benchmark.sqlite3")
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        for add in needs:
            with transaction.atomic():
                add()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        yield Scratch(tables)
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
