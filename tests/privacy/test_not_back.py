"""Whoever was erased does not come back: by an order, an event, a file, or a letter."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from marketing.models import Channel, SkipReason
from marketing.services.sending.guards import Asked, lock_customers, reasons_not_to_write
from privacy.services import erasing
from shop.models import Customer, Event, Order, Variant
from shop.services import erased
from shop.services.customers import CustomerError, Person, ensure_customer, record_consent
from shop.services.events.event_log import append_events
from shop.services.imports import run_import
from shop.services.orders.orders import NewOrder, OrderError, WantedLine, place_order
from shop.services.reviews.writing import reviewable
from shop.services.uploads import Wish
from tests.factories import make_customer, make_order
from tests.factories_coupons import stocked
from tests.factories_crowd import LONG, through_or_blocked
from tests.factories_marketing import Quiet
from tests.factories_privacy import (
    CODE,
    EMAIL,
    VISITOR,
    erase,
    event,
    make_known_person,
    start_erasure,
)


@pytest.mark.django_db
def test_her_code_is_refused_and_a_new_one_is_another_person():
    erase(make_known_person())
    with pytest.raises(CustomerError, match="erased"):
        ensure_customer(Person(CODE, email=EMAIL))
    assert ensure_customer(Person("NEW-1", email=EMAIL)).pk
    assert not Customer.objects.filter(code=CODE).exists()


@pytest.mark.django_db
def test_nobody_types_her_in_again(admin_client):
    erase(make_known_person())
    said = {"code": CODE, "name": "Again"}
    page = admin_client.post("/shop/customer/add/", said)
    assert page.status_code == 200
    assert "was erased" in page.content.decode()
    assert not Customer.objects.filter(code=CODE).exists()


@pytest.mark.django_db
def test_an_order_of_one_who_was_read_before_is_refused():
    her = make_known_person()
    stocked("CUP-1")
    erase(her)
    before = Order.objects.count()
    with pytest.raises(OrderError, match="erased"):
        place_order(NewOrder((WantedLine("CUP-1", 1),), customer=her), key="late")
    assert Order.objects.count() == before


@pytest.mark.django_db
def test_events_of_her_key_and_of_her_browser_are_left_out_and_others_land():
    her = make_known_person()
    pk = her.pk
    erase(her)
    other = Customer.objects.get(code="OTHER-1")
    rows = [event(11, Customer(pk=pk)), event(12, None, VISITOR), event(13, other, "v-new")]
    assert append_events(rows) == {"event-13"}
    assert not Event.objects.filter(customer_id=pk).exists()


@pytest.mark.django_db
def test_an_old_file_does_not_bring_her_back(tmp_path):
    erase(make_known_person())
    path = tmp_path / "customers.csv"
    path.write_text(f"customer_code,email\n{CODE},{EMAIL}\nNEW-2,new2@example.com\n")
    report = run_import(str(path), Wish("customers"), rejects=tmp_path / "rejects.csv")
    assert "erased" in (tmp_path / "rejects.csv").read_text()
    assert report
    assert list(
        Customer.objects.filter(code__in=[CODE, "NEW-2"]).values_list("code", flat=True)
    ) == ["NEW-2"]


@pytest.mark.django_db
def test_her_address_gets_nothing_until_she_agrees_anew():
    erase(make_known_person())
    again = make_customer("NEW-1", email=EMAIL.upper())
    asked = Asked(Channel.EMAIL, {})
    record_consent(
        again,
        "marketing_email",
        granted=True,
        source="old list",
        at=timezone.now() - timedelta(days=9),
    )
    reasons = reasons_not_to_write(lock_customers([again.pk]), asked, timezone.now())
    assert reasons == {again.pk: SkipReason.SUPPRESSED}
    record_consent(again, "marketing_email", granted=False, source="x", at=timezone.now())
    later = timezone.now() + timedelta(seconds=1)
    record_consent(again, "marketing_email", granted=True, source="checkout", at=later)
    assert (
        reasons_not_to_write(lock_customers([again.pk]), asked, later + timedelta(seconds=1)) == {}
    )


def _race(monkeypatch) -> int:
    """An event of hers is on its way, its key read, while the last step takes her row. Returns how many
    events point at nobody in the end."""
    her = make_known_person()
    erasure = start_erasure(her)
    monkeypatch.setattr(erasing, "STEPS", (*erasing.STEPS[:-2],))
    looked, go = threading.Event(), threading.Event()
    real = erased.still_there

    def slow(*said):
        found = real(*said)
        looked.set()
        go.wait(LONG)
        return found

    monkeypatch.setattr("shop.services.events.event_log.still_there", slow)

    def write():
        append_events([event(99, her)])
        connection.close()

    writer = threading.Thread(target=write)
    erasing.erase_person(Quiet(), erasure.pk)
    erasure.refresh_from_db()
    writer.start()
    assert looked.wait(LONG)

    def take():
        step = erasure.steps.create(name=erasing.HER_ROW, position=5)
        erasing._her_row(
            erasure, step, subject=erasing.subject_of(erasure.working), still=Quiet().still_mine
        )
        connection.close()

    taker = threading.Thread(target=take)
    taker.start()
    through_or_blocked(taker)
    go.set()
    writer.join(LONG)
    taker.join(LONG)
    assert not Customer.objects.filter(pk=her.pk).exists()
    return Event.objects.filter(customer_id=her.pk).count()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_event_on_its_way_is_waited_for_and_taken(monkeypatch):
    assert _race(monkeypatch) == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_it_would_stay(monkeypatch):
    """The negative control."""
    monkeypatch.setattr("shop.services.events.event_log.pass_by", lambda: None)
    assert _race(monkeypatch) == 1


@pytest.mark.django_db
def test_an_old_link_to_a_review_takes_no_words_from_her():
    at = timezone.now()
    her = make_known_person()
    order = make_order([(Variant.objects.first(), 1)], customer=her, number="CAME-1")
    order.transitions.create(from_state="shipped", to_state="delivered", at=at)
    Order.objects.filter(pk=order.pk).update(state="delivered")
    line = order.lines.get()
    assert reviewable(at + timedelta(days=1)).filter(pk=line.pk).exists()
    erase(her)
    assert not reviewable(at + timedelta(days=1)).filter(pk=line.pk).exists()
