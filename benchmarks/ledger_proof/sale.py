"""A flash sale as a list of attempts, and the crowd of client processes that carries it out."""

from __future__ import annotations

import multiprocessing
import random
import threading
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from benchmarks.ledger_proof.callers import Answer, Caller, Door

# What becomes of a cart after its units were reserved.
FATES = ("keep", "abandoned", "release", "order", "cancel")


@dataclass(frozen=True)
class Sale:
    """`attempts` carts try to get 1 to `most_units` of one of `skus`; some requests come twice."""

    name: str
    skus: tuple[str, ...]
    attempts: int
    seed: int
    most_units: int = 5
    copies: int = 1  # of each reservation request, all with one key
    second_copy: float = 0.0  # the share of requests that come once more
    fates: tuple[str, ...] = FATES
    direct_orders: float = 0.1  # the share that orders without reserving before
    clients: int = 64
    processes: int = 2


class Attempt(NamedTuple):
    number: int
    sku: str
    cart: str
    key: str
    units: int
    fate: str
    direct: bool
    copies: int


class Said(NamedTuple):
    """One settled request of a client."""

    attempt: int
    copy: int  # of the same request with the same key; 0 is the one that goes on
    verb: str  # reserve, order, release, cancel
    key: str
    status: int
    problem: str
    digest: str
    number: str  # of the order
    available: int | None  # what a refusal said was left
    began: float
    ended: float
    requests: int
    broken: int
    failures: int


@dataclass
class Done:
    """What a crowd did, and what it was told."""

    attempts: list[Attempt]
    said: list[Said] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(one.requests for one in self.said)


def attempts_of(sale: Sale) -> list[Attempt]:
    dice = random.Random(sale.seed)
    made = []
    for number in range(sale.attempts):
        direct = dice.random() < sale.direct_orders
        fate = dice.choice(sale.fates)
        label = f"{sale.name}-{sale.seed}-{number}"
        cart = f"{label}-{fate}"
        copies = sale.copies + (dice.random() < sale.second_copy)
        units = dice.randint(1, sale.most_units)
        made.append(
            Attempt(number, dice.choice(sale.skus), cart, label, units, fate, direct, copies)
        )
    return made


def hands_of(sale: Sale, attempts: list[Attempt]) -> list[list[tuple[Attempt, int]]]:
    """Who sends what: copies of one request fall to different clients at about the same time."""
    dice = random.Random(sale.seed + 1)
    cards = [(one, copy) for one in attempts for copy in range(one.copies)]
    cards.sort(key=lambda card: card[0].number + dice.random() * sale.clients / 4)
    return [cards[first :: sale.clients] for first in range(sale.clients)]


def hold(sale: Sale, door: Door, *, patience: float = 150.0) -> Done:
    """Hold the sale with real clients; returns when each has the final word on each request."""
    crowd = Crowd(sale, door, patience)
    crowd.start()
    return crowd.wait()


class Crowd:
    """Client processes that can be left running while somebody pulls the plugs."""

    def __init__(self, sale: Sale, door: Door, patience: float = 150.0) -> None:
        self.sale, self.done = sale, Done(attempts_of(sale))
        context = multiprocessing.get_context("spawn")
        hands = hands_of(sale, self.done.attempts)
        self.stopped = context.Event()
        self.ends, self.processes = [], []
        for number in range(sale.processes):
            here, there = context.Pipe(duplex=False)
            part = hands[number :: sale.processes]
            arguments = (there, door, part, sale.seed * 1000 + number, patience, self.stopped)
            self.processes.append(context.Process(target=_client_process, args=arguments))
            self.ends.append((here, there))

    def start(self) -> None:
        for process, (_here, there) in zip(self.processes, self.ends, strict=True):
            process.daemon = True
            process.start()
            there.close()

    def stop(self) -> None:
        """Nobody begins another attempt; what was begun is carried to its end."""
        self.stopped.set()

    def wait(self) -> Done:
        for process, (here, _there) in zip(self.processes, self.ends, strict=True):
            self.done.said += here.recv()
            process.join()
        return self.done


def _client_process(
    end: Any, door: Door, hands: list, seed: int, patience: float, stopped: Any
) -> None:
    said: list[list[Said]] = [[] for _ in hands]

    def client(number: int) -> None:
        caller = Caller(door, random.Random(seed * 100 + number), patience)
        for attempt, copy in hands[number]:
            if stopped.is_set():
                break
            said[number] += carry_out(caller, attempt, copy)
        caller.close()

    threads = [threading.Thread(target=client, args=(n,), daemon=True) for n in range(len(hands))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end.send([one for part in said for one in part])
    end.close()


def carry_out(caller: Caller, attempt: Attempt, copy: int) -> list[Said]:
    """One attempt of one client; what follows a reservation is done by who sent the first copy."""
    first = _order(caller, attempt) if attempt.direct else _reserve(caller, attempt)
    said = [first._replace(copy=copy)]
    if copy or first.status != 201:
        return said
    if attempt.fate == "release" and not attempt.direct:
        said.append(_release(caller, attempt))
    if attempt.fate in ("order", "cancel") and not attempt.direct:
        said.append(_order(caller, attempt))
    if attempt.fate == "cancel" and said[-1].verb == "order" and said[-1].number:
        said.append(_cancel(caller, attempt, said[-1].number))
    return said


def _reserve(caller: Caller, attempt: Attempt) -> Said:
    body = {"sku": attempt.sku, "units": attempt.units, "minutes": 60}
    path = f"storefront/v1/carts/{attempt.cart}/reservations/"
    answer = caller.ask("POST", path, body, key=attempt.key)
    held = [(row["sku"], row["units"]) for row in answer.body.get("reservations", [])]
    # Of a repeated reservation the units are promised, not the bytes: its state is as it is now.
    return _said(attempt, "reserve", attempt.key, answer._replace(digest=str(held)))


def _order(caller: Caller, attempt: Attempt) -> Said:
    body = {"lines": [{"sku": attempt.sku, "units": attempt.units}], "cart": attempt.cart}
    key = f"{attempt.key}-order"
    return _said(attempt, "order", key, caller.ask("POST", "storefront/v1/orders/", body, key=key))


def _release(caller: Caller, attempt: Attempt) -> Said:
    key = f"{attempt.key}-release"
    path = f"storefront/v1/carts/{attempt.cart}/reservations/"
    return _said(attempt, "release", key, caller.ask("DELETE", path, key=key))


def _cancel(caller: Caller, attempt: Attempt, number: str) -> Said:
    key = f"{attempt.key}-cancel"
    path = f"merchant/v1/orders/{number}/steps/"
    answer = caller.ask("POST", path, {"to": "cancelled"}, key=key, staff=True)
    return _said(attempt, "cancel", key, answer)


def _said(attempt: Attempt, verb: str, key: str, answer: Answer) -> Said:
    errors = answer.body.get("errors") or [{}]
    return Said(
        attempt.number,
        0,
        verb,
        key,
        answer.status,
        answer.problem,
        answer.digest,
        str(answer.body.get("number", "")),
        errors[0].get("available_units"),
        *answer[3:],
    )
