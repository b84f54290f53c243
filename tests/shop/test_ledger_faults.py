"""The proof of the ledgers, small: real PostgreSQL, gunicorn and clients, restarts and kills.

The sizes that docs/performance.md reports: `python -m benchmarks.ledger_proof --full`. First the
judges themselves: each must see the fault that it is there for.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.ledger_proof.books import Books, Effects, Held, Ordered, Place, judge
from benchmarks.ledger_proof.linear import Operation, is_linearizable, windows
from benchmarks.ledger_proof.sale import Attempt, Done, Said, Sale, attempts_of, hands_of

HERE = Place(1, 1)


def books(**other) -> Books:
    """Ten units, three allocated, two reserved; `other` is what one witness says instead."""
    counters = (10, 3, 2, 0)
    said = {"levels": {HERE: counters}, "ledger": {HERE: counters}, "held": {HERE: 2}}
    return Books(**({**said, "promised": {1: 3}} | other))


def test_books_that_agree_have_no_fault():
    assert books().faults() == []
    assert books().available() == {1: 5}


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        ({"levels": {HERE: (4, 3, 2, 0)}}, "oversold"),
        ({"levels": {HERE: (10, 3, -2, 0)}}, "below zero"),
        ({"ledger": {HERE: (10, 3, 1, 0)}}, "not the ledger's"),
        ({"ledger": {}}, "not the ledger's None"),
        ({"held": {HERE: 4}}, "open reservations 4"),
        ({"promised": {1: 4}}, "open orders 4"),
        ({"promised": {1: 3, 2: 1}}, "allocated 0, open orders 1"),
    ],
)
def test_books_that_differ_are_told(other, fault):
    assert any(fault in told for told in books(**other).faults())


def attempt(fate: str = "keep", *, direct: bool = False) -> Attempt:
    return Attempt(0, "A", "cart", "k", 2, fate, direct, 1)


def said(verb: str = "reserve", key: str = "k", status: int = 201, **other) -> Said:
    fields = {"problem": "", "digest": "d", "number": "", "available": None} | other
    return Said(0, fields.pop("copy", 0), verb, key, status, **fields, **CLOCK)


CLOCK = {"began": 0.0, "ended": 1.0, "requests": 1, "broken": 0, "failures": 0}


def held(state: str = "held", units: int = 2) -> Effects:
    effects = Effects(holds={"cart": (1, units)})
    effects.reservations["k"].append(Held("cart", units, state))
    return effects


def ordered(state: str = "placed", allocated: int = 2) -> Effects:
    effects = held("ordered")
    effects.orders["k-order"].append(Ordered("N", 2, state))
    effects.allocated["N"] = allocated
    return effects


ORDER = said("order", "k-order", number="N")
CANCEL = said("cancel", "k-cancel", 200)
REFUSED = said(status=409, problem="out-of-stock")


@pytest.mark.parametrize(
    ("fate", "heard", "effects"),
    [
        ("keep", [said()], held()),
        ("keep", [said(), said(copy=1)], held()),
        ("keep", [REFUSED], Effects()),
        ("keep", [REFUSED, said(copy=1)], held()),  # units came back in between
        ("order", [REFUSED, said(copy=1)], held()),
        ("abandoned", [said()], held("expired")),
        ("release", [said(), said("release", "k-release", 200)], held("released")),
        ("release", [said(copy=1)], held()),  # the sale ended before its client went on
        ("order", [said(), ORDER], ordered()),
        ("cancel", [said(), ORDER, CANCEL], ordered("cancelled", 0)),
    ],
)
def test_the_judge_accepts_what_was_acknowledged(fate, heard, effects):
    assert judge(Done([attempt(fate)], heard), effects) == []


@pytest.mark.parametrize(
    ("fate", "heard", "effects", "fault"),
    [
        ("keep", [said()], Effects(), "2 units acknowledged, 0 reserved"),
        ("keep", [said()], held(units=4), "2 units acknowledged, 4 reserved"),
        ("keep", [REFUSED], held(), "0 units acknowledged, 2 reserved"),
        ("keep", [said(), said(digest="other")], held(), "told of different effects"),
        ("keep", [said(), REFUSED._replace(copy=1, began=2.0)], held(), "refused after"),
        ("keep", [said(status=0)], Effects(), "never settled"),
        ("keep", [said(status=409, problem="stock-refused")], Effects(), "409 stock-refused"),
        ("keep", [], held(), "nobody asked for"),
        ("abandoned", [said()], held(), "its fate was abandoned"),
        ("release", [said()], held(), "never came to release"),
        ("order", [said(), ORDER], held("ordered"), "there is []"),
        ("order", [said(), ORDER], ordered("placed", 4), "allocated 4"),
        ("cancel", [said(), ORDER, CANCEL], ordered("cancelled", 2), "allocated 2"),
        ("cancel", [said(), ORDER, CANCEL], ordered("placed", 0), "cancelled True"),
    ],
)
def test_the_judge_names_what_is_lost_doubled_or_stuck(fate, heard, effects, fault):
    assert any(fault in told for told in judge(Done([attempt(fate)], heard), effects))


def test_a_reservation_with_two_rows_of_the_ledger_is_named():
    effects = held()
    effects.holds["cart"] = (2, 2)
    assert any("in 2 rows" in told for told in judge(Done([attempt()], [said()]), effects))


def test_a_sale_is_the_same_for_the_same_seed_and_copies_fall_to_different_clients():
    sale = Sale("s", ("A", "B"), 200, 7, copies=3)
    attempts = attempts_of(sale)
    assert attempts == attempts_of(sale)
    assert {one.sku for one in attempts} == {"A", "B"}
    hands = hands_of(sale, attempts)
    assert sum(map(len, hands)) == 600
    assert len(hands) == sale.clients
    by_client = [{(one.number, copy) for one, copy in hand} for hand in hands]
    alone = [
        number
        for number in range(200)
        if any({(number, c) for c in range(3)} <= h for h in by_client)
    ]
    assert len(alone) < 20


def take(began, ended, units, told):
    return Operation(began, ended, "take", units, told)


def give(began, ended, units):
    return Operation(began, ended, "give", units, 1)


def read(began, ended, told):
    return Operation(began, ended, "read", 0, told)


@pytest.mark.parametrize(
    "history",
    [
        [],
        [take(0, 1, 5, 1), read(2, 3, 0), take(4, 5, 1, 0)],
        [take(0, 9, 3, 1), take(1, 8, 3, 0), read(2, 3, 5)],  # both were still under way
        [take(0, 9, 5, 1), read(1, 2, 5), read(3, 4, 0)],  # carried out between the reads
        [take(0, 1, 5, 1), give(2, 9, 5), take(3, 4, 5, 1)],  # given back before it was confirmed
        [take(0, 9, 5, 1), give(1, 8, 2), take(2, 7, 2, 1), read(10, 11, 0)],
    ],
)
def test_histories_that_a_counter_of_five_explains(history):
    assert is_linearizable(history, 5)


@pytest.mark.parametrize(
    "history",
    [
        [take(0, 1, 3, 1), take(2, 3, 3, 1)],  # oversold
        [take(0, 1, 5, 0)],  # undersold
        [take(0, 1, 5, 1), read(2, 3, 5)],  # a stale read
        [take(0, 9, 5, 1), read(1, 2, 0), read(3, 4, 5)],  # read back in time
        [take(0, 1, 5, 1), give(3, 9, 5), take(1.5, 2, 5, 1)],  # given before it was offered
        [take(0, 9, 3, 1), take(1, 8, 3, 1)],  # lost update
        [take(0, 9, 2, 1), take(1, 8, 2, 1), read(10, 11, 3)],  # one of the two is missing
        [take(0, 1, 5, 1), give(2, 3, 5), give(4, 5, 5), read(6, 7, 5)],
    ],
)
def test_histories_that_no_order_explains(history):
    assert not is_linearizable(history, 5)


def test_windows_are_cut_only_at_moments_of_rest():
    history = [read(0, 2, 5), read(1, 3, 5), read(4, 5, 5), read(5, 6, 5)]
    assert [len(window) for window in windows(history)] == [2, 2]


def has_postgres() -> bool:
    installed = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return bool(shutil.which("initdb") or installed)


@pytest.mark.slow
@pytest.mark.postgres  # its server is its own: once is enough, beside the suite on PostgreSQL
@pytest.mark.skipif(not has_postgres(), reason="needs PostgreSQL's programs")
def test_a_real_sale_through_a_crash_and_the_control_that_must_oversell():
    """One world for all of it: its start is most of the time."""
    from benchmarks.ledger_proof.deadlocks import hunt
    from benchmarks.ledger_proof.histories import CAPACITY, check_histories
    from benchmarks.ledger_proof.proofs import UNSHARED, survive
    from benchmarks.ledger_proof.world import World

    lines = [f"LINE-{number}" for number in range(2)]
    free = [f"FREE-{number}" for number in range(5)]
    with World() as world:
        world.load(
            {"HOT": 40, "CRASH": 10**5, "A": 99, "B": 99, "C": 99, "D": 99, "E": 99}
            | dict.fromkeys(lines, CAPACITY)
            | dict.fromkeys(free, 40)
        )
        hot = world.sell(Sale("hot", ("HOT",), 150, 1, second_copy=0.2))
        assert hot.faults == []
        assert hot.counts["refused"] > 0  # there was too little for all
        assert hot.counts["audits"] > 0
        sale = Sale("crash", ("CRASH",), 10_000, 1)
        # How long it takes is the benchmark's to judge: here others may hold the machine.
        crash = survive(world, sale, "kill -9 one backend", 1, longest_pause_s=60)
        assert crash.faults == []
        assert crash.counts["5xx"] + crash.counts["lost answers"] > 0  # it was noticed
        assert check_histories(world, lines, 40, "line").faults == []
        assert hunt(world, list("ABCDE"), 20, "lock").faults == []
        world.take_out_the_guard()
        runs = [
            world.sell(Sale("control", (sku,), 300, number, fates=UNSHARED))
            for number, sku in enumerate(free)
        ]
        assert any("oversold" in fault for run in runs for fault in run.faults)
