"""Whose events they are: the rule of VisitorLink, the same in SQL and in Python."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from recommendations.frames import shop_interactions
from recommendations.person_frames import person_history
from shop.models import Event, VisitorLink
from shop.services.events.event_log import append_events
from shop.services.events.event_rows import EventRow
from shop.services.events.visitors import link_visitor
from shop.services.orders import orders
from tests.factories import make_customer, make_price, make_stock, make_variant

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def see(name, hours, variant, **fields):
    at = NOW + hours * HOUR
    row = EventRow(name, "view", at, at, visitor="v", variant_id=variant.pk, consent=True)
    append_events([replace(row, **fields)])


@pytest.fixture
def shared():
    """Ann signs in at 2, Bea at 4; a guest looks around before, between and after."""
    ann, bea = make_customer("ann"), make_customer("bea")
    skus = {name: make_variant(name.upper()) for name in ("before", "between", "after")}
    for hours, (name, variant) in zip((1, 3, 5), skus.items(), strict=True):
        see(name, hours, variant)
    link_visitor("v", ann, at=NOW + 2 * HOUR)
    link_visitor("v", bea, at=NOW + 4 * HOUR)
    return ann, bea, skus


def names(customer, **options):
    return set(Event.objects.of_customer(customer.pk, **options).values_list("event_id", flat=True))


def test_a_shared_browser_hands_nothing_to_the_next(shared):
    ann, bea, _skus = shared
    assert names(ann) == {"before", "between"}
    assert names(bea) == {"after"}
    assert not Event.objects.filter(customer__isnull=False).exists()  # the log is not rewritten


def test_a_link_is_not_known_before_it_was_made(shared):
    ann, bea, _skus = shared
    assert names(ann, known_by=NOW + 2 * HOUR) == set()
    assert names(ann, known_by=NOW + 3 * HOUR) == {"before", "between", "after"}
    assert names(bea, known_by=NOW + 3 * HOUR) == set()


def test_the_readers_of_recommendations_follow_the_rule(shared):
    from shop.services.customers import record_consent

    ann, bea, skus = shared
    for customer in (ann, bea):
        record_consent(customer, "personalisation", granted=True, source="t", at=NOW)
    products = {name: variant.product_id for name, variant in skus.items()}
    later = NOW + 9 * HOUR
    mine = person_history(customer_id=ann.pk, visitor="", at=later)
    assert list(mine.product_ids) == [products["before"], products["between"]]
    here = person_history(customer_id=None, visitor="v", at=later)
    assert here.customer_id == bea.pk
    assert list(here.product_ids) == [products["after"]]
    rows = shop_interactions(later)
    people = dict(zip(rows.product_ids[rows.rows.item], rows.rows.user, strict=True))
    assert people[products["before"]] == people[products["between"]] != people[products["after"]]


def test_the_rule_in_python_is_the_rule_in_sql(shared):
    from recommendations.report_frames import owner_at

    links = [(link.linked_at, link.customer_id) for link in VisitorLink.objects.order_by("pk")]
    for event in Event.objects.all():
        owner = owner_at(links, event.received_at)
        assert [event.event_id in names(one) for one in shared[:2]] == [
            one.pk == owner for one in shared[:2]
        ]


def test_an_order_links_the_browser_it_was_placed_from():
    ann, tea = make_customer("ann"), make_variant("TEA-1")
    make_price(tea, 1000)
    make_stock(tea, 10)
    see("guest", -1, tea)
    wanted = orders.NewOrder((orders.WantedLine("TEA-1", 1),), customer=ann, visitor="v")
    for _ in range(2):
        orders.place_order(wanted, key="k")
    assert VisitorLink.objects.get().customer == ann
    assert Event.objects.of_customer(ann.pk).count() == 2


def test_a_replay_of_an_old_batch_does_not_sign_anybody_in_again():
    ann, bea = make_customer("ann"), make_customer("bea")
    tea = make_variant("TEA-1")
    see("a", 1, tea, customer_id=ann.pk)
    see("b", 2, tea, customer_id=bea.pk)
    see("a", 3, tea, customer_id=ann.pk)
    assert VisitorLink.objects.owner_of("v") == bea.pk
    assert VisitorLink.objects.count() == 2
