"""How long a list of many customers takes to freeze, and how much memory the worker needs for it.

    DATABASE_URL=postgres:///NAME python benchmarks/freeze_list.py [--customers 1000000] [--holdout 0.1]

NAME is an empty, migrated PostgreSQL database of its own; the customers are made by generate_series.
Printed: seconds of the INSERT … SELECT, of statistics, digest, counts and receipt, of counting how the list stands, of a
hundredth of the file, of deleting it; and by how much the process has grown at its largest.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

CUSTOMERS = """
    INSERT INTO shop_customer (code, email, phone, name, country, language, time_zone, birthday, push_token, created_at)
    SELECT 'B' || n, 'b' || n || '@example.com', '', '', 'GB', 'en', '', '', '', now()
    FROM generate_series(1, %s) AS n
"""
RULE = {"all": [{"field": "country", "op": "is", "value": "GB"}]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--holdout", type=float, default=0.1)
    options = parser.parse_args()

    import django

    django.setup()
    from django.db import connection

    from marketing.pages.frozen import file_rows
    from marketing.services.audiences import frozen, frozen_standing
    from shop.models import Customer
    from tests.factories_marketing import Quiet

    if connection.vendor != "postgresql":
        sys.exit("PostgreSQL only.")
    if not Customer.objects.exists():
        with connection.cursor() as cursor:
            cursor.execute(CUSTOMERS, [options.customers])
            cursor.execute("ANALYZE shop_customer")
    wanted = frozen.Freeze("Benchmark", RULE, holdout_rate=options.holdout)
    audience = frozen.ask_frozen(wanted, key=f"benchmark:{time.time()}")
    before = _largest_mb()
    _timed("insert", lambda: frozen._draw(audience))
    _timed(
        "statistics, digest, counts, receipt", lambda: frozen.write_members(Quiet(), audience.pk)
    )
    audience.refresh_from_db()
    _timed("how it stands", lambda: frozen_standing.refresh(audience.pk))
    lines = islice(file_rows(audience, "email", may_see=True), audience.customer_count // 100)
    _timed("a hundredth of the file", lambda: sum(1 for _line in lines))
    print(f"{audience.customer_count:,} members, {audience.holdout_count:,} held out, ", end="")
    print(f"{_largest_mb() - before:.0f} MB more")
    _timed("delete", lambda: frozen.delete_kept(audience))


def _timed(what: str, work: Callable[[], Any]) -> None:
    began = time.perf_counter()
    work()
    print(f"{what}: {time.perf_counter() - began:.1f} s", flush=True)


def _largest_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
