"""Waiting for what is sold out: one place per person and thing, served in turn, forgotten when closed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop.models import OrderState, WaitlistEntry, WaitlistState
from shop.services import waitlist
from shop.services.stock import stock
from shop.services.stock.holds import hold
from tests.factories import make_customer, make_order, make_variant, make_warehouse
from tests.factories_crowd import LONG

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def tea():
    return make_variant("TEA-1")


def wait(variant=None, units=1, *, customer=None, contact="", at=NOW, **fields):
    wish = waitlist.Wish(
        units, "test", consent=True, variant=variant, customer=customer, contact=contact, **fields
    )
    return waitlist.join(wish, at=at)


def receive(variant, units):
    stock.receive(variant, units, warehouse=make_warehouse(), key=f"po:{variant.sku}:{units}")


def served():
    return [(one.entry.pk, one.variant.sku, one.units) for one in waitlist.can_be_served()]


def test_who_joins_twice_keeps_the_place_and_the_last_units_count(tea):
    ann = make_customer("ANN")
    first = wait(tea, 1, customer=ann)
    again = wait(tea, 3, customer=ann, at=NOW + timedelta(days=2))
    assert (again.pk, again.units, again.created_at) == (first.pk, 3, NOW)
    assert WaitlistEntry.objects.count() == 1


def test_who_joins_while_the_old_entry_closes_gets_a_new_place(tea, monkeypatch):
    ann = make_customer("ANN")
    old, real = wait(tea, customer=ann), waitlist._renewed

    def closed_first(entry, wish):
        waitlist.leave(entry)
        return real(entry, wish)

    monkeypatch.setattr(waitlist, "_renewed", closed_first)
    new = wait(tea, 2, customer=ann)
    assert (new.pk != old.pk, new.state, new.units) == (True, WaitlistState.WAITING, 2)


def test_a_guest_whose_address_is_a_customers_is_that_customer(tea):
    ann = make_customer("ANN", email="ann@example.com")
    first = wait(tea, customer=ann)
    again = wait(tea, contact="Ann@Example.com")
    assert again.pk == first.pk
    assert (again.customer, again.contact) == (ann, "")


def test_a_guest_needs_an_address_and_consent(tea):
    with pytest.raises(waitlist.WaitlistError, match="consent"):
        waitlist.join(waitlist.Wish(1, "test", False, variant=tea, contact="g@example.com"))
    with pytest.raises(waitlist.WaitlistError, match="Name a customer"):
        waitlist.join(waitlist.Wish(1, "test", True, variant=tea))
    assert not WaitlistEntry.objects.exists()


def test_leaving_twice_equals_once_and_forgets_the_guest(tea):
    entry = wait(tea, contact="g@example.com")
    assert waitlist.leave(entry)
    assert not waitlist.leave(entry)
    entry.refresh_from_db()
    assert (entry.state, entry.contact, entry.open_key) == (WaitlistState.CANCELLED, "", None)
    assert wait(tea, contact="g@example.com").pk != entry.pk


def test_what_waited_too_long_expires_once(tea, settings):
    settings.WAITLIST_DAYS = 30
    wait(tea, contact="g@example.com")
    assert waitlist.expire_due(NOW + timedelta(days=29)) == 0
    assert waitlist.expire_due(NOW + timedelta(days=30)) == 1
    assert waitlist.expire_due(NOW + timedelta(days=31)) == 0


def test_an_order_after_joining_closes_the_entry(tea):
    ann, bob, eve = (make_customer(code) for code in ("ANN", "BOB", "EVE"))
    entries = {one.code: wait(tea, customer=one) for one in (ann, bob, eve)}
    make_order([(tea, 1)], customer=ann, at=NOW + timedelta(hours=1))
    make_order([(tea, 1)], customer=bob, at=NOW - timedelta(hours=1))
    make_order([(tea, 1)], customer=eve, at=NOW + timedelta(hours=1), state=OrderState.CANCELLED)
    assert waitlist.close_bought(NOW + timedelta(days=1)) == 1
    assert waitlist.close_bought(NOW + timedelta(days=1)) == 0
    states = {code: WaitlistEntry.objects.get(pk=one.pk).state for code, one in entries.items()}
    assert states == {"ANN": "bought", "BOB": "waiting", "EVE": "waiting"}


def test_an_entry_for_a_product_is_closed_by_any_sku_of_it(tea):
    ann = make_customer("ANN")
    entry = wait(product=tea.product, customer=ann)
    make_order([(tea, 1)], customer=ann, at=NOW + timedelta(hours=1))
    waitlist.close_bought(NOW + timedelta(days=1))
    entry.refresh_from_db()
    assert entry.state == WaitlistState.BOUGHT


def test_what_arrives_is_shared_out_oldest_first_and_never_twice(tea):
    ann, bob, eve = (
        wait(tea, units, customer=make_customer(code), at=NOW + timedelta(minutes=n))
        for n, (code, units) in enumerate([("ANN", 2), ("BOB", 2), ("EVE", 1)])
    )
    assert served() == []
    receive(tea, 3)
    assert served() == [(ann.pk, "TEA-1", 2), (bob.pk, "TEA-1", 1)]
    WaitlistEntry.objects.filter(pk=eve.pk).update(state=WaitlistState.NOTIFIED)
    assert served() == [(ann.pk, "TEA-1", 2)], "Eve was told: her unit is taken"


def test_an_entry_for_a_product_competes_with_those_for_its_skus(tea):
    other = make_variant("TEA-2")
    other.product = tea.product
    other.save()
    ann = wait(tea, 2, customer=make_customer("ANN"))
    bob = wait(product=tea.product, units=4, customer=make_customer("BOB"))
    receive(tea, 5)
    assert served() == [(ann.pk, "TEA-1", 2), (bob.pk, "TEA-1", 3)]
    receive(other, 4)
    assert served() == [(ann.pk, "TEA-1", 2), (bob.pk, "TEA-2", 4)]


def test_what_is_held_serves_nobody(tea):
    wait(tea, customer=make_customer("ANN"))
    receive(tea, 5)
    hold(tea, "A defect.")
    assert served() == []


def test_asking_costs_two_queries_for_one_or_for_fifty():
    for n in range(50):
        variant = make_variant(f"SKU-{n}")
        wait(variant, customer=make_customer(f"C-{n}"))
        receive(variant, 2)
        if n in (0, 49):
            with CaptureQueriesContext(
                connection,
            ) as seen:
                assert len(served()) == n + 1
            assert len(seen) == 2


def test_a_customer_who_is_deleted_leaves_no_entry(tea):
    ann = make_customer("ANN")
    wait(tea, customer=ann)
    ann.delete()
    assert not WaitlistEntry.objects.exists()


def test_the_table_itself_refuses_a_closed_entry_with_an_address(tea):
    entry = wait(tea, contact="g@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        WaitlistEntry.objects.filter(pk=entry.pk).update(state=WaitlistState.EXPIRED)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_person_at_sixteen_windows_has_one_place():
    import threading

    variant, ann = make_variant("TEA-9"), make_customer("ANN")
    wrong = []

    def at_the_door():
        try:
            wait(variant, customer=ann)
        except Exception as error:  # noqa: BLE001 - told to the test
            wrong.append(error)
        connection.close()

    threads = [threading.Thread(target=at_the_door) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=LONG)
    assert not wrong
    assert WaitlistEntry.objects.count() == 1
