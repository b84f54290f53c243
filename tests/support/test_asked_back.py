"""Tickets that ask when something is back count as evidence of demand, per SKU and day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from decisions.services.jobs import create_job, run_job
from inventory.models import LostDemand, LostDemandDay
from inventory.services.lost_demand import refresh_lost_demand
from inventory.services.lost_evidence import evidence_of_day
from shop.models import Product, Variant
from support.models import Intent
from support.services.asked_back import asked_back
from tests.factories import make_customer, make_variant
from tests.factories_inventory import Silent
from tests.factories_support import make_message, make_ticket

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AS_OF = datetime(2026, 3, 2, tzinfo=UTC)
DAY = date(2026, 3, 1)


@pytest.fixture
def tea():
    variant = make_variant("TEA-1", name="Jasmine Pearls", name_zh="茉莉龙珠茶")
    return variant


def ask(body, at=NOON, **fields):
    return make_ticket(body, at=at, **{"intent": Intent.RESTOCK} | fields)


def found(until=AS_OF):
    return asked_back(AS_OF - timedelta(days=7), until)


def test_a_sku_or_a_whole_name_in_either_language_is_found(tea):
    pot = make_variant("POT-9", name="Iron Teapot")
    ask("When will tea-1 be back?", email="a@x.org")
    ask("Hello, when are the Jasmine  pearls, back in stock?", email="b@x.org")
    ask("请问茉莉龙珠茶什么时候有货？", email="c@x.org")
    ask("Is the iron pot coming back?", email="d@x.org")  # no name in full
    ask("茉莉什么时候有货", email="e@x.org")
    ask("Where is it? POT-9", subject="POT-9", email="f@x.org")
    assert found() == {(tea.pk, DAY): 3, (pot.pk, DAY): 1}


def test_who_asks_twice_counts_once_and_only_about_what_is_back(tea):
    ann = make_customer("ANN")
    ticket = ask("TEA-1?", customer=ann)
    make_message(ticket, "TEA-1 please", at=NOON + timedelta(hours=1))
    make_message(ticket, "TEA-1 comes on Friday.", kind="outbound", at=NOON)
    ask("TEA-1 again", customer=ann, email="other@x.org")
    ask("A@X.org writes: TEA-1", email="A@X.org")
    ask("TEA-1", email="a@x.org")
    make_ticket("TEA-1 arrived broken", at=NOON, intent=Intent.DAMAGED, email="z@x.org")
    ask("TEA-1", at=AS_OF, email="late@x.org")
    ask("TEA-1", at=NOON - timedelta(days=2), email="early@x.org")
    assert found() == {(tea.pk, DAY): 2, (tea.pk, DAY - timedelta(days=2)): 1}


def test_a_name_of_two_products_or_of_two_sizes_is_no_evidence(tea):
    make_variant("TEA-2", name="Jasmine Pearls")
    tin = make_variant("TIN-1", name="Round Tin")
    Variant.objects.create(product=tin.product, sku="TIN-2")
    old = make_variant("OLD-1", name="Old Whisk")
    Product.objects.filter(pk=old.product_id).update(state=Product.State.ARCHIVED)
    for text in ("jasmine pearls?", "round tin?", "old whisk?"):
        ask(text)
    assert found() == {}


def test_it_stands_beside_looks_and_twice_equals_once(tea):
    ask("TEA-1?")
    for _time in range(2):
        refresh_lost_demand(AS_OF, progress=Silent(), asked_back=asked_back)
    day = LostDemandDay.objects.get()
    assert (day.variant, day.day, day.tickets, day.looks) == (tea, DAY, 1, 0)
    assert LostDemand.objects.get().tickets == 1
    assert not evidence_of_day(day).forgotten
    refresh_lost_demand(AS_OF, progress=Silent())
    assert not LostDemandDay.objects.exists()


def test_the_night_counts_tickets(tea):
    ask("TEA-1?")
    payload = {"step": "lost_demand", "as_of": AS_OF.isoformat(), "missing": []}
    job = run_job(create_job("night_step", payload)[0].pk)
    assert job.state == "succeeded", job.error
    assert LostDemandDay.objects.get().tickets == 1
