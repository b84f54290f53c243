"""How long a segment takes to count over many customers and events, with the plan of each query.

    DATABASE_URL=postgres:///NAME python benchmarks/segment_counts.py [--customers 1000000] [--events 50000000]
        [--log-alone] [--no-plans]

NAME is an empty, migrated PostgreSQL database of its own; rows are made by generate_series, their
arrival spread over the 180 days before AT, events skewed towards few customers, one in twenty a purchase.
The indexes of the log are built after the load, and the latest events are taken over as by the night
(the newest hour stays in the log alone). Each rule is counted three times as PostgreSQL is installed and three
times as counts run (services/audiences/counting.py), in turns; the medians stand in the row, the plan
below it. --log-alone asks the log as if nothing had been taken over.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

AT = datetime(2026, 11, 1, tzinfo=UTC)
RULES = [
    "did purchase within 7 days",
    "did view at least 3 times within 7 days",
    "did view at least 3 times within 30 days and did not purchase within 30 days",
    "did view at least 3 times within 180 days",
    "did not view within 180 days",
    "did view at most 2 times within 180 days",
    "did view exactly 3 times within 180 days",
    "did purchase at least 2 times within 30 days or did not view within 180 days",
]
# work_mem and jit as PostgreSQL 15 has them by default, and as counts run.
WAYS = {"installed": ("4MB", "on"), "counts": ("64MB", "off")}
CUSTOMERS = """
    INSERT INTO shop_customer (code, email, phone, name, country, language, time_zone, birthday, push_token, created_at)
    SELECT 'B' || n, '', '', '', 'GB', 'en', '', '', '', %s::timestamptz - interval '200 days'
    FROM generate_series(1, %s) AS n
"""
EVENTS = """
    INSERT INTO shop_event (event_id, kind, occurred_at, received_at, session, visitor, customer_id,
                            query, properties, consent)
    SELECT 'b' || n, CASE WHEN n %% 20 = 0 THEN 'purchase' ELSE 'view' END, at, at, '', '',
           least + floor(power(draw, 2) * many)::bigint, '', '{}', true
    FROM (SELECT n, random() AS draw, %s::timestamptz - random() * interval '180 days' AS at
          FROM generate_series(1, %s) AS n) AS made,
         (SELECT min(id) AS least, count(*) AS many FROM shop_customer) AS people
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--log-alone", action="store_true")
    parser.add_argument("--no-plans", action="store_true")
    options = parser.parse_args()

    import django

    django.setup()
    from django.db import connection

    from marketing.definitions import rules
    from marketing.definitions.rule_text import parse
    from marketing.definitions.rules import customers_of
    from shop.models import Customer

    if connection.vendor != "postgresql":
        sys.exit("PostgreSQL only.")
    if not Customer.objects.exists():
        load(options)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM shop_customer), (SELECT count(*) FROM shop_event), "
            "(SELECT count(*) FROM shop_latestevent)"
        )
        print("customers, events, latest events:", cursor.fetchone())
    if options.log_alone:
        rules.taken_over_until = lambda: None
    print("  ".join(WAYS))
    for text in RULES:
        found = customers_of(parse(text), at=AT)
        seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        for _round in range(3):
            for way, took in seconds.items():
                memory, jit = WAYS[way]
                with connection.cursor() as cursor:
                    cursor.execute(f"SET work_mem = '{memory}'; SET jit = {jit}")
                started = time.perf_counter()
                count = found.count()
                took.append(time.perf_counter() - started)
        medians = "  ".join(f"{median(took):5.2f} s" for took in seconds.values())
        print(f"\n{medians}  {count:>9,}  {text}", flush=True)
        if not options.no_plans:
            print(found.explain(analyze=True))


def load(options: argparse.Namespace) -> None:
    from django.db import connection

    from shop.models import Event
    from shop.services.events.event_partitions import make_months, month_of, months_after
    from shop.services.events.latest_events import refresh_latest

    started = time.perf_counter()
    make_months(months_after(month_of(AT), -back) for back in range(8))
    with connection.cursor() as cursor, connection.schema_editor() as editor:
        for index in Event._meta.indexes:
            editor.remove_index(Event, index)
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(CUSTOMERS, [AT, options.customers])
        cursor.execute(EVENTS, [AT, options.events])
        print(f"rows after {time.perf_counter() - started:.0f} s", flush=True)
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        for index in Event._meta.indexes:
            editor.add_index(Event, index)
    print(f"indexes after {time.perf_counter() - started:.0f} s", flush=True)
    found = refresh_latest(AT - timedelta(hours=1))
    print(f"latest events after {time.perf_counter() - started:.0f} s: {found}", flush=True)
    with connection.cursor() as cursor:
        for table in ("shop_customer", "shop_event", "shop_latestevent"):
            cursor.execute(f"VACUUM ANALYZE {table}")
    print(f"loaded in {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
