"""A source of extra demand: told, planned for, forgotten to the last bit, measured, taken out."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.frames import demand_history
from inventory.models import DemandForecast, PlannedDemand, PlannedUnits, PurchaseOrderLine
from inventory.planned_frames import extra_units_by_sku_day, planned_extra
from inventory.services import planned_demand as service
from inventory.services.planned_demand import Extra, HoldoutEffect, Source, Window
from inventory.services.replenishment import plan_replenishment
from tests.factories import make_order, make_stock, make_variant
from tests.factories_inventory import (
    AS_OF,
    LAST_DAY,
    Silent,
    make_forecast,
    make_history,
    make_item,
    make_supplier,
)

pytestmark = pytest.mark.django_db
SPRING = Source("campaign", "7", "Spring", "春天")
DAY = timedelta(days=1)


def window(start: date = LAST_DAY + 3 * DAY, days: int = 5, **fields) -> Window:
    return Window(start, start + (days - 1) * DAY, **fields)


def extra(variant, mean=4.0, low=2.0, high=7.0, days=5) -> Extra:
    return Extra(variant.pk, [mean] * days, [low] * days, [high] * days)


def plan_lines() -> list[tuple]:
    plan_replenishment(AS_OF, seed=1, progress=Silent())
    names = [f.name for f in PurchaseOrderLine._meta.concrete_fields if f.name != "id"]
    return list(PurchaseOrderLine.objects.order_by("variant", "order").values_list(*names[1:]))


def planned_shop():
    supplier = make_supplier(review_period_days=7, lead_time_days=10)
    tea, pot = make_variant("TEA-1"), make_variant("POT-1")
    for variant in (tea, pot):
        make_item(variant, supplier)
        make_forecast(variant)
        make_stock(variant, 90)
    return tea, pot


def test_telling_twice_equals_once_and_telling_anew_replaces_all():
    tea, pot = make_variant("TEA-1"), make_variant("POT-1")
    first = service.tell_planned_demand(SPRING, window(), [extra(tea), extra(pot)])
    again = service.tell_planned_demand(SPRING, window(), [extra(tea), extra(pot)])
    assert again.told_at == first.told_at
    service.tell_planned_demand(SPRING, window(), [extra(pot, mean=5.0)])
    assert PlannedDemand.objects.count() == 1
    assert list(PlannedUnits.objects.values_list("variant__sku", "mean_units")) == [
        ("POT-1", [5.0] * 5)
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mean": [1.0] * 4}, "A number for each of the 5 days."),
        ({"low": [5.0] * 5}, "Units are numbers from 0 on"),
        ({"mean": [float("nan")] * 5}, "Units are numbers from 0 on"),
        ({"low": [-1.0] * 5}, "Units are numbers from 0 on"),
    ],
)
def test_numbers_that_cannot_be_are_refused_and_nothing_is_written(changed, said):
    tea = make_variant()
    good = {"mean": [4.0] * 5, "low": [2.0] * 5, "high": [7.0] * 5}
    with pytest.raises(service.PlannedDemandError, match=said):
        service.tell_planned_demand(SPRING, window(), [Extra(tea.pk, **(good | changed))])
    assert not PlannedDemand.objects.exists()


def test_a_window_that_ends_before_it_begins_is_refused():
    with pytest.raises(service.PlannedDemandError, match="1 to 366 days"):
        service.tell_planned_demand(SPRING, Window(LAST_DAY, LAST_DAY - DAY), [])


def test_a_draft_changes_the_plan_and_forgetting_it_gives_every_number_back():
    tea, _pot = planned_shop()
    before, forecasts = plan_lines(), list(DemandForecast.objects.values())
    service.tell_planned_demand(SPRING, window(days=10), [extra(tea, 30.0, 20.0, 45.0, days=10)])
    during = plan_lines()
    assert during != before
    assert [line for line in during if tea.pk not in line] == [
        line for line in before if tea.pk not in line
    ]
    assert list(DemandForecast.objects.values()) == forecasts  # the forecast itself is untouched
    assert service.forget_planned_demand("campaign", "7")
    assert plan_lines() == before
    assert not service.forget_planned_demand("campaign", "7")


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(st.integers(-20, 60), st.integers(1, 40), st.floats(0, 50), st.floats(0, 9)),
        min_size=1,
        max_size=4,
    )
)
def test_forgetting_whatever_was_told_returns_the_demand_bit_by_bit(told):
    variant = make_variant(f"V-{DemandForecast.objects.count()}")
    row = make_forecast(variant, mean=1 / 3, sd=0.1)
    before = service.with_planned([row], 70)[variant.pk]
    for number, (start, days, mean, spread) in enumerate(told):
        one = extra(variant, mean, max(mean - spread, 0.0), mean + spread, days)
        when = window(LAST_DAY + start * DAY, days)
        service.tell_planned_demand(Source("campaign", str(number), "x"), when, [one])
    for number in range(len(told)):
        service.forget_planned_demand("campaign", str(number))
    after = service.with_planned([row], 70)[variant.pk]
    assert [part.tobytes() for part in after] == [part.tobytes() for part in before]


def test_the_bump_does_not_repeat_where_the_forecast_goes_on_past_its_end():
    tea = make_variant()
    row = make_forecast(tea)
    service.tell_planned_demand(SPRING, window(LAST_DAY + 27 * DAY, 2), [extra(tea, days=2)])
    mean, _quantiles = service.with_planned([row], 60)[tea.pk]
    assert mean[26:28].tolist() == [14.0, 14.0]
    assert mean[28:].tolist() == [10.0] * 32


def test_what_is_not_counted_is_known_and_not_planned_for():
    tea = make_variant()
    service.tell_planned_demand(SPRING, window(is_counted=False), [extra(tea)])
    assert planned_extra([tea.pk], LAST_DAY, 30) == {}


def test_called_off_half_way_it_ends_there_and_before_its_first_day_it_is_forgotten():
    tea = make_variant()
    start = LAST_DAY - DAY
    service.tell_planned_demand(SPRING, window(start), [extra(tea)])
    assert service.end_planned_demand("campaign", "7", start + DAY)
    assert PlannedUnits.objects.get().mean_units == [4.0, 4.0]
    assert service.end_planned_demand("campaign", "7", start - DAY)
    assert not PlannedDemand.objects.exists()


def sold_out_of(variant, units_by_day: list[int], start: date) -> None:
    for number, units in enumerate(units_by_day):
        at = datetime.combine(start + number * DAY, datetime.min.time(), UTC) + timedelta(hours=9)
        if units:
            make_order([(variant, units)], at=at)


def test_the_measured_effect_replaces_the_guess_and_leaves_the_plan():
    tea = make_variant()
    start = LAST_DAY - 4 * DAY
    make_forecast(tea, as_of=start - DAY)
    sold_out_of(tea, [15] * 5, start)
    service.tell_planned_demand(SPRING, window(start), [extra(tea)])
    assert service.measure_ended(AS_OF) == {"measured": 1, "not_comparable": 0}
    item = PlannedUnits.objects.get()
    assert (item.effect_units, item.base_units, item.known_days) == (25.0, 50.0, 5)
    assert item.effect_low_units == pytest.approx(25 - 1.2816 * 3 * 5**0.5, abs=0.01)
    assert item.rate == 0.5
    assert planned_extra([tea.pk], start, 5) == {}
    assert service.measure_ended(AS_OF) == {"measured": 0, "not_comparable": 0}  # once
    assert not service.forget_planned_demand("campaign", "7")  # it happened
    with pytest.raises(service.PlannedDemandError, match="has been measured"):
        service.tell_planned_demand(SPRING, window(start), [])


def test_a_holdout_is_believed_before_the_forecast():
    tea = make_variant()
    start = LAST_DAY - 4 * DAY
    make_forecast(tea, as_of=start - DAY)
    sold_out_of(tea, [15] * 5, start)
    service.tell_planned_demand(SPRING, window(start), [extra(tea)])
    service.measure_ended(AS_OF, {("campaign", "7"): {tea.pk: HoldoutEffect(15.0, 10.0, 20.0)}})
    item = PlannedUnits.objects.get()
    assert (item.effect_units, item.measured_by, sum(item.effect_by_day)) == (15.0, "holdout", 15.0)


def test_without_a_forecast_from_before_nothing_is_claimed():
    tea = make_variant()
    start = LAST_DAY - 4 * DAY
    service.tell_planned_demand(SPRING, window(start), [extra(tea)])
    assert service.measure_ended(AS_OF) == {"measured": 0, "not_comparable": 1}
    assert PlannedUnits.objects.get().effect_units is None
    assert "no forecast" in PlannedDemand.objects.get().basis_text


def test_the_history_that_is_learned_from_is_cleaned_of_the_effect():
    variants = make_history(skus=2, days=60)
    start = LAST_DAY - 9 * DAY
    before = demand_history(AS_OF, horizon=28).panel.units
    make_forecast(variants[0], as_of=start - DAY)
    sold_out_of(variants[0], [20] * 5, start)
    service.tell_planned_demand(SPRING, window(start), [extra(variants[0])])
    service.measure_ended(AS_OF)
    after = demand_history(AS_OF, horizon=28).panel.units
    item = PlannedUnits.objects.get()
    assert after[0].sum() == pytest.approx(before[0].sum() + 100 - item.effect_units, abs=0.01)
    np.testing.assert_array_equal(after[1], before[1])
    earlier = AS_OF - timedelta(days=1)  # measured later than this: not known then
    ids = [variant.pk for variant in variants]
    assert not extra_units_by_sku_day(ids, start, LAST_DAY, as_of=earlier).any()


def test_the_plan_reads_all_sources_in_one_query(django_assert_num_queries):
    variants = [make_variant(f"T-{n}") for n in range(3)]
    rows = [make_forecast(variant) for variant in variants]
    for number in range(4):
        told = [extra(variant) for variant in variants]
        service.tell_planned_demand(Source("campaign", str(number), "x"), window(), told)
    with django_assert_num_queries(1):
        service.with_planned(rows, 40)
