"""R8: record what clients asked of one SKU and were told, and look for an order that explains it."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from typing import Any

from benchmarks.ledger_proof.callers import Caller, Door
from benchmarks.ledger_proof.linear import Operation, is_linearizable
from benchmarks.ledger_proof.world import Verdict, World

CLIENTS = 8  # of each history
AT_ONCE = 8  # histories, each of its own SKU
CAPACITY = 12  # units: so few that refusals and sales meet all the time


def check_histories(world: World, skus: list[str], operations: int, label: str) -> Verdict:
    """One history per SKU; exit with the number of those that no order explains."""
    began = time.monotonic()
    context = multiprocessing.get_context("spawn")
    histories: list[list[Operation]] = []
    with context.Pool(2) as pool:
        for first in range(0, len(skus), AT_ONCE):
            batch = skus[first : first + AT_ONCE]
            asked = [(world.door, sku, operations, f"{label}-{sku}") for sku in batch]
            halves = [asked[0::2], asked[1::2]]
            for recorded in pool.map(record_some, [half for half in halves if half]):
                histories += recorded
    wrong = [n for n, history in enumerate(histories) if not is_linearizable(history, CAPACITY)]
    told = [operation for history in histories for operation in history]
    counts = {
        "histories": len(histories),
        "operations": len(told),
        "yes": sum(one.verb == "take" and one.told for one in told),
        "no": sum(one.verb == "take" and not one.told for one in told),
        "given back": sum(one.verb == "give" for one in told),
        "reads": sum(one.verb == "read" for one in told),
        "not linearizable": len(wrong),
        "seconds": round(time.monotonic() - began, 1),
    }
    return Verdict(counts, [f"history {number} has no order that explains it" for number in wrong])


def record_some(asked: list[tuple[Door, str, int, str]]) -> list[list[Operation]]:
    """Several histories at the same time, in this process."""
    histories: list[list[Operation]] = [[] for _ in asked]
    threads = [
        threading.Thread(target=_client, args=(histories[n], number, *one))
        for n, one in enumerate(asked)
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return histories


def _client(
    history: list[Operation], number: int, door: Door, sku: str, operations: int, label: str
) -> None:
    caller = Caller(door, random.Random(f"{label}-{number}"))
    carts: list[tuple[str, int]] = []
    for turn in range(operations // CLIENTS):
        dice = caller.random.random()
        if dice < 0.25:
            history.append(_read(caller, sku))
        elif dice < 0.6 and carts:
            history.append(_give(caller, *carts.pop()))
        else:
            cart = f"{label}-{number}-{turn}"
            history.append(_take(caller, sku, cart, caller.random.randint(1, 4), carts))
    caller.close()


def _take(caller: Caller, sku: str, cart: str, units: int, carts: list[Any]) -> Operation:
    body = {"sku": sku, "units": units, "minutes": 60}
    path = f"storefront/v1/carts/{cart}/reservations/"
    answer = caller.ask("POST", path, body, key=cart)
    if answer.status != 201 and answer.problem != "out-of-stock":
        raise AssertionError(f"reserve: {answer.status} {answer.body}")
    if answer.status == 201:
        carts.append((cart, units))
    return Operation(answer.began, answer.ended, "take", units, int(answer.status == 201))


def _give(caller: Caller, cart: str, units: int) -> Operation:
    path = f"storefront/v1/carts/{cart}/reservations/"
    answer = caller.ask("DELETE", path, key=f"{cart}-give")
    if answer.body.get("released") != 1:
        raise AssertionError(f"release: {answer.status} {answer.body}")
    return Operation(answer.began, answer.ended, "give", units, 1)


def _read(caller: Caller, sku: str) -> Operation:
    answer = caller.ask("GET", f"storefront/v1/products/{sku}/")
    return Operation(answer.began, answer.ended, "read", 0, answer.body["available_units"])
