"""R7: carts and orders of several SKUs in random order, to find two that wait for each other."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections import Counter

from benchmarks.ledger_proof.books import read_books, variant_ids
from benchmarks.ledger_proof.callers import Caller, Door
from benchmarks.ledger_proof.world import Verdict, World

CLIENTS = 32
PROCESSES = 2


def hunt(world: World, skus: list[str], carts: int, label: str) -> Verdict:
    """`carts` carts of 2 to 5 SKUs: half reserved first, all ordered, a third cancelled."""
    began = time.monotonic()
    share = carts // PROCESSES
    asked = [(world.door, skus, share, f"{label}-{number}") for number in range(PROCESSES)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        counted = sum(pool.map(_process, asked), Counter())
    ids = variant_ids(world.database, tuple(skus))
    faults = read_books(world.database, list(ids.values())).faults()
    counts: dict[str, float | int | str] = {"carts": carts, **dict(sorted(counted.items()))}
    counts["deadlocks"] = deadlocks_of(world)
    counts["seconds"] = round(time.monotonic() - began, 1)
    if counts["deadlocks"]:
        faults.append(f"PostgreSQL broke {counts['deadlocks']} deadlocks")
    wrong = {word: n for word, n in counted.items() if word.startswith(("wrong", "5xx")) and n}
    return Verdict(counts, faults + [f"{word}: {n}" for word, n in wrong.items()])


def deadlocks_of(world: World) -> int:
    """What PostgreSQL itself counted; its sessions report it at their end or within a second."""
    if world.postgres is None:
        return 0
    with world.postgres.connect() as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        row = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = 'proof'"
        ).fetchone()
    return int(row[0]) if row else 0


def _process(asked: tuple[Door, list[str], int, str]) -> Counter[str]:
    door, skus, carts, label = asked
    clients = CLIENTS // PROCESSES
    counters = [Counter[str]() for _ in range(clients)]

    def client(number: int) -> None:
        caller = Caller(door, random.Random(f"{label}-{number}"))
        for turn in range(number, carts, clients):
            _one_cart(caller, skus, f"{label}-{turn}", counters[number])
        caller.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counters, Counter())


def _one_cart(caller: Caller, skus: list[str], cart: str, counted: Counter[str]) -> None:
    dice = caller.random
    wanted = dice.sample(skus, dice.randint(2, 5))
    if dice.random() < 0.5:
        for sku in wanted:
            body = {"sku": sku, "units": 1, "minutes": 60}
            path = f"storefront/v1/carts/{cart}/reservations/"
            answer = caller.ask("POST", path, body, key=f"{cart}-{sku}")
            _count(counted, "reserved", answer.status == 201, answer.failures)
        dice.shuffle(wanted)
    lines = [{"sku": sku, "units": 1} for sku in wanted]
    body = {"lines": lines, "cart": cart}
    answer = caller.ask("POST", "storefront/v1/orders/", body, key=cart)
    _count(counted, "ordered", answer.status == 201, answer.failures)
    if answer.status == 201 and dice.random() < 0.33:
        path = f"merchant/v1/orders/{answer.body['number']}/steps/"
        answer = caller.ask("POST", path, {"to": "cancelled"}, key=f"{cart}-x", staff=True)
        _count(counted, "cancelled", answer.status == 200, answer.failures)


def _count(counted: Counter[str], word: str, well: bool, failures: int) -> None:
    counted[word if well else f"wrong: not {word}"] += 1
    counted["5xx"] += failures
