"""verify_stock finds what the ledger does not prove, and repairs only when told."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from decisions.models import Job
from decisions.services.jobs import create_job, run_job
from shop.models import Allocation, Batch, Order, RingFence, StockLevel
from shop.services.orders import orders
from shop.services.stock import stock
from shop.services.stock.ring_fences import ring_fence
from shop.services.stock.verify import Difference, repair_stock, verify_stock
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea():
    variant = make_variant("TEA-1")
    stock.receive(variant, 9, warehouse=make_warehouse(), key="po")
    stock.reserve(variant, 2, cart="c", key="r")
    return variant


def test_honest_books_have_no_difference(tea):
    assert verify_stock() == []


def test_a_counter_that_was_tampered_with_is_named(tea):
    StockLevel.objects.update(on_hand=12, reserved=1)
    assert verify_stock() == [
        Difference("TEA-1", "MAIN", "on_hand", 12, 9),
        Difference("TEA-1", "MAIN", "reserved", 1, 2),
        Difference("TEA-1", "MAIN", "reservations", 1, 2),
    ]
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("verify_stock", stdout=out)
    assert failed.value.returncode == 1
    assert "counter 12\tledger 9" in out.getvalue()
    assert StockLevel.objects.get().on_hand == 12  # told nothing, repaired nothing


def test_repair_sets_the_counters_to_the_ledger(tea):
    StockLevel.objects.update(on_hand=12, allocated=3)
    call_command("verify_stock", "--repair", stdout=StringIO())
    level = StockLevel.objects.get()
    assert (level.on_hand, level.allocated, level.reserved) == (9, 0, 2)
    assert repair_stock() == 0


def test_a_counter_that_was_lost_is_found_and_rebuilt(tea):
    StockLevel.objects.all().delete()
    assert Difference("TEA-1", "MAIN", "on_hand", 0, 9) in verify_stock()
    repair_stock()
    assert verify_stock() == []


def test_an_allocation_that_no_counter_covers_is_named(tea):
    wanted = orders.NewOrder((orders.WantedLine("TEA-1", 3),))
    order = orders.place_order(wanted, key="k")
    assert verify_stock() == []
    Allocation.objects.update(units=7)
    assert verify_stock() == [Difference("TEA-1", "MAIN", "allocations", 3, 7)]
    Order.objects.filter(pk=order.pk).update(is_history=True)  # it never moved the ledger
    assert verify_stock() == []


@pytest.fixture
def lot(tea):
    place = make_warehouse()
    stock.receive(tea, 4, warehouse=place, key="lot", batch="LOT-1")
    ring_fence(tea, 3, warehouse=place, purpose="sale", key="f")
    return tea


def test_batches_and_fences_are_proved_too(lot):
    assert verify_stock() == []
    Batch.objects.update(on_hand=99)
    RingFence.objects.update(units_left=2)
    assert verify_stock() == [
        Difference("TEA-1", "MAIN", "batch LOT-1", 99, 4),
        Difference("TEA-1", "MAIN", "ring_fence sale", 2, 3),
        Difference("TEA-1", "MAIN", "batches", 13, 99),
        Difference("TEA-1", "MAIN", "ring_fences", 3, 2),
    ]
    assert repair_stock() == 2
    assert verify_stock() == []


def test_the_page_shows_the_last_check_and_repairs_only_when_told(lot, client):
    client.force_login(make_staff(is_superuser=True))
    page = reverse("admin:shop_stock_check")
    assert "Nobody has checked yet" in client.get(page).content.decode()
    StockLevel.objects.update(on_hand=20)
    for body in ({"check": "1"}, {"check": "1"}, {"repair": "1"}):
        client.post(page, body)  # twice asked is once asked; a repair needs its tick
    run_job(Job.objects.get(kind="verify_stock").pk)
    shown = client.get(page).content.decode()
    assert "2 counters" not in shown
    assert "One counter differs" in shown
    assert StockLevel.objects.get().on_hand == 20
    client.post(page, {"repair": "1", "sure": "yes"})
    run_job(Job.objects.filter(kind="verify_stock").latest("pk").pk)
    shown = client.get(page).content.decode()
    assert "Every counter equals its ledger" in shown
    assert "One row was repaired" in shown
    assert StockLevel.objects.get().on_hand == 13


def test_the_page_is_for_those_who_may(lot, client):
    page = reverse("admin:shop_stock_check")
    client.force_login(make_staff("shop.view_order"))
    assert client.get(page).status_code == 403
    client.force_login(make_staff("shop.view_stocklevel", "shop.add_stockmovement"))
    assert client.get(page).status_code == 200
    assert client.post(page, {"repair": "1", "sure": "yes"}).status_code == 403
    assert not Job.objects.exists()
    assert client.post(page, {"check": "1"}).status_code == 302
    assert Job.objects.get().payload == {"repair": False}


def test_a_difference_fails_the_nights_step_and_stands_on_the_page(lot, client):
    StockLevel.objects.update(on_hand=20)
    payload = {"step": "stock_check", "as_of": "2026-03-02T00:00:00+00:00", "missing": []}
    night = Job.objects.create(kind="night")
    step = run_job(create_job("night_step", payload, parent=night)[0].pk)
    assert (step.state, step.attempt) == ("failed", 1)
    assert "1 counters differ" in step.error
    client.force_login(make_staff(is_superuser=True))
    assert "One counter differs" in client.get(reverse("admin:shop_stock_check")).content.decode()
    assert StockLevel.objects.get().on_hand == 20
