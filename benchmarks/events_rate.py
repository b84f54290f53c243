"""How fast events land, beside psycopg's COPY and Django's bulk_create, in one run, round by round.

    DATABASE_URL=postgres:///NAME python benchmarks/events_rate.py [--rounds 3] [--batches 40]

Everything takes the same new events in batches of 1,000 (and 100 over HTTP), one commit a batch:

    copy         psycopg COPY of ready rows into a table with the log's columns and indexes and a
                 unique event id; nothing is checked, a duplicate would stop it
    bulk path    record_events of parsed events: checked, SKUs and customers looked up, consent and
                 links decided, keys and rows written
    bulk write   append_events of ready rows: the keys and rows of the bulk path without its checks
    bulk_create  Django's bulk_create(ignore_conflicts=True) of ready values into the table of `copy`
    http 1000/100  JSON bodies to the storefront API of gunicorn (2 workers × 4 threads), 4 clients
    replay       the same bodies and batches once more

Uses the test database of DATABASE_URL and leaves none. PostgreSQL only.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402

django.setup()

from django.db import connection, models, transaction  # noqa: E402

from access.services.keys import issue_key  # noqa: E402
from shop.models import Consent, Customer, Event, EventKey, Product, Variant  # noqa: E402
from shop.services.events.event_log import COLUMNS, NAMES, append_events  # noqa: E402
from shop.services.events.event_rows import EventRow  # noqa: E402
from shop.services.events.events import record_events  # noqa: E402

SKUS, CUSTOMERS, CLIENTS = 500, 2_000, 4
PLAIN = "event_plain"


class PlainEvent(models.Model):
    """The log's columns in one table, its event id unique: what one would build without a plan."""

    event_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=12)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    clock_ahead_seconds = models.IntegerField(null=True)
    session = models.CharField(max_length=64)
    visitor = models.CharField(max_length=64)
    customer_id = models.BigIntegerField(null=True)
    variant_id = models.BigIntegerField(null=True)
    order_id = models.BigIntegerField(null=True)
    units = models.PositiveIntegerField(null=True)
    query = models.CharField(max_length=200)
    properties = models.JSONField()
    consent = models.BooleanField()

    class Meta:
        managed = False
        app_label = "shop"
        db_table = PLAIN

    def __str__(self) -> str:
        return self.event_id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, default=40, help="of 1,000 events, each way")
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        print("The figures are of PostgreSQL: set DATABASE_URL.", file=sys.stderr)
        sys.exit(2)
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        shop = fill_shop()
        found: dict[str, list[float]] = {}
        with gunicorn(name) as port:
            for _ in range(options.rounds):
                one_round(shop, port, options.batches, found)
        report(found, options)
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def fill_shop() -> dict:
    make_plain_table()
    product = Product.objects.create(code="P", name="Thing")
    Variant.objects.bulk_create(Variant(product=product, sku=f"SKU-{n}") for n in range(SKUS))
    Customer.objects.bulk_create(Customer(code=f"C-{n}") for n in range(CUSTOMERS))
    now = datetime.now(UTC)
    Consent.objects.bulk_create(
        Consent(customer=one, purpose="analytics", granted=True, source="b", recorded_at=now)
        for one in Customer.objects.all()[::2]
    )
    return {
        "secret": issue_key("benchmark", rate_per_minute=10**6).secret,
        "skus": dict(Variant.objects.values_list("sku", "pk")),
        "customers": dict(Customer.objects.values_list("code", "pk")),
    }


def make_plain_table() -> None:
    """The columns, defaults and secondary indexes of the log; the id and the event id unique."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {PLAIN} (LIKE shop_event INCLUDING CONSTRAINTS)")
        cursor.execute(f"ALTER TABLE {PLAIN} ALTER id ADD GENERATED BY DEFAULT AS IDENTITY")
        cursor.execute(f"ALTER TABLE {PLAIN} ADD PRIMARY KEY (id), ADD UNIQUE (event_id)")
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'shop_event'")
        for (definition,) in cursor.fetchall():
            if "UNIQUE" not in definition:
                on = definition.index(" ON ")
                table = definition[on:].replace("ONLY ", "").replace("shop_event", PLAIN, 1)
                cursor.execute(f"CREATE INDEX{table}")


def make_batches(shop: dict, count: int, size: int = 1000) -> list[list[dict]]:
    """Four views of five name a SKU of the shop, one of three a customer, all a visitor."""
    skus, people = list(shop["skus"]), list(shop["customers"])
    now = datetime.now(UTC)

    def event() -> dict:
        at = now - timedelta(seconds=random.random() * 60)
        who = random.randrange(3 * len(people))
        made = {
            "event_id": str(uuid4()),
            "kind": random.choice(["view", "view", "view", "cart_add", "search"]),
            "occurred_at": at.isoformat(),
            "session": f"s{who}-{uuid4().hex[:12]}",
            "visitor": f"v{who}",
            "consent": True,
            "properties": {"page": "/p/thing", "from": "list"},
        }
        if random.random() < 0.8:
            made |= {"sku": random.choice(skus)}
        return made | ({"customer": people[who]} if who < len(people) else {})

    return [[event() for _ in range(size)] for _ in range(count)]


def ready_rows(shop: dict, batch: list[dict]) -> list[tuple]:
    """As the log keeps them, for those who check nothing."""
    now = datetime.now(UTC)
    return [
        (
            one["event_id"], one["kind"], datetime.fromisoformat(one["occurred_at"]), now, None,
            one["session"], one["visitor"], shop["customers"].get(one.get("customer")),
            shop["skus"].get(one.get("sku")), None, None, "", json.dumps(one["properties"]), True,
        )
        for one in batch
    ]  # fmt: skip


def by_copy(rows: list[tuple]) -> None:
    statement = f"COPY {PLAIN} ({NAMES}) FROM STDIN"
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def by_bulk_create(values: list[dict]) -> None:
    made = [PlainEvent(**one) for one in values]
    PlainEvent.objects.bulk_create(made, ignore_conflicts=True)


def over_http(shop: dict, port: int, bodies: list[bytes]) -> dict[str, int]:
    """Sums of what the answers say; each client keeps its connection."""
    headers = {
        "Authorization": f"Bearer {shop['secret']}",
        "Content-Type": "application/json",
        "User-Agent": "events-rate",
    }

    def client(mine: list[bytes]) -> dict[str, int]:
        line = http.client.HTTPConnection("127.0.0.1", port)
        sums = {"accepted": 0, "duplicates": 0}
        for body in mine:
            line.request("POST", "/api/storefront/v1/events/", body, headers)
            answer = line.getresponse()
            said = json.loads(answer.read())
            assert answer.status == 200, said
            assert not said["errors"], said["errors"][:3]
            for name in sums:
                sums[name] += said[name]
        line.close()
        return sums

    with ThreadPoolExecutor(CLIENTS) as pool:
        parts = list(pool.map(client, (bodies[n::CLIENTS] for n in range(CLIENTS))))
    return {name: sum(part[name] for part in parts) for name in parts[0]}


def one_round(shop: dict, port: int, count: int, found: dict[str, list[float]]) -> None:
    total = count * 1000

    def timed(name: str, work: Callable[[], None]) -> None:
        began = time.perf_counter()
        work()
        found.setdefault(name, []).append(total / (time.perf_counter() - began))

    def empty() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {PLAIN}, shop_event, shop_eventkey, shop_visitorlink")
            cursor.execute("CHECKPOINT")

    def landed(expected: int) -> None:
        assert Event.objects.count() == EventKey.objects.count() == expected

    batches = make_batches(shop, count)
    ready = [ready_rows(shop, batch) for batch in batches]
    empty()
    timed("copy", lambda: [by_copy(rows) for rows in ready])
    empty()
    values = [
        [
            dict(zip(COLUMNS, row, strict=True)) | {"properties": {"page": "/p/thing"}}
            for row in rows
        ]
        for rows in ready
    ]
    timed("bulk_create", lambda: [by_bulk_create(one) for one in values])
    timed("bulk_create replay", lambda: [by_bulk_create(one) for one in values])
    empty()
    rows = [[EventRow(*row) for row in rows] for rows in ready]
    timed("bulk write", lambda: [append_events(one) for one in rows])
    landed(total)
    empty()
    timed("bulk path", lambda: [record_events(batch) for batch in batches])
    landed(total)
    timed("bulk path replay", lambda: [record_events(batch) for batch in batches])
    landed(total)
    for size in (1000, 100):
        empty()
        bodies = [
            json.dumps({"events": batch[n : n + size]}).encode()
            for batch in batches
            for n in range(0, 1000, size)
        ]
        timed(f"http {size}", lambda b=bodies: over_http(shop, port, b))
        landed(total)
        timed(f"http {size} replay", lambda b=bodies: over_http(shop, port, b))
        landed(total)


def report(found: dict[str, list[float]], options: argparse.Namespace) -> None:
    print(f"{options.rounds} rounds of {options.batches},000 events, events/s, median (min–max)")
    for name, rates in found.items():
        print(f"{name:20s} {median(rates):9,.0f} ({min(rates):,.0f}–{max(rates):,.0f})")
    for over, under, target in (
        ("http 1000", "copy", 0.3), ("http 100", "copy", None), ("bulk path", "copy", None),
        ("bulk write", "bulk_create", 3),
        ("bulk path", "bulk_create", 3), ("bulk path replay", "bulk path", 1),
        ("http 1000 replay", "http 1000", 1), ("http 100 replay", "http 100", 1),
    ):  # fmt: skip
        ratios = [a / b for a, b in zip(found[over], found[under], strict=True)]
        wanted = f"  wanted: {target}" if target else ""
        print(
            f"{over} / {under}: {median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f}){wanted}"
        )


@contextmanager
def gunicorn(database: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{database}"
    command = [
        sys.executable, "-m", "gunicorn", "config.wsgi", "-b", f"127.0.0.1:{port}", "-w", "2",
        "-k", "gthread", "--threads", "4", "--keep-alive", "30", "--log-level", "warning",
    ]  # fmt: skip
    server = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url, "LOG_LEVEL": "WARNING"}
    )
    try:
        wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(port: int, server: subprocess.Popen, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert server.poll() is None, "the server stopped"
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            line.request("GET", "/healthz")
            if line.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer")


if __name__ == "__main__":
    main()
