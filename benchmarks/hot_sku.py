"""Reservations a second through `stock.reserve`, beside Django's usual locking transaction.

    DATABASE_URL=postgres:///backroom python benchmarks/hot_sku.py [--rounds 3] [--seconds 2]

Threads of one process, each with a connection of its own, reserve one unit after the other, each under
a new key: on one hot SKU, and spread over 1,000 SKUs. `usual` is what the Django documentation leads
to: look for the key, SELECT … FOR UPDATE, check, save the counter, create the reservation and its
ledger row, commit. Both arms write the same rows, durably (synchronous_commit as the server has it,
printed). Arms and numbers of clients alternate within each round. After each cell the books are
checked: counter = ledger = reservations = acknowledged. PostgreSQL only; uses the test database of
DATABASE_URL and leaves none.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from datetime import timedelta  # noqa: E402

from django.db import connection, transaction  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.utils import timezone  # noqa: E402

from shop.models import (  # noqa: E402
    MovementKind,
    Product,
    Reservation,
    StockLevel,
    StockMovement,
    Variant,
    Warehouse,
)
from shop.services.stock import stock  # noqa: E402
from shop.services.stock.verify import verify_stock  # noqa: E402

CLIENTS = (1, 8, 32, 64)
SKUS = 1000
KEYS = count()


class Cell(NamedTuple):
    rate: float
    p50_ms: float
    p99_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        print("The figures are of PostgreSQL: set DATABASE_URL.", file=sys.stderr)
        sys.exit(2)
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        measure(options.rounds, options.seconds)
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def measure(rounds: int, seconds: float) -> None:
    goods = {"hot": make_goods(1, "HOT"), "spread": make_goods(SKUS, "SKU")}
    cells: dict[tuple, list[Cell]] = defaultdict(list)
    for _round in range(rounds):
        for clients in CLIENTS:
            for where, variants in goods.items():
                for name, reserve in {"usual": usual, "service": service}.items():
                    cells[where, name, clients].append(
                        one_cell(reserve, variants, clients, seconds)
                    )
    print_tables(cells, rounds, seconds)


def make_goods(number: int, prefix: str) -> list[Variant]:
    place = Warehouse.objects.get_or_create(code="MAIN", defaults={"name": "Main"})[0]
    product = Product.objects.create(code=f"P-{prefix}", name=prefix)
    variants = Variant.objects.bulk_create(
        Variant(product=product, sku=f"{prefix}-{n}") for n in range(number)
    )
    for variant in variants:
        stock.receive(variant, 10_000_000, warehouse=place, key=f"po:{variant.sku}")
    return variants


def service(variant: Variant, cart: str, key: str) -> None:
    stock.reserve(variant, 1, cart=cart, key=key)


def usual(variant: Variant, cart: str, key: str) -> None:
    """The same rows, one locking transaction for each."""
    with transaction.atomic():
        if Reservation.objects.filter(key=key).exists():
            return
        level = StockLevel.objects.select_for_update().get(variant=variant)
        if level.available < 1:
            raise stock.OutOfStockError([stock.Shortage(variant.sku, 1, level.available)])
        level.reserved += 1
        level.save(update_fields=["reserved"])
        row = Reservation.objects.create(
            variant=variant,
            warehouse_id=level.warehouse_id,
            cart=cart,
            units=1,
            key=key,
            expires_at=timezone.now() + timedelta(minutes=15),
        )
        StockMovement.objects.create(
            variant=variant,
            warehouse_id=level.warehouse_id,
            kind=MovementKind.RESERVE,
            reserved_delta=1,
            reference=f"cart:{cart}",
            key=f"reservation:{row.pk}:hold",
        )


def one_cell(
    reserve: Callable[[Variant, str, str], None],
    variants: list[Variant],
    clients: int,
    seconds: float,
) -> Cell:
    taken: list[list[float]] = [[] for _client in range(clients)]
    failed: list[BaseException] = []
    start, begin = threading.Barrier(clients + 1), reserved_rows()

    def client(number: int) -> None:
        random = Random(number)
        try:
            reserve(variants[0], f"cart-{number}", f"warm:{next(KEYS)}")  # opens the connection
            start.wait()
            until = time.perf_counter() + seconds
            while (began := time.perf_counter()) < until:
                reserve(random.choice(variants), f"cart-{number}", f"key:{next(KEYS)}")
                taken[number].append(time.perf_counter() - began)
        except Exception as error:  # noqa: BLE001  (raised again below, in the main thread)
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    if failed:
        raise failed[0]
    all_taken = sorted(one for mine in taken for one in mine)
    check_books(reserved_rows() - begin, len(all_taken) + clients)
    return Cell(
        len(all_taken) / elapsed,
        all_taken[len(all_taken) // 2] * 1000,
        all_taken[len(all_taken) * 99 // 100] * 1000,
    )


def reserved_rows() -> int:
    return Reservation.objects.count()


def check_books(new_rows: int, acknowledged: int) -> None:
    counters = StockLevel.objects.aggregate(units=Sum("reserved"))["units"]
    ledger = StockMovement.objects.aggregate(units=Sum("reserved_delta"))["units"]
    assert new_rows == acknowledged, (new_rows, acknowledged)
    assert counters == ledger == reserved_rows(), (counters, ledger, reserved_rows())
    assert verify_stock() == []


def print_tables(cells: dict[tuple, list[Cell]], rounds: int, seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version(), current_setting('synchronous_commit')")
        version, durable = cursor.fetchone()
    print(f"{version.split(' on ')[0]}, synchronous_commit={durable}, {os.cpu_count()} cores,")
    print(f"{rounds} rounds of {seconds} s; reservations/s, median (min–max); p50 / p99 in ms\n")
    for where in ("hot", "spread"):
        print(f"| {where} | usual | p50 / p99 | service | p50 / p99 | ratio of medians |")
        print("|---|---|---|---|---|---|")
        for clients in CLIENTS:
            mine, theirs = cells[where, "service", clients], cells[where, "usual", clients]
            ratio = median(c.rate for c in mine) / median(c.rate for c in theirs)
            print(f"| {clients} clients | {shown(theirs)} | {shown(mine)} | {ratio:.1f} |")
        print()


def shown(cells: list[Cell]) -> str:
    rates = [cell.rate for cell in cells]
    middle = [median(getattr(cell, name) for cell in cells) for name in ("p50_ms", "p99_ms")]
    return (
        f"{median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f}) | "
        f"{middle[0]:.1f} / {middle[1]:.1f}"
    )


if __name__ == "__main__":
    main()
