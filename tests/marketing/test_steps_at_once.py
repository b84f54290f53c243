"""Two clocks that step the same people: one of them moves them, and neither blocks the other for good."""

import logging
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from marketing.models import (
    Enrolment,
    Journey,
)
from marketing.services.journeys import stepping, together
from shop.models import Customer, Event
from tests.factories_crowd import LONG, through_or_blocked
from tests.marketing.test_journeys import NOON, send
from tests.marketing.test_steps_together import entered, states

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _shop(settings, tmp_path):
    settings.STOREFRONT_URL, settings.ARTEFACT_DIR = "https://shop.example", tmp_path
    settings.MARKETING_CAP_MESSAGES, settings.MARKETING_SEND_COST_MINOR = 5, 3


def meet(monkeypatch) -> list[int]:
    """A second clock steps while the first has written and not committed. How many each moved."""
    entered(send(), 4)
    written, go_on, moved = threading.Event(), threading.Event(), []
    write, first = together.Together.write, threading.Event()

    def slowly(self):
        write(self)
        if not first.is_set():
            first.set()
            written.set()
            go_on.wait(timeout=LONG)

    monkeypatch.setattr(together.Together, "write", slowly)

    def step() -> None:
        moved.append(stepping.step_due(NOON + HOUR))
        connection.close()

    one, other = (threading.Thread(target=step) for _number in range(2))
    one.start()
    assert written.wait(timeout=LONG)
    other.start()
    through_or_blocked(other)  # with the lock it is through: it leaves them to the first
    go_on.set()
    one.join(timeout=LONG)
    other.join(timeout=LONG)
    return sorted(moved)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_clocks_one_moves_them(monkeypatch, caplog):
    assert meet(monkeypatch) == [0, 4]
    assert states() == {"claimed": 4}
    assert not caplog.records


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_database_refuses_the_second_row(monkeypatch, caplog):
    """And each is tried alone, finds hers and waits: once it is all the same."""
    manager = type(Enrolment.objects)
    unlocked = lambda self, **how: self.get_queryset()  # noqa: E731
    monkeypatch.setattr(manager, "select_for_update", unlocked)
    assert meet(monkeypatch) == [4, 4]
    assert "once_per_journey_step" in caplog.text
    assert states() == {"claimed": 4}


def crossing(caplog) -> list[str]:
    """Somebody locks two customers in their order while a step writes to both; they entered in the
    other order. What broke."""
    people = entered(send(), 2)
    Enrolment.objects.all().delete()
    journey = Journey.objects.get()
    for one in reversed(people):
        key = f"cart:{Event.objects.get(customer=one, kind='cart_add').event_id}"
        Enrolment.objects.create(
            journey=journey, version=journey.live_version, customer=one, key=key,
            entered_at=NOON + HOUR, due_at=NOON + HOUR,
        )  # fmt: skip
    has_first, broke = threading.Event(), []

    def lock_both() -> None:
        rows = Customer.objects.select_for_update()
        try:
            with transaction.atomic():
                rows.get(pk=people[0].pk)
                has_first.set()
                through_or_blocked(stepped)
                rows.get(pk=people[1].pk)
        except OperationalError as error:
            broke.append(str(error))
        connection.close()

    def step() -> None:
        has_first.wait(timeout=LONG)
        stepping.step_due(NOON + HOUR)
        connection.close()

    locks, stepped = threading.Thread(target=lock_both), threading.Thread(target=step)
    stepped.start()  # and waits until the first is locked
    locks.start()
    locks.join(timeout=LONG)
    stepped.join(timeout=LONG)
    return broke + [one.message for one in caplog.records if one.levelno >= logging.WARNING]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_step_takes_customers_in_the_order_in_which_they_are_locked(caplog):
    assert crossing(caplog) == []
    assert states() == {"claimed": 2}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_in_the_order_of_entering_they_would_block_each_other(monkeypatch, caplog):
    monkeypatch.setattr(together, "in_lock_order", list)
    assert crossing(caplog)
    assert states() == {"claimed": 2}  # one of them was let go, and the step was tried again
