"""From events, receipts and orders to the figures of a placement."""

from datetime import date, timedelta

import pytest

from inventory.models import Supplier, SupplierItem
from inventory.services.costs import unit_costs_minor
from recommendations.ml.placement_report import Figure
from recommendations.report_frames import People, sales_between, seen_between
from recommendations.services import reporting
from recommendations.services.reporting import Period, PeriodError, placement_reports
from shop.models import Return, ReturnLine, Variant
from shop.services.events.visitors import link_visitor
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_report import make_answer, make_busy_placement, make_seen

pytestmark = pytest.mark.django_db
PERIOD = Period(date(2026, 3, 1), date(2026, 3, 7))
LATER = NOW + timedelta(days=30)


def seen(people=None):
    return seen_between(PERIOD.since, PERIOD.until, people or People())


def only_report(**fields):
    (found,) = placement_reports(PERIOD, now=LATER).placements
    return found


def test_a_product_of_an_answer_counts_once_and_the_receipt_says_where():
    tea, pot = make_variant("TEA-1"), make_variant("POT-1")
    answer = make_answer([tea, pot], placement="cart")
    for _time in range(3):
        make_seen("impression", answer, "POT-1", visitor="v-1")
    make_seen("click", answer, "POT-1", at=NOW + timedelta(minutes=1), visitor="v-1")
    make_seen("click", answer, "TEA-1", visitor="v-1")  # its impression was lost
    found = seen()
    assert found.placement == ["cart", "cart"]
    assert found.position.tolist() == [2, 1]
    assert found.touches.person.tolist() == [-1, -1]
    first, second = found.touches.clicked_at.tolist()
    assert (first - NOW.timestamp(), second - NOW.timestamp()) == (60, 0)


def test_what_names_no_answer_of_ours_is_left_out_and_counted():
    tea, pot = make_variant("TEA-1"), make_variant("POT-1")
    answer = make_answer([tea])
    make_seen("impression", answer, "TEA-1", visitor="v-1", properties={})
    make_seen("impression", answer, "TEA-1", visitor="v-1", properties={"receipt": "x"})
    strange = {"receipt": "00000000-0000-0000-0000-000000000001"}
    make_seen("click", answer, "TEA-1", visitor="v-1", properties=strange)
    make_seen("click", answer, pot.sku, visitor="v-1")
    found = seen()
    assert found.ignored == {"no_receipt": 2, "unknown_receipt": 1, "other_product": 1}
    assert len(found.placement) == 0


def test_a_browser_is_its_owner_and_a_nameless_event_a_person_of_its_answer():
    tea = make_variant("TEA-1")
    customer, people = make_customer(), People()
    make_seen("impression", make_answer([tea]), "TEA-1", visitor="v-1")
    make_seen("impression", make_answer([tea]), "TEA-1")
    make_seen("impression", make_answer([tea]), "TEA-1", visitor="v-2")
    link_visitor("v-1", customer, at=NOW + timedelta(hours=1))
    person = seen(people).touches.person.tolist()
    assert sorted(person) == [-2, -1, customer.pk]


def test_the_figures_are_those_of_the_rows():
    variants = [make_variant(f"T-{n}", brand="acme" if n else "") for n in range(4)]
    make_busy_placement(variants)
    found = only_report()
    assert found.placement == "home"
    assert found.now.counts["shown"] == 120
    assert found.now.figures["click_rate"].value == pytest.approx(20 / 120)
    assert found.now.figures["conversion_rate"].value == pytest.approx(10 / 120)
    # Ten orders of 2 × 10.00, cost 4.00 each, over 120 shown.
    assert found.now.figures["revenue_minor"].value == pytest.approx(1000 * 10 * 2000 / 120)
    assert found.now.figures["margin_minor"].value == pytest.approx(1000 * 10 * 1200 / 120)
    assert found.now.figures["coverage_rate"] == Figure(1.0, 1.0, 1.0)
    assert [name for name, _share in found.brands] == ["acme", ""]
    assert found.before is None
    assert found.changes == {}


def test_taxes_and_discounts_are_no_revenue():
    tea = make_variant("TEA-1")
    customers = make_busy_placement([tea], people=120)
    for line in [order.lines.get() for one in customers for order in one.orders.all()]:
        line.discount_minor, line.tax_minor = 500, 250
        line.save()
    found = only_report().now.figures
    assert found["revenue_minor"].value == pytest.approx(1000 * 30 * 1250 / 120)
    assert found["margin_minor"].value == pytest.approx(1000 * 30 * 450 / 120)


def test_a_missing_cost_is_named_and_makes_the_margin_unknown():
    variants = [make_variant("T-0", cost_minor=None), make_variant("T-1")]
    make_busy_placement(variants, people=60)
    found = only_report()
    assert found.now.figures["margin_minor"] == Figure()
    assert found.without_cost == ["T-0"]
    assert found.now.figures["revenue_minor"].value > 0


def test_a_sale_before_the_view_or_by_somebody_else_is_due_to_nobody():
    tea = make_variant("TEA-1")
    (customer, *_rest) = make_busy_placement([tea], people=41)
    make_order([(tea, 1)], customer=customer, at=NOW - timedelta(hours=1))
    make_order([(tea, 1)], customer=make_customer(), at=NOW + timedelta(hours=1))
    make_order([(tea, 1)], customer=customer, at=NOW + timedelta(days=8))
    assert only_report().now.counts["purchases"] == 11  # every fourth of 41


def test_a_guests_order_is_found_by_its_browser():
    tea = make_variant("TEA-1")
    answer = make_answer([tea])
    make_seen("impression", answer, "TEA-1", visitor="v-1")
    order = make_order([(tea, 1)], at=NOW + timedelta(hours=1))
    make_seen(
        "purchase", answer, "TEA-1", visitor="v-1", order=order.number, at=NOW + timedelta(hours=1)
    )
    found = only_report()
    assert found.now.counts["purchases"] == 1
    assert found.now.missing == [("persons", 1, 30), ("shown", 1, 100)]


def test_the_period_before_stands_beside_it():
    variants = [make_variant(f"T-{n}") for n in range(4)]
    make_busy_placement(variants)
    make_busy_placement(variants, at=NOW - timedelta(days=7), people=60)
    found = only_report()
    assert found.before.counts["persons"] == 60
    assert found.changes["click_rate"].value == pytest.approx(20 / 120 - 30 / 180)


def test_queries_do_not_grow_with_people(django_assert_max_num_queries):
    variants = [make_variant(f"T-{n}") for n in range(4)]
    make_busy_placement(variants)
    with django_assert_max_num_queries(26):
        placement_reports(PERIOD, now=LATER)
    with django_assert_max_num_queries(26):
        make_busy = placement_reports(PERIOD.before(), now=LATER)
    assert make_busy.placements == []


def test_a_period_that_cannot_be_is_refused():
    with pytest.raises(PeriodError, match="after the last"):
        reporting.checked_period(date(2026, 3, 2), date(2026, 3, 1))
    with pytest.raises(PeriodError, match="At most"):
        reporting.checked_period(date(2024, 1, 1), date(2026, 3, 1))
    with pytest.raises(PeriodError, match="since 2000"):
        reporting.checked_period(date(1, 1, 1), date(1, 1, 2))
    with pytest.raises(PeriodError, match="not begun"):
        reporting.checked_period(date(2999, 1, 1), date(2999, 1, 2))


def test_an_open_window_is_said():
    assert placement_reports(PERIOD, now=LATER).open_until is None
    soon = PERIOD.until + timedelta(days=1)
    assert placement_reports(PERIOD, now=soon).open_until == PERIOD.until + timedelta(days=7)


def test_the_preferred_suppliers_cost_goes_first():
    variant, other = make_variant("TEA-1", cost_minor=400), make_variant("POT-1", cost_minor=None)
    supplier = Supplier.objects.create(code="S", name="S", currency="GBP", lead_time_days=5)
    SupplierItem.objects.create(supplier=supplier, variant=variant, unit_cost_minor=350)
    keys = [variant.pk, other.pk]
    assert unit_costs_minor(keys) == {variant.pk: 350}
    Supplier.objects.update(currency="CNY")
    assert unit_costs_minor(keys) == {variant.pk: 400}
    assert unit_costs_minor([]) == {}
    assert Variant.objects.count() == 2


def test_what_came_back_takes_its_share_of_revenue_and_margin_away():
    tea = make_variant("TEA-1", cost_minor=400)
    customer = make_customer()
    order = make_order([(tea, 4)], customer=customer, at=NOW)
    line = order.lines.get(variant=tea)
    bought = sales_between(PERIOD.since, LATER, [tea.product_id], People())
    back = Return.objects.create(
        number="R-1",
        order=order,
        customer=customer,
        currency="GBP",
        refund_minor=0,
        returned_at=NOW,
    )
    ReturnLine.objects.create(
        parent=back, position=1, variant=tea, order_line=line, units=3,
        unit_refund_minor=0, total_minor=0,
    )  # fmt: skip
    left = sales_between(PERIOD.since, LATER, [tea.product_id], People())
    assert left.revenue_minor.tolist() == pytest.approx((bought.revenue_minor / 4).tolist())
    assert left.margin_minor.tolist() == pytest.approx(
        (bought.margin_minor / 4).tolist(), nan_ok=True
    )
    assert len(left.sales.person) == 1
