"""The proofs R1 to R4, R7 and R8 as functions from a size to the verdicts of their runs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks.ledger_proof.books import Auditor
from benchmarks.ledger_proof.callers import Caller
from benchmarks.ledger_proof.deadlocks import hunt
from benchmarks.ledger_proof.histories import CAPACITY, check_histories
from benchmarks.ledger_proof.sale import Crowd, Sale
from benchmarks.ledger_proof.servers import Postgres, Up, Web, kill_9, until
from benchmarks.ledger_proof.world import Verdict, World

Verdicts = Iterator[tuple[str, Verdict]]


@dataclass(frozen=True)
class Size:
    """How much of everything; `quick` fits a test run, `full` is what the document reports."""

    seeds: int
    attempts: int  # R1: of one sale
    capacity: int
    tries: int  # the shape: 1,000 carts × 10
    wide_skus: int
    copied_keys: int  # each sent ten times
    controls: int
    control_attempts: int
    restarts: int  # of each kind
    kills: int
    carts: int
    histories: int
    operations: int


QUICK = Size(1, 200, 40, 200, 40, 30, 2, 300, 1, 2, 200, 8, 80)
FULL = Size(20, 3200, 500, 10_000, 1000, 1000, 20, 400, 5, 200, 50_000, 1000, 200)
LONGEST_PAUSE_S = 5.0  # of the service, once its database answers again


def no_oversell(size: Size, embedded: bool) -> Verdicts:
    """R1: one hot SKU, everything at once: cancelling, expiry, releases, second copies."""
    sales = [
        Sale("hot", (f"HOT-{seed}",), size.attempts, seed, second_copy=0.2)
        for seed in range(size.seeds)
    ]
    with World(embedded=embedded) as world:
        world.load({sku: size.capacity for sale in sales for sku in sale.skus})
        for sale in sales:
            yield f"seed {sale.seed}", world.sell(sale)


def attempts_in_bulk(size: Size, embedded: bool) -> Verdicts:
    """R1, the issue's shape: 1,000 × 10 attempts on one SKU and on 1,000; ten copies of each key."""
    wide = tuple(f"WIDE-{number}" for number in range(size.wide_skus))
    fates = ("keep", "abandoned", "abandoned", "release")
    quiet = {"direct_orders": 0.0, "fates": fates}
    sales = [
        Sale("bulk", ("BULK",), size.tries, 1, second_copy=0.3, **quiet),  # type: ignore[arg-type]
        Sale("wide", wide, size.tries, 2, second_copy=0.3, **quiet),  # type: ignore[arg-type]
        Sale("copies", ("COPIED",), size.copied_keys, 3, 1, copies=10, **quiet),  # type: ignore[arg-type]
    ]
    units = {"BULK": size.capacity, "COPIED": size.copied_keys}
    with World(embedded=embedded) as world:
        world.load(units | dict.fromkeys(wide, max(1, 2 * size.tries // len(wide))))
        for sale in sales:
            yield sale.name, world.sell(sale)


def control(size: Size) -> Verdicts:
    """R2: the same harness on a shop without its guard. Here a fault is what is wanted."""
    sales = [
        Sale("control", (f"FREE-{run}",), size.control_attempts, run, fates=UNSHARED)
        for run in range(size.controls)
    ]
    seen = 0
    with World() as world:
        world.load({sku: 40 for sale in sales for sku in sale.skus})
        world.take_out_the_guard()
        for sale in sales:
            verdict = world.sell(sale)
            caught = any(fault.startswith("oversold") for fault in verdict.faults)
            seen += caught
            verdict.counts["seen"] = "yes" if caught else "no"
            yield f"run {sale.seed}", Verdict(verdict.counts, [])
    wanted = -(-size.controls * 19 // 20)
    short = [] if seen >= wanted else [f"an oversell was seen in {seen} runs, wanted {wanted}"]
    yield "all", Verdict({"seen": f"{seen} of {size.controls}"}, short)


# Expiry runs in a process of its own, which has its guard: it would refuse to touch the damage.
UNSHARED = ("keep", "release", "order", "cancel")

WAYS: dict[str, Callable[[Postgres], None]] = {
    "stop -m fast": lambda server: server.stop("fast"),
    "stop -m immediate": lambda server: server.stop("immediate"),
    "kill -9 postmaster": lambda server: server.kill_postmaster(),
    "kill -9 one backend": lambda server: server.kill_backend(),
}


def restarts(size: Size) -> Verdicts:
    """R3: PostgreSQL goes away in the middle of a sale, in four ways."""
    with World() as world:
        world.load({f"CRASH-{number}": 100_000 for number in range(len(WAYS))})
        for number, way in enumerate(WAYS):
            sale = Sale("crash", (f"CRASH-{number}",), 40_000, number, second_copy=0.1)
            yield way, survive(world, sale, way, size.restarts)


def survive(
    world: World, sale: Sale, way: str, times: int, longest_pause_s: float = LONGEST_PAUSE_S
) -> Verdict:
    """A sale through so many losses of the database, in one of WAYS."""
    restart = partial(_restart, world, WAYS[way])
    return _sell_through(world, sale, times, restart, longest_pause_s)


def _restart(world: World, stop: Callable[[Postgres], None]) -> float:
    """Seconds from PostgreSQL's first answer to the service's."""
    server = world.postgres
    assert server
    stop(server)
    if not server.is_running:
        server.start()
    until(server.answers, 60, "PostgreSQL")
    caller = Caller(world.door, random.Random(0), patience=0)
    seconds = until(lambda: caller.ask("GET", PROBE, staff=True).status == 200, 60, "the service")
    caller.close()
    return seconds


PROBE = "merchant/v1/stock/?limit=1"


def killed_workers(size: Size, embedded: bool) -> Verdicts:
    """R4: a web worker is killed with SIGKILL while it works; clients repeat with the same key."""
    kills = min(size.kills, 5) if embedded else size.kills  # `up` pauses ever longer after each
    with World(embedded=embedded) as world:
        world.load({"KILL": 100_000})
        sale = Sale("kill", ("KILL",), 100_000, 0, second_copy=0.1)
        yield f"{kills} kills", _sell_through(world, sale, kills, partial(_kill_worker, world.web))


def _kill_worker(web: Web | Up) -> float:
    """One of the workers that are up; then wait for its successor. Returns the pause in seconds."""
    if isinstance(web, Up):
        kill_9(web.web_pid())
        return until(web.is_healthy, 90, "waitress")
    before = web.workers()
    kill_9(random.choice(before))
    until(lambda: len(set(web.workers()) - set(before)) > 0, 60, "a new worker")
    return until(web.is_healthy, 60, "gunicorn")


def _sell_through(
    world: World,
    sale: Sale,
    times: int,
    disturb: Callable[[], float],
    longest_pause_s: float = LONGEST_PAUSE_S,
) -> Verdict:
    """A sale that goes on until it was disturbed so many times, then judged like every other."""
    auditor = Auditor(world.database, sale.skus, world.door)
    crowd = Crowd(sale, world.door)
    dice, pauses = random.Random(sale.seed), []
    crowd.start()
    try:
        for _time in range(times):
            time.sleep(dice.uniform(0.5, 2.0))  # the moment is the random part of the proof
            pauses.append(disturb())
        time.sleep(1.0)
    finally:
        crowd.stop()
    done = crowd.wait()
    verdict = world.settle(sale, done, auditor)
    verdict.counts |= {"times": times, "longest pause s": round(max(pauses), 2)}
    if max(pauses) > longest_pause_s and not world.embedded:
        verdict.faults.append(f"the service was away for {max(pauses):.1f} s after its database")
    if not verdict.counts["lost answers"] and not verdict.counts["5xx"]:
        verdict.faults.append("no client noticed anything: this proves nothing")
    return verdict


def no_deadlock(size: Size) -> Verdicts:
    """R7: many SKUs a cart, in random order."""
    skus = [f"LOCK-{number}" for number in range(20)]
    with World() as world:
        world.load(dict.fromkeys(skus, 10**6))
        yield f"{size.carts} carts", hunt(world, skus, size.carts, "lock")


def linearizable(size: Size) -> Verdicts:
    """R8: one SKU's counter seems to change at one moment between question and answer."""
    skus = [f"LINE-{number}" for number in range(size.histories)]
    with World() as world:
        world.load(dict.fromkeys(skus, CAPACITY))
        yield f"{len(skus)} histories", check_histories(world, skus, size.operations, "line")
