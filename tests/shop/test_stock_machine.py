"""Any sequence of stock verbs agrees with a model in plain numbers, and the ledger proves it.

`STOCK_STEPS=10000 pytest -s tests/shop/test_stock_machine.py` takes more steps, at random, and
prints how often each verb worked, was refused and crashed.
"""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from shop.services.stock import batch_order, movements
from tests.stock_machine import StockMachine
from tests.stock_rules import tally

STEPS_EACH = 75
MORE_STEPS = int(os.environ.get("STOCK_STEPS", "0"))
VERBS = {
    "adjust", "allocate", "cancel", "cancel_allocation", "consume", "count_stock",
    "end_due_ring_fences", "expire_due_reservations", "extend", "place_order", "receive",
    "release", "release_cart", "release_ring_fence", "reserve", "return_lines", "return_to_stock",
    "ring_fence", "set_aside_expired", "ship", "transfer", "write_off_batch",
}  # fmt: skip

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def walk(steps: int, *, number: int | None = None, **chosen) -> None:
    """number: the same walks for the same number, whatever the source says; None: by chance."""
    StockMachine._hypothesis_internal_use_seed = None
    machine = StockMachine if number is None else seed(number)(StockMachine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=steps // STEPS_EACH + 1,
            stateful_step_count=STEPS_EACH,
            deadline=None,
            database=None,
            derandomize=False,  # `number` says what is the same; without one no walk is like another
            suppress_health_check=list(HealthCheck),
            **chosen,
        ),
    )


def unseen() -> set[str]:
    return VERBS - {verb for verb, how in tally if how == "worked"}


def crashes() -> int:
    return sum(count for (_verb, how), count in tally.items() if how == "crashed")


def test_every_sequence_agrees_with_the_model():
    tally.clear()
    for number in range(4):  # 2,000 steps, and more only while a verb has not come up
        if not MORE_STEPS and (number < 2 or unseen() or crashes() < 5):
            walk(1000, number=number)
    while tally["steps", "checked"] < MORE_STEPS:  # some walks end early
        walk(1000)
    if MORE_STEPS:
        told = [f"{count:7} {verb} {how}" for (verb, how), count in sorted(tally.items())]
        sys.stdout.write("\n" + "\n".join(told) + "\n")
    assert tally["steps", "checked"] >= (MORE_STEPS or 1500)
    assert unseen() == set()
    assert crashes() >= 5


def test_control_a_wrong_order_of_batches_is_noticed(monkeypatch):
    monkeypatch.setattr(movements, "pieces_to_sell", batch_order.pieces_to_lose)
    with pytest.raises(AssertionError):
        walk(2000, number=1, phases=[Phase.generate])
