"""The work may die after any of its transactions and is run again: nothing of her is left, each row is
counted once, and the accounts are what they were."""

import pytest
from django.db import transaction

from privacy.models import ErasureState
from privacy.services import erasing
from tests.factories_marketing import Quiet
from tests.factories_privacy import erase, make_known_person, money_of_the_shop, start_erasure

pytestmark = pytest.mark.django_db


class KilledError(BaseException):
    """Not an Exception: nobody on the way may catch it."""


class Killer(Quiet):
    """Dies the n-th time that a transaction begins, or just after it ends."""

    def __init__(self, left: int):
        self.left = left

    def still_mine(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise KilledError


def counts_of(erasure) -> dict[str, int]:
    found: dict[str, int] = {}
    for step in erasure.steps.all():
        for name, rows in step.counts.items():
            found[name] = found.get(name, 0) + rows
    return found


def test_dying_at_every_transaction_ends_as_one_run_does():
    with transaction.atomic():
        her = make_known_person()
        whole = counts_of(erase(her))
        transaction.set_rollback(True)
    her = make_known_person()
    money, erasure, deaths = money_of_the_shop(), start_erasure(her), 0
    for allowed in range(1, 400):
        try:
            erasing.erase_person(Killer(allowed), erasure.pk)
            break
        except KilledError:
            deaths += 1
    erasure.refresh_from_db()
    assert deaths > 5
    assert erasure.state == ErasureState.PROVEN, erasure.found
    assert counts_of(erasure) == whole
    assert money_of_the_shop() == money


def test_counts_outside_the_transaction_of_their_rows_would_be_lost(monkeypatch):
    """The negative control: a count written before a death between the two is wrong afterwards."""
    her = make_known_person()
    erasure = start_erasure(her)
    real = erasing._count

    def early(step, what, rows):
        real(step, what, rows)
        if what == "shop.Order":
            raise KilledError

    monkeypatch.setattr(erasing, "_count", early)
    with pytest.raises(KilledError):
        erasing.erase_person(Quiet(), erasure.pk)
    assert "shop.Order" not in counts_of(erasure)  # rolled back with its rows
    assert her.orders.count() == 1


def test_dying_before_the_door_removes_nothing():
    her = make_known_person()
    erasure = start_erasure(her)
    with pytest.raises(KilledError):
        erasing.erase_person(Killer(0), erasure.pk)
    erasure.refresh_from_db()
    assert erasure.working == {}
    assert her.orders.exists()
