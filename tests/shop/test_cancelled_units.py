"""Units of a cancelled rest are not sold: every figure that adds up order lines leaves them out."""

import re
from datetime import date, timedelta
from importlib import import_module
from math import log
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config.figures import figures_of
from inventory import evidence
from inventory.ordered_frames import ordered
from inventory.profit_frames import Members, Window, arm_sums, line_revenue
from inventory.services.forecast_check import _largest_order
from inventory.stock_health_frames import sales_of
from marketing.frames.behaviour import buyers, facts_of
from marketing.frames.orders import order_history
from marketing.ml.behaviour import NAMES, behaviour_features
from recommendations.frames import sold_lines
from recommendations.report_frames import People, sales_between
from shop.importers.run import import_frames
from shop.models import KitComponent, Order, OrderLine, Refund, WaitlistEntry, WaitlistState
from shop.money import format_money
from shop.services import waitlist
from shop.services.orders import orders
from shop.services.orders.orders import NewOrder, Parcel, WantedLine, place_order
from shop.services.stock import stock
from tests.factories import make_customer, make_order, make_variant, make_warehouse

ROOT = Path(__file__).resolve().parents[2]
DAY = timedelta(days=1)


def stocked(sku, units=20, **fields):
    variant = make_variant(sku, **fields)
    stock.receive(variant, units, warehouse=make_warehouse(), key=f"po:{sku}")
    return variant


def place_and_ship_part(lines, shipped, **fields):
    """The parcel holds so many units of each SKU named in `shipped`; the rest is cancelled."""
    wanted = NewOrder(tuple(WantedLine(*line) for line in lines), **fields)
    order = orders.pay(place_order(wanted, key="k"))
    held = {one.variant.sku: one.pk for line in order.lines.all() for one in line.allocations.all()}
    orders.ship_part(order, Parcel("P1", {held[sku]: units for sku, units in shipped.items()}))
    orders.cancel_rest(order)
    return order


@pytest.fixture
def tea(db):
    """Five teas at 10.00 less 0.01, two of which were sent; three pots of which none was."""
    tea, pot = stocked("TEA", cost_minor=400), stocked("POT")
    ann = make_customer("ann")
    place_and_ship_part([("TEA", 5), ("POT", 3)], {"TEA": 2}, customer=ann, discount_minor=8)
    assert dict(
        OrderLine.objects.filter(kind="item").values_list("variant", "cancelled_units")
    ) == {
        tea.pk: 3,
        pot.pk: 3,
    }
    return tea


def today():
    return timezone.localdate()


def kept_minor(tea):
    """What was paid for the two teas: of all that was paid, what was not refunded."""
    line = tea.order_lines.get()
    paid = line.total_minor - line.discount_minor
    return paid - paid * 3 // 5


def test_stock_health_sells_what_left(tea):
    assert sales_of(today(), today()) == {tea.pk: (2, kept_minor(tea))}


def test_what_is_kept_and_what_went_back_are_what_was_paid(tea):
    order = tea.order_lines.get().order
    sold = sum(revenue for _units, revenue in sales_of(today(), today()).values())
    assert sold + Refund.objects.get().amount_minor == order.total_minor


def test_demand_and_the_largest_order_count_what_left(tea):
    assert ordered(today(), today()).units == {(tea.pk, today()): 2}
    number = tea.order_lines.get().order.number
    assert _largest_order(tea.pk, today(), today())[1:] == (number, 2)
    window = evidence.Window(today(), today(), timezone.now())
    lines, units, squares = evidence.sold_in(window, evidence.all_rows())
    assert (lines.sum(), units.sum(), squares.sum()) == (1, 2, 4)


def test_the_morning_brief_sells_what_left(tea):
    texts = [figure.text for figure in figures_of(today())]
    assert texts[:3] == [format_money(kept_minor(tea)), "1", "2"]


def test_profit_of_a_campaign_counts_what_left(tea):
    now = timezone.now()
    everybody = "SELECT id AS customer_id, 'a' AS arm FROM shop_customer"
    members = Members(everybody, [], now - DAY)
    window = Window(now + DAY, (now - 9 * DAY, now - DAY))
    sums = arm_sums(members, window)["a"]
    assert sums.revenue.y == pytest.approx(kept_minor(tea))
    assert sums.profit.y == pytest.approx(kept_minor(tea) - 2 * 400)
    assert sums.unknown_cost_units == 0
    parts = line_revenue(members, window, {"tea": [tea.pk]})
    assert parts["a", "tea"].y == pytest.approx(kept_minor(tea))
    assert parts["a", "other"].y == 0


def test_a_customer_spent_what_was_not_given_back(tea):
    found = order_history(timezone.now() + DAY)
    spent = found.amount_minor.sum() - found.refunds[1].sum()
    assert spent == kept_minor(tea)


def behaviour(at):
    row = behaviour_features(facts_of(buyers(at, most=9), at))[0]
    return dict(zip(NAMES, row.tolist(), strict=True))


def test_behaviour_counts_what_left(tea):
    found = behaviour(timezone.now() + DAY)
    assert found["revenue_minor"] == kept_minor(tea)
    assert found["margin_minor"] == kept_minor(tea) - 2 * 400
    assert found["price_band"] == pytest.approx(log(1000))  # of the teas alone
    assert found["refund_rate"] == 0  # nothing came back


def test_behaviour_before_the_rest_was_given_up(tea):
    line = tea.order_lines.get()
    OrderLine.objects.filter(variant__sku="POT").update(variant=tea)
    Order.objects.update(placed_at=timezone.now() - 9 * DAY)
    found = behaviour(timezone.now() - 5 * DAY)
    assert found["revenue_minor"] == line.order.total_minor
    assert found["margin_minor"] == line.order.total_minor - 8 * 400


def test_recommendations_know_what_was_bought(tea):
    assert list(sold_lines(timezone.now() + DAY).values_list("variant", flat=True)) == [tea.pk]
    span = (timezone.now() - DAY, timezone.now() + DAY)
    bought = sales_between(*span, [tea.product_id], People())
    assert bought.revenue_minor.tolist() == [kept_minor(tea)]
    assert bought.margin_minor.tolist() == [kept_minor(tea) - 2 * 400]


def test_who_waits_for_what_was_cancelled_goes_on_waiting(tea):
    ann = tea.order_lines.get().order.customer
    pot = OrderLine.objects.get(variant__sku="POT").variant
    for variant in (tea, pot):
        WaitlistEntry.objects.create(
            variant=variant, customer=ann, created_at=timezone.now() - DAY, units=1, consent=True,
            expires_at=timezone.now() + DAY, open_key=variant.sku, source="test",
        )  # fmt: skip
    assert waitlist.close_bought() == 1
    assert WaitlistEntry.objects.get(state=WaitlistState.WAITING).variant == pot


@pytest.mark.django_db
def test_a_kit_gives_up_whole_kits():
    cup, pot, kit = stocked("CUP"), stocked("POT"), make_variant("SET", price_minor=5000)
    KitComponent.objects.create(kit=kit, component=cup, units=2)
    KitComponent.objects.create(kit=kit, component=pot, units=1)
    order = place_and_ship_part([("SET", 3)], {"CUP": 4, "POT": 2})
    assert order.lines.get().cancelled_units == 1
    assert ordered(today(), today()).units == {(cup.pk, today()): 4, (pot.pk, today()): 2}


@pytest.mark.django_db(transaction=True)
def test_no_line_gives_up_more_than_it_has():
    order = make_order([(make_variant("TEA"), 2)])
    with pytest.raises(IntegrityError), transaction.atomic():
        order.lines.update(cancelled_units=3)
    assert order.lines.get().cancelled_units == 0


@pytest.mark.django_db
def test_a_file_says_it_and_cannot_give_up_more_than_was_ordered():
    make_variant("TEA")
    rows = {
        "order_number": ["1", "2"], "placed_at": ["2026-03-01T09:00Z"] * 2, "sku": ["TEA"] * 2,
        "units": ["5", "5"], "unit_price": ["10.00"] * 2, "cancelled_units": ["3", "6"],
    }  # fmt: skip
    import polars as pl

    report = import_frames("orders", pl.DataFrame(rows))
    assert (report.new, report.rejected) == (1, 1)
    day = date(2026, 3, 1)
    assert [units for units, _revenue in sales_of(day, day).values()] == [2]


def test_lines_from_before_learn_what_was_given_up(tea):
    """What the migration runs, on lines that know nothing yet; its tables still have these columns."""
    whole = make_order([(tea, 4)])
    OrderLine.objects.update(cancelled_units=0)
    migration = import_module("shop.migrations.0013_cancelled_units_and_prices_by_the_clock")
    with connection.cursor() as cursor:
        cursor.execute(migration.FROM_ALLOCATIONS)
    assert tea.order_lines.exclude(order=whole).get().cancelled_units == 3
    assert whole.lines.get().cancelled_units == 0


# Which of an order's SKUs a message names, and the money that went back, are no sums of sales. What
# was bought as of a moment counts what was cancelled after it too. Whole tables of purchases are joined
# to the orders that stand by their readers. A persona's habits are what was chosen, sent or not. What
# was given up of an order is read apart from what was sold.
NO_SALES = {
    "config/figures.py": 1,
    "marketing/definitions/order_facts.py": 1,
    "marketing/frames/orders.py": 1,
    "marketing/frames/personas.py": 1,
    "marketing/public_reviews.py": 1,
    "recommendations/purchases.py": 1,
    "recommendations/services/reading.py": 1,
    "support/services/aspects.py": 1,
}


def test_every_reader_of_sold_lines_asks_for_sold_lines():
    found = {}
    for app in ("inventory", "marketing", "recommendations", "support", "config"):
        for path in (ROOT / app).rglob("*.py"):
            text = path.read_text()
            bare = re.findall(
                r"(?<![A-Za-z])OrderLine\.objects\s*\.(?!sold\(\)|sold_as_of\()", text
            )
            if bare and "migrations" not in path.parts:
                found[str(path.relative_to(ROOT))] = len(bare)
    assert found == NO_SALES
