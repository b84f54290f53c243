"""Everything that one proof needs, started together and stopped together."""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from benchmarks.ledger_proof.books import (
    Audit,
    Auditor,
    Database,
    judge,
    read_books,
    read_effects,
    variant_ids,
)
from benchmarks.ledger_proof.callers import Caller, Door
from benchmarks.ledger_proof.sale import Done, Sale, hold
from benchmarks.ledger_proof.servers import Postgres, Program, Up, Web, environment, manage, until

CHECKS = ("stock_available_not_negative", "stock_counters_not_negative")
EXPIRER = [sys.executable, "-m", "benchmarks.ledger_proof.expirer"]


@dataclass
class Verdict:
    """What one run counted, and what was wrong."""

    counts: dict[str, float | int | str]
    faults: list[str]


class World:
    """PostgreSQL, gunicorn with two workers and an expirer; or the embedded `manage.py up`."""

    def __init__(self, *, embedded: bool = False) -> None:
        self.embedded, self.guarded = embedded, True
        self.folder = Path(tempfile.mkdtemp(prefix="proof-"))
        self.programs: list[Program] = []
        self.postgres: Postgres | None = None
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        if self.embedded:
            self.env = environment(self.folder)
            self.database = Database(path=str(self.folder / "backroom.sqlite3"))
        else:
            self.postgres = Postgres()
            self.postgres.create("proof")
            self.env = environment(self.folder, self.postgres.url())
            self.database = Database(self.postgres.dsn)
        manage(self.env, "manage.py", "migrate", "--verbosity=0")

    def take_out_the_guard(self) -> None:
        """For the control: no CHECK in this database, no condition in its new web server."""
        assert self.postgres
        with self.postgres.connect() as connection:
            for name in CHECKS:
                connection.execute(f"ALTER TABLE shop_stocklevel DROP CONSTRAINT {name}")
        self.web.close()
        self.web = Web(self.env, self.folder, "benchmarks.ledger_proof.unguarded")
        self.programs.append(self.web)
        self.door = self.door._replace(port=self.web.port)
        self.guarded = False

    def load(self, units_by_sku: dict[str, int]) -> None:
        """Goods in; then the servers that sell them."""
        words = ("-m", "benchmarks.ledger_proof.catalogue")
        keys = json.loads(manage(self.env, *words, stdin=json.dumps(units_by_sku)))
        self.capacity = units_by_sku
        if self.embedded:
            self.web: Web | Up = Up(self.env, self.folder)
        else:
            self.web = Web(self.env, self.folder)
        self.programs += [self.web, Program(EXPIRER, self.env, self.folder / "expirer.log")]
        self.door = Door(self.web.port, keys["storefront"], keys["owner"])

    def sell(self, sale: Sale) -> Verdict:
        """Hold a sale under audit, sell what is left, and judge."""
        auditor = Auditor(self.database, sale.skus, self.door)
        done = hold(sale, self.door)
        return self.settle(sale, done, auditor)

    def settle(self, sale: Sale, done: Done, auditor: Auditor) -> Verdict:
        ids = variant_ids(self.database, sale.skus)
        self._wait_for_expiry(sale)
        effects = read_effects(self.database, f"{sale.name}-{sale.seed}", list(ids.values()))
        faults = judge(done, effects)
        drained = self._drain(sale, ids) if self.guarded else 0
        audit = auditor.stop()
        books = read_books(self.database, list(ids.values()))
        faults += books.faults()
        left = sum(max(0, units) for units in books.available().values())
        capacity = sum(self.capacity[sku] for sku in sale.skus)
        on_hand = sum(level[0] for level in books.levels.values())
        if self.guarded and (left or on_hand != capacity):
            faults.append(f"undersold: {left} of {capacity} units, on hand {on_hand}")
        oversold = sum(max(0, -units) for units in books.available().values())
        counts = {"oversold": oversold, "undersold": left, "drained": drained}
        return Verdict(_counts(done, audit) | counts, audit.faults + faults)

    def _wait_for_expiry(self, sale: Sale) -> None:
        """Every abandoned cart comes back: nothing is stuck once its time is over."""
        label = f"{sale.name}-{sale.seed}"
        held = (
            "SELECT COUNT(*) FROM shop_reservation WHERE state = 'held' "
            f"AND cart LIKE '{label}-%-abandoned'"
        )

        def none_left() -> bool:
            with self.database.snapshot() as ask:
                return ask(held) == [(0,)]

        until(none_left, 60, "abandoned carts to be given back")

    def _drain(self, sale: Sale, ids: dict[str, int]) -> int:
        """What is left must be there to buy: all but one, then the last one."""
        caller, sold = Caller(self.door, random.Random(0)), 0
        left = read_books(self.database, list(ids.values())).available()
        for sku, variant in ids.items():
            rest = left.get(variant, 0)
            while rest > 0:
                units = max(1, rest - 1)
                body = {"lines": [{"sku": sku, "units": units}]}
                key = f"drain:{sale.name}-{sale.seed}:{sku}:{sold}:{rest}"
                if caller.ask("POST", "storefront/v1/orders/", body, key=key).status != 201:
                    break
                rest, sold = rest - units, sold + units
        caller.close()
        return sold

    def close(self) -> None:
        for program in reversed(self.programs):
            program.close()
        if self.postgres:
            self.postgres.close()
        with suppress(OSError):
            shutil.rmtree(self.folder)

    def __enter__(self) -> World:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


def _counts(done: Done, audit: Audit) -> dict[str, float | int | str]:
    first = {one.key: one for one in reversed(done.said)}.values()
    reserved = [one for one in first if one.verb == "reserve"]
    seconds = max(one.ended for one in done.said) - min(one.began for one in done.said)
    return {
        "requests": done.requests,
        "seconds": round(seconds, 1),
        "reserved": sum(one.status == 201 for one in reserved),
        "orders": sum(one.verb == "order" and one.status == 201 for one in first),
        "refused": sum(one.problem == "out-of-stock" for one in first),
        "copies": len(done.said) - len(first),
        "lost answers": sum(one.broken for one in done.said),
        "5xx": sum(one.failures for one in done.said),
        "audits": audit.audits,
        "oversold audits": audit.oversold,
    }
