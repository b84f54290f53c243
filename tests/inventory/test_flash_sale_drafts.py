"""A draft tells purchasing what it would sell, and takes every number back when it goes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.utils import timezone

from inventory.flash_sale_frames import day_shares, measured_sales, midnight
from inventory.models import FlashSale, PlannedDemand, PlannedUnits
from inventory.services import flash_sales as service
from inventory.services.flash_sale_expected import refresh_expected
from inventory.services.flash_sales import FlashSaleError, WantedLine
from inventory.services.planned_demand import (
    Extra,
    Source,
    Window,
    measure_ended,
    tell_planned_demand,
    with_planned,
)
from inventory.services.planned_needs import needs_of
from inventory.services.replenishment import plan_replenishment
from shop.models import KitComponent, PriceKind
from shop.services.prices import PriceTerms, set_price
from tests.factories import make_order, make_variant, make_warehouse
from tests.factories_flash_sales import (
    DAY,
    HOUR,
    draft_of,
    make_elasticity,
    make_flash_sale,
    make_sellable,
    noon,
)
from tests.factories_inventory import Silent, make_forecast, make_item, make_supplier

pytestmark = pytest.mark.django_db


def units(sku: str = "TEA-1") -> PlannedUnits:
    return PlannedUnits.objects.get(variant__sku=sku)


def plan_lines() -> list[tuple]:
    from inventory.models import PurchaseOrderLine

    as_of = midnight(timezone.localdate())
    plan_replenishment(as_of, seed=1, progress=Silent())
    names = [f.name for f in PurchaseOrderLine._meta.concrete_fields if f.name != "id"]
    return list(PurchaseOrderLine.objects.order_by("variant", "order").values_list(*names[1:]))


def test_a_draft_expects_what_the_price_sells_by_the_hours_it_runs():
    make_elasticity(make_sellable())
    make_flash_sale(lines=(WantedLine("TEA-1", 500, 1000),))
    told = PlannedDemand.objects.get()
    assert told.is_counted
    # 10 a day · half a day · (2² − 1) on each of two days, elasticity 1 and 3 at the edges
    assert units().mean_units == [15.0, 15.0]
    assert sum(units().low_units) == pytest.approx(10.0)
    assert sum(units().high_units) == pytest.approx(70.0)
    assert "how demand answers the price" in told.basis_text
    assert "for 1 of 1 SKUs: 30 extra units in all (80 %: 10 to 70)" in told.basis_text


def test_the_quota_caps_what_is_expected():
    make_elasticity(make_sellable())
    make_flash_sale()
    assert sum(units().mean_units) == 30.0
    assert sum(units().high_units) == pytest.approx(50.0, abs=0.01)


def test_too_little_known_is_said_and_nothing_is_planned_for():
    make_sellable()
    make_flash_sale()
    told = PlannedDemand.objects.get()
    assert not told.is_counted
    assert "Too little is known" in told.basis_text
    assert units().mean_units == [0.0, 0.0]  # kept, so that its effect is measured


def test_an_elasticity_that_no_price_of_the_shop_taught_is_not_known():
    make_elasticity(make_sellable(), priced_days=0)
    make_flash_sale()
    assert not PlannedDemand.objects.get().is_counted


def test_a_sku_without_a_forecast_is_left_out_of_what_is_counted():
    make_elasticity(make_sellable("TEA-1"))
    make_elasticity(make_sellable("POT-1", mean=None))
    make_flash_sale("TEA-1", "POT-1")
    assert PlannedDemand.objects.get().is_counted
    assert "for 1 of 2 SKUs" in PlannedDemand.objects.get().basis_text
    assert sum(units("POT-1").mean_units) == 0.0


def test_inside_a_campaign_the_price_is_held_against_the_campaigns():
    tea = make_sellable()
    make_elasticity(tea, promotion_log=0.5, promotion_low=0.5, promotion_high=0.5)
    terms = PriceTerms(PriceKind.CAMPAIGN, None, noon(9))
    set_price(tea, 800, key="c", source="test", terms=terms)
    make_flash_sale(lines=(WantedLine("TEA-1", 400, 1000),))
    # Half of the campaign's price, and it was on promotion anyway.
    assert sum(units().mean_units) == pytest.approx(30.0)


def test_deleting_the_draft_returns_the_plan_line_by_line_and_bit_by_bit():
    supplier = make_supplier(review_period_days=7, lead_time_days=10)
    rows = []
    for sku in ("TEA-1", "POT-1"):
        variant = make_sellable(sku, units=90)
        make_item(variant, supplier)
        make_elasticity(variant)
        rows.append(variant.forecasts.get())
    before, demand = plan_lines(), with_planned(rows, 60)
    sale = make_flash_sale("TEA-1", "POT-1")
    during = plan_lines()
    assert during != before
    changed = replace(draft_of("TEA-1", start=noon(5)), name="Later")
    service.save_draft(changed, sale=sale)
    assert plan_lines() != during
    service.delete_draft(sale)
    assert plan_lines() == before
    after = with_planned(rows, 60)
    for variant, parts in demand.items():
        assert [one.tobytes() for one in after[variant]] == [one.tobytes() for one in parts]
    assert not FlashSale.objects.exists()
    assert not PlannedDemand.objects.exists()


def test_saving_the_same_again_tells_nothing_new():
    make_elasticity(make_sellable())
    sale = make_flash_sale()
    told = PlannedDemand.objects.get().told_at
    service.save_draft(draft_of("TEA-1"), sale=sale)
    assert PlannedDemand.objects.get().told_at == told
    assert sale.lines.count() == 1


def test_what_it_needs_says_how_much_and_until_when():
    tea = make_sellable(units=20)
    make_elasticity(tea)
    make_item(tea, make_supplier(lead_time_days=30))
    make_flash_sale(lines=(WantedLine("TEA-1", 500, 1000),))
    [need] = needs_of(PlannedDemand.objects.get())
    assert need.position == 20
    assert need.extra_units == 30.0
    assert need.needed_high_units > need.without_units > 0
    assert need.last_safe_on < timezone.localdate()
    assert need.is_too_late


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ends_at": noon(1)}, "end before it begins"),
        ({"ends_at": noon(60)}, "at most 31 days"),
        ({"starts_at": noon(400), "ends_at": noon(401)}, "within a year"),
        ({"starts_at": datetime.min.replace(tzinfo=UTC)}, "within a year"),
        ({"ends_at": datetime.max.replace(tzinfo=UTC)}, "at most 31 days"),
        ({"name": " "}, "needs a name"),
        ({"lines": (WantedLine("NO", 500, 1),)}, "NO: there is no such SKU."),
        ({"lines": (WantedLine("TEA-1", 500, 0),)}, "units above 0"),
        ({"lines": (WantedLine("TEA-1", -1, 1),)}, "a price from 0 on"),
        ({"lines": (WantedLine("TEA-1", 500, 1, "MOON"),)}, "no warehouse MOON"),
        ({"lines": (WantedLine("KIT-1", 500, 1),)}, "KIT-1: only what is counted"),
        ({"lines": (WantedLine("TEA-1", 500, 1), WantedLine("TEA-1", 500, 2))}, "once in each"),
        (
            {"lines": (WantedLine("TEA-1", 500, 1), WantedLine("TEA-1", 400, 2, "NORTH"))},
            "everywhere at one price",
        ),
        ({"lines": (WantedLine("TEA-1", 500, 1),) * 101}, "At most 100 lines"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(changed, said):
    tea = make_sellable()
    make_warehouse("NORTH")
    KitComponent.objects.create(kit=make_variant("KIT-1"), component=tea, units=2)
    with pytest.raises(FlashSaleError, match=said):
        service.save_draft(replace(draft_of("TEA-1"), **changed))
    assert not FlashSale.objects.exists()
    assert not PlannedDemand.objects.exists()


def test_days_are_counted_by_the_shops_calendar():
    start = midnight(timezone.localdate())
    assert day_shares(start, start + DAY) == [1.0]
    assert day_shares(start + 18 * HOUR, start + 30 * HOUR) == [0.25, 0.25]
    assert day_shares(start, start) == []


def test_the_night_expects_anew_and_drops_a_draft_that_nobody_approved():
    tea = make_sellable()
    sale = make_flash_sale()
    assert not PlannedDemand.objects.get().is_counted
    make_elasticity(tea)
    assert refresh_expected(timezone.now()) == {"expected": 1, "dropped": 0}
    assert PlannedDemand.objects.get().is_counted
    after = timezone.now() + timedelta(days=9)
    assert refresh_expected(after) == {"expected": 0, "dropped": 1}
    assert not PlannedDemand.objects.exists()
    assert FlashSale.objects.get() == sale


def measured_campaign(variant, sold: int, number: int = 1) -> None:
    """Five days at half the price, ten days ago; forecast 10 a day, sold so many."""
    first = timezone.localdate() - 10 * DAY
    make_forecast(variant, as_of=first - DAY)
    terms = PriceTerms(
        PriceKind.CAMPAIGN, midnight(first), midnight(first + 5 * DAY), is_history=True
    )
    set_price(variant, 500, key=f"old:{number}", source="test", terms=terms)
    for day in range(5):
        make_order([(variant, sold)], at=midnight(first + day * DAY) + 9 * HOUR)
    window = Window(first, first + 4 * DAY)
    nothing = [0.0] * 5
    extra = Extra(variant.pk, nothing, nothing, nothing)
    tell_planned_demand(Source("campaign", str(number), "Old"), window, [extra])
    measure_ended(timezone.now())


def test_what_was_measured_comes_before_the_elasticity():
    tea = make_sellable()
    make_elasticity(tea, elasticity=9.0, low=9.0, high=9.0)
    measured_campaign(tea, sold=20)  # twice as much at half the price: elasticity 1
    [known] = measured_sales()
    assert (known.rate, known.depth) == (pytest.approx(1.0), pytest.approx(np.log(2)))
    make_flash_sale(lines=(WantedLine("TEA-1", 500, 1000),))
    told = PlannedDemand.objects.get(kind="flash_sale")
    assert "From 1 measured sales" in told.basis_text
    assert sum(told.items.get().mean_units) == pytest.approx(10.0)


def test_a_campaign_without_a_reduction_says_nothing_of_a_price():
    tea = make_sellable()
    first = timezone.localdate() - 5 * DAY
    make_forecast(tea, as_of=first - DAY)
    make_order([(tea, 50)], at=midnight(first) + HOUR)
    extra = Extra(tea.pk, [0.0], [0.0], [0.0])
    tell_planned_demand(Source("campaign", "1", "Mail"), Window(first, first), [extra])
    assert measure_ended(timezone.now())["measured"] == 1
    assert measured_sales() == []
