"""Read the books in one snapshot, and hold them against each other and against what clients heard."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg

from benchmarks.ledger_proof.callers import Caller, Door
from benchmarks.ledger_proof.sale import Attempt, Done, Said

COUNTERS = ("on_hand", "allocated", "reserved", "ring_fenced")
OPEN_ORDERS = "('placed', 'paid')"


class Database(NamedTuple):
    """A PostgreSQL dsn, or the path of an SQLite file."""

    dsn: str = ""
    path: str = ""

    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        """A function from SQL to rows; all its answers are of one moment."""
        if self.path:
            connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)
            connection.isolation_level = None
            connection.execute("BEGIN")
        else:
            connection = psycopg.connect(self.dsn, connect_timeout=5)
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
        try:
            yield lambda sql: connection.execute(sql).fetchall()
        finally:
            connection.close()


class Place(NamedTuple):
    variant: int
    warehouse: int


@dataclass
class Books:
    """Four witnesses of the same units."""

    levels: dict[Place, tuple[int, ...]]
    ledger: dict[Place, tuple[int, ...]]
    held: dict[Place, int]  # open reservations
    promised: dict[int, int]  # units of open orders, per variant

    def faults(self) -> list[str]:
        """Each way in which two witnesses differ, or a counter is below zero."""
        found = []
        for place in {*self.levels, *self.ledger, *self.held}:
            level = self.levels.get(place, (0, 0, 0, 0))
            on_hand, allocated, reserved, ring_fenced = level
            available = on_hand - allocated - reserved - ring_fenced
            if available < 0:
                found.append(f"oversold: {place} {-available} units")
            if min(level) < 0:
                found.append(f"counter below zero: {place} {level}")
            if level != self.ledger.get(place, (0, 0, 0, 0)):
                found.append(f"counters {level} are not the ledger's {self.ledger.get(place)}")
            if reserved != self.held.get(place, 0):
                found.append(f"reserved {reserved}, open reservations {self.held.get(place, 0)}")
        allocated_units: Counter[int] = Counter()
        for place, level in self.levels.items():
            allocated_units[place.variant] += level[1]
        for variant in {*allocated_units, *self.promised}:
            if allocated_units[variant] != self.promised.get(variant, 0):
                told = f"{allocated_units[variant]}, open orders {self.promised.get(variant, 0)}"
                found.append(f"allocated {told}")
        return found

    def available(self) -> dict[int, int]:
        units: Counter[int] = Counter()
        for place, (on_hand, *taken) in self.levels.items():
            units[place.variant] += on_hand - sum(taken)
        return dict(units)


def variant_ids(database: Database, skus: tuple[str, ...]) -> dict[str, int]:
    names = ", ".join(f"'{sku}'" for sku in skus)
    with database.snapshot() as ask:
        return dict(ask(f"SELECT sku, id FROM shop_variant WHERE sku IN ({names})"))


def read_books(database: Database, ids: list[int]) -> Books:
    some = f"variant_id IN ({', '.join(map(str, ids))})"
    sums = ", ".join(f"SUM({name}_delta)" for name in COUNTERS)
    with database.snapshot() as ask:
        levels = ask(
            f"SELECT variant_id, warehouse_id, {', '.join(COUNTERS)} FROM shop_stocklevel "
            f"WHERE {some}"
        )
        ledger = ask(
            f"SELECT variant_id, warehouse_id, {sums} FROM shop_stockmovement WHERE {some} "
            "GROUP BY variant_id, warehouse_id"
        )
        held = ask(
            "SELECT variant_id, warehouse_id, SUM(units) FROM shop_reservation "
            f"WHERE state = 'held' AND {some} GROUP BY variant_id, warehouse_id"
        )
        promised = ask(
            "SELECT l.variant_id, SUM(l.units) FROM shop_orderline l "
            f"JOIN shop_order o ON o.id = l.order_id WHERE o.state IN {OPEN_ORDERS} "
            f"AND l.{some} GROUP BY l.variant_id"
        )
    return Books(
        {Place(*row[:2]): tuple(map(int, row[2:])) for row in levels},
        {Place(*row[:2]): tuple(map(int, row[2:])) for row in ledger},
        {Place(*row[:2]): int(row[2]) for row in held},
        {row[0]: int(row[1]) for row in promised},
    )


class Held(NamedTuple):
    """A reservation row and the ledger rows that it made."""

    cart: str
    units: int
    state: str


class Ordered(NamedTuple):
    number: str
    units: int
    state: str


@dataclass
class Effects:
    """What a sale left in the database: by the client's key, by cart, by order number."""

    reservations: dict[str, list[Held]] = field(default_factory=lambda: defaultdict(list))
    holds: dict[str, tuple[int, int]] = field(default_factory=dict)  # ledger rows and units
    orders: dict[str, list[Ordered]] = field(default_factory=lambda: defaultdict(list))
    allocated: dict[str, int] = field(default_factory=dict)  # ledger units still allocated


def read_effects(database: Database, label: str, ids: list[int]) -> Effects:
    """`label`: how every cart and key of the sale begins."""
    some = f"variant_id IN ({', '.join(map(str, ids))})"
    effects = Effects()
    with database.snapshot() as ask:
        rows = ask(
            f"SELECT key, cart, units, state FROM shop_reservation WHERE cart LIKE '{label}-%'"
        )
        for key, cart, units, state in rows:
            tail = key.rpartition(":")[2].partition("#")[0]
            effects.reservations[tail].append(Held(cart, units, state))
        rows = ask(
            "SELECT reference, COUNT(*), SUM(reserved_delta) FROM shop_stockmovement "
            f"WHERE kind = 'reserve' AND {some} GROUP BY reference"
        )
        effects.holds = {
            reference.removeprefix("cart:"): (int(count), int(units))
            for reference, count, units in rows
        }
        rows = ask(
            "SELECT o.idempotency_key, o.number, SUM(l.units), o.state FROM shop_order o "
            f"JOIN shop_orderline l ON l.order_id = o.id WHERE o.idempotency_key LIKE '%:{label}-%' "
            "GROUP BY o.idempotency_key, o.number, o.state"
        )
        for key, number, units, state in rows:
            effects.orders[key.rpartition(":")[2]].append(Ordered(number, int(units), state))
        rows = ask(
            "SELECT reference, SUM(allocated_delta) FROM shop_stockmovement "
            f"WHERE reference LIKE 'order:%' AND {some} GROUP BY reference"
        )
        effects.allocated = {ref.removeprefix("order:"): int(units) for ref, units in rows}
    return effects


def judge(done: Done, effects: Effects) -> list[str]:
    """Every acknowledged write has exactly its effect; every effect was acknowledged."""
    by_key: dict[str, list[Said]] = defaultdict(list)
    for one in done.said:
        by_key[one.key].append(one)
    found = [fault for key, heard in by_key.items() for fault in _heard_faults(key, heard)]
    for attempt in done.attempts:
        first = by_key.get(f"{attempt.key}-order" if attempt.direct else attempt.key, [])
        units = attempt.units
        if not attempt.direct:
            acked = any(one.status == 201 for one in first)
            found += _hold_faults(attempt.key, attempt.cart, units if acked else 0, effects)
            found += _fate_faults(attempt, by_key, effects)
        found += _order_faults(f"{attempt.key}-order", units, by_key, effects)
    strays = {*effects.reservations, *effects.orders} - set(by_key)
    return found + [f"{key}: an effect that nobody asked for" for key in sorted(strays)]


def _heard_faults(key: str, heard: list[Said]) -> Iterator[str]:
    """All copies of a request are told of one effect; a no is for lack of units and comes before.

    A reservation that was refused may be asked for again with its key, when units came back.
    """
    yes = [one for one in heard if 200 <= one.status < 300]
    if len({(one.status, one.digest) for one in yes}) > 1:
        yield f"{key}: copies were told of different effects: {yes}"
    done_at = min((one.ended for one in yes), default=float("inf"))
    for one in heard:
        if one.status == 0:
            yield f"{key}: {one.verb} was never settled"
        elif one.status >= 300 and one.problem != "out-of-stock":
            yield f"{key}: {one.verb} was answered {one.status} {one.problem}"
        elif one.status >= 300 and one.began > done_at:
            yield f"{key}: {one.verb} was refused after it had been carried out"


def _hold_faults(key: str, cart: str, units: int, effects: Effects) -> Iterator[str]:
    rows = effects.reservations.get(key, [])
    if sum(row.units for row in rows) != units:
        yield f"{key}: {units} units acknowledged, {sum(row.units for row in rows)} reserved"
    count, moved = effects.holds.get(cart, (0, 0))
    if moved != units or count != len(rows):
        yield f"{key}: {units} units acknowledged, {moved} in {count} rows of the ledger"


def _fate_faults(
    attempt: Attempt, by_key: dict[str, list[Said]], effects: Effects
) -> Iterator[str]:
    """Given back, ordered or still held: as the client was told, and nothing stuck."""
    heard = by_key.get(attempt.key, [])
    if not any(one.status == 201 for one in heard):
        return
    wanted = {"keep": "held", "abandoned": "expired", "release": "released"}
    state = wanted.get(attempt.fate, "ordered")
    # Who sends the first copy goes on; unless it was refused, or the sale ended before.
    goes_on = any(one.copy == 0 and one.status == 201 for one in heard)
    if attempt.fate in ("release", "order", "cancel"):
        tail = "-release" if attempt.fate == "release" else "-order"
        state = state if goes_on else "held"
        if goes_on and attempt.key + tail not in by_key:
            yield f"{attempt.key}: its client never came to {attempt.fate}"
    for row in effects.reservations.get(attempt.key, []):
        if row.state != state:
            yield f"{attempt.key}: {row.state}, but its fate was {attempt.fate}"


def _order_faults(
    key: str, units: int, by_key: dict[str, list[Said]], effects: Effects
) -> Iterator[str]:
    numbers = {one.number for one in by_key.get(key, []) if one.status == 201}
    rows = effects.orders.get(key, [])
    if [row.number for row in rows] != sorted(numbers) or any(row.units != units for row in rows):
        yield f"{key}: orders {numbers} over {units} units acknowledged, there is {rows}"
        return
    heard = by_key.get(f"{key.removesuffix('-order')}-cancel", [])
    cancelled = any(one.status == 200 for one in heard)
    for row in rows:
        allocated = effects.allocated.get(row.number, 0)
        if allocated != (0 if cancelled else units) or (row.state == "cancelled") != cancelled:
            yield f"{key}: {row}, cancelled {cancelled}, allocated {allocated}"


@dataclass
class Audit:
    """What the auditor saw while the sale ran."""

    audits: int = 0
    unreachable: int = 0
    oversold: int = 0  # audits at which more was promised than there is
    faults: list[str] = field(default_factory=list)


class Auditor:
    """A process that reads the books again and again while others write them."""

    def __init__(self, database: Database, skus: tuple[str, ...], door: Door) -> None:
        context = multiprocessing.get_context("spawn")
        self.here, there = context.Pipe()
        self.process = context.Process(target=_audit_process, args=(there, database, skus, door))
        self.process.daemon = True
        self.process.start()
        there.close()
        self.here.recv()  # it is looking

    def stop(self) -> Audit:
        self.here.send("stop")
        seen = self.here.recv()
        self.process.join()
        return seen


def _audit_process(end: Any, database: Database, skus: tuple[str, ...], door: Door) -> None:
    ids = variant_ids(database, skus)
    caller, seen = Caller(door, random.Random(0), patience=0), Audit()
    end.send("looking")
    while not end.poll(0.2):
        try:
            faults = read_books(database, list(ids.values())).faults()
        except (psycopg.OperationalError, sqlite3.OperationalError):
            seen.unreachable += 1
            continue
        faults += _published_faults(caller, skus[seen.audits % len(skus)])
        seen.audits += 1
        seen.oversold += any(fault.startswith("oversold") for fault in faults)
        seen.faults += faults[: max(0, 20 - len(seen.faults))]
    end.send(seen)


def _published_faults(caller: Caller, sku: str) -> Iterator[str]:
    """What the merchant API says of the same units adds up, too."""
    answer = caller.ask("GET", f"merchant/v1/stock/?sku={sku}", staff=True)
    for row in answer.body.get("results", []):
        parts = row["allocated"] + row["reserved"] + row["ring_fenced"] + row["available"]
        if parts != row["on_hand"]:
            yield f"published counters do not add up: {row}"
