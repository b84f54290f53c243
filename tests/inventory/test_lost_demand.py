"""What was wanted and not there: counted from the log and the ledger, as of a time, traceable."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from inventory.frames import lost_demand_panel
from inventory.models import LostDemand, LostDemandDay, LostQuery
from inventory.services.lost_demand import refresh_lost_demand
from inventory.services.lost_evidence import evidence_of_day, searches_of
from shop.models import Event, KitComponent, MovementKind, StockMovement
from shop.services import waitlist
from tests.factories import make_customer, make_order, make_variant, make_warehouse
from tests.factories_inventory import Silent

pytestmark = pytest.mark.django_db
AS_OF = datetime(2026, 3, 2, tzinfo=UTC)
DAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_count = iter(range(10**6))


def move(variant, units, at):
    """A row of the ledger at a time of its own."""
    StockMovement.objects.create(
        variant=variant,
        warehouse=make_warehouse(),
        kind=MovementKind.ADJUST,
        on_hand_delta=units,
        key=f"move:{next(_count)}",
        occurred_at=at,
        recorded_at=at,
    )


def happen(kind, at, *, variant=None, visitor="", consent=True, **fields):
    return Event.objects.create(
        event_id=f"e{next(_count)}",
        kind=kind,
        occurred_at=fields.pop("occurred_at", at),
        received_at=at,
        variant=variant,
        visitor=visitor,
        consent=consent,
        **fields,
    )


def look(variant, at, visitor="v-1", **fields):
    return happen("view", at, variant=variant, visitor=visitor, **fields)


def search(query, at, visitor="v-1", results=0):
    return happen("search", at, query=query, visitor=visitor, properties={"results": results})


def refresh(as_of=AS_OF):
    return refresh_lost_demand(as_of, progress=Silent())


@pytest.fixture
def tea():
    """Ten units from February on; none on the first of March from ten to fourteen o'clock."""
    variant = make_variant("TEA-1", name="Jasmine Pearls")
    move(variant, 10, AS_OF - timedelta(days=20))
    move(variant, -10, NOON - timedelta(hours=2))
    move(variant, 5, NOON + timedelta(hours=2))
    return variant


def only_day():
    return LostDemandDay.objects.get()


def test_looks_in_vain_are_those_while_it_was_out(tea):
    look(tea, NOON - timedelta(hours=3))
    look(tea, NOON)
    look(tea, NOON + timedelta(minutes=5))
    look(tea, NOON, "v-2")
    look(tea, NOON, "", consent=False)
    look(tea, NOON + timedelta(hours=2))
    refresh()
    found = only_day()
    assert (found.day, found.variant) == (DAY, tea)
    assert (found.views, found.people, found.other_views, found.looks) == (4, 2, 1, 3)
    assert found.out_of_stock_seconds == 4 * 3600


def test_without_consent_nobody_is_told_apart(tea):
    for _time in range(3):
        look(tea, NOON, "v-1", consent=False)
    refresh()
    assert (only_day().people, only_day().other_views) == (0, 3)


def test_a_wrong_clock_is_put_right_and_nothing_happens_after_it_arrived(tea):
    ahead = timedelta(hours=5)
    look(tea, NOON, occurred_at=NOON + ahead, clock_ahead_seconds=5 * 3600)
    look(tea, NOON, "v-2", occurred_at=NOON + ahead)
    look(tea, NOON + timedelta(hours=3), "v-3", occurred_at=NOON)
    refresh()
    assert only_day().people == 3


def test_nothing_at_or_after_the_time_of_reading_is_seen(tea):
    look(tea, NOON)
    look(tea, AS_OF, "v-2", occurred_at=NOON)
    move(tea, 20, AS_OF + timedelta(hours=1))
    refresh()
    assert only_day().views == 1
    refresh(AS_OF + timedelta(days=1))
    assert LostDemandDay.objects.get(day=DAY).views == 2, "what came late is counted next night"


def test_twice_equals_once(tea):
    look(tea, NOON)
    search("oolong", NOON)
    first = refresh(), list(LostDemandDay.objects.values_list("variant", "day", "views", "people"))
    again = refresh(), list(LostDemandDay.objects.values_list("variant", "day", "views", "people"))
    assert first == again
    assert LostQuery.objects.count() == LostDemand.objects.count() == 1


def test_an_older_history_is_counted_once_and_then_left_alone(tea):
    old = AS_OF - timedelta(days=300)
    move(tea, 4, old - timedelta(days=5))
    move(tea, -4, old - timedelta(days=1))
    look(tea, old)
    look(tea, NOON)
    refresh()
    assert LostDemandDay.objects.count() == 2
    Event.objects.filter(received_at__lte=old).delete()
    refresh(AS_OF + timedelta(days=1))
    assert LostDemandDay.objects.filter(day=old.date()).exists()


def test_days_that_the_log_forgot_keep_their_count(tea, settings):
    look(tea, NOON)
    refresh()
    settings.EVENT_RETENTION_MONTHS = 1
    Event.objects.all().delete()
    refresh(datetime(2026, 4, 3, tzinfo=UTC))
    assert only_day().views == 1


def test_a_kit_is_out_with_its_component(tea):
    kit = make_variant("KIT-1")
    KitComponent.objects.create(kit=kit, component=tea, units=6)
    look(kit, NOON)
    look(kit, NOON + timedelta(hours=3), "v-2")
    refresh()
    assert only_day().people == 2, "five pearls make no box of six"


def test_who_begins_to_wait_is_counted_by_the_day(tea):
    for code in ("ANN", "BOB"):
        wish = waitlist.Wish(3, "test", True, variant=tea, customer=make_customer(code))
        entry = waitlist.join(wish, at=NOON)
    waitlist.leave(entry)
    anything = waitlist.Wish(9, "test", True, product=tea.product, customer=make_customer("EVE"))
    waitlist.join(anything, at=NOON)
    refresh()
    assert (only_day().waitlist_entries, only_day().waitlist_units) == (2, 6)


def test_searches_without_a_result_are_listed_and_matched_by_their_words(tea):
    search("Jasmine  PEARLS", NOON)
    search("jasmine pearls", NOON, "v-2")
    search("jasmine pearls", NOON, "v-3", results=4)
    search("coffee", NOON)
    search("ann@example.com", NOON)
    refresh()
    found = list(LostQuery.objects.values_list("query", "searches", "people", "product"))
    assert found == [("jasmine pearls", 2, 2, tea.product_id), ("coffee", 1, 1, None)]
    assert only_day().searches == 2


def test_too_little_to_learn_from_is_said_not_guessed(tea):
    look(tea, NOON)
    refresh()
    assert only_day().estimated_units is None
    assert LostDemand.objects.get().units_per_look is None


def test_the_estimate_is_what_looks_led_to_while_it_was_there(tea):
    """300 looks and 60 lines of 2 units while it was there; ten looks in vain: 4 units."""
    for number in range(300):
        look(tea, AS_OF - timedelta(days=10, seconds=number), f"v-{number}")
    for number in range(60):
        make_order([(tea, 2)], at=AS_OF - timedelta(days=9), number=f"N{number}")
    for number in range(10):
        look(tea, NOON, f"w-{number}")
    refresh()
    found = LostDemand.objects.get()
    assert (found.looks_available, found.lines_sold, found.units_sold) == (300, 60, 120)
    assert found.estimated_units == pytest.approx(4.0, rel=0.01)
    assert found.low_units < 4 < found.high_units
    assert only_day().estimated_units == pytest.approx(4.0, rel=0.01)


def test_every_figure_is_found_again_in_its_events(tea):
    for number in range(3):
        look(tea, NOON + timedelta(minutes=number), f"v-{number}")
    look(tea, NOON - timedelta(hours=6))
    search("jasmine pearls", NOON)
    waitlist.join(
        waitlist.Wish(2, "test", True, variant=tea, customer=make_customer("ANN")), at=NOON
    )
    refresh()
    day = only_day()
    behind = evidence_of_day(day)
    assert behind.view_count == len(behind.views) == day.views == 3
    assert sum(entry.units for entry in behind.waitlist) == day.waitlist_units == 2
    assert len(behind.searches) == day.searches == 1
    seconds = sum((end - start).total_seconds() for start, end in behind.out_of_stock)
    assert seconds == day.out_of_stock_seconds
    query = LostQuery.objects.get()
    assert searches_of(query).count() == query.searches


def test_the_forecast_reads_it_per_sku_and_day(tea):
    look(tea, NOON)
    refresh()
    other = make_variant("CUP-1")
    panel = lost_demand_panel([other.pk, tea.pk], DAY - timedelta(days=1), DAY)
    assert panel.looks.tolist() == [[0, 0], [0, 1]]
    assert panel.waitlist_units.sum() == 0


def test_local_days_are_the_shops(settings, tea):
    settings.TIME_ZONE = "Asia/Shanghai"
    with timezone.override("Asia/Shanghai"):
        look(tea, NOON + timedelta(hours=1))
        move(tea, -5, NOON + timedelta(hours=3))
        look(tea, NOON + timedelta(hours=5), "v-2")
        refresh(AS_OF + timedelta(days=1))
    assert list(LostDemandDay.objects.order_by("day").values_list("day", "people")) == [
        (DAY, 1),
        (DAY + timedelta(days=1), 1),
    ]
