"""Orders and the ledger → demand: what sold, what was masked, what came back."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from inventory.frames import demand_history, last_full_day, stock_positions
from shop.models import OrderState, Price, PriceKind
from shop.services.stock import stock
from tests.factories import make_order, make_variant, make_warehouse

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def sell(variant, day, units, **fields):
    return make_order([(variant, units)], at=MONDAY + timedelta(days=day), **fields)


def history(days=4):
    return demand_history(MONDAY.replace(hour=0) + timedelta(days=days), horizon=3)


def test_units_per_local_day_and_zero_in_between():
    tea = make_variant("TEA-1")
    sell(tea, 0, 2), sell(tea, 0, 1), sell(tea, 2, 5)
    assert history().panel.units.tolist() == [[3, 0, 5, 0]]


def test_nothing_from_the_day_of_as_of_or_later_is_read():
    tea = make_variant("TEA-1")
    sell(tea, 0, 2), sell(tea, 1, 9)
    found = demand_history(MONDAY + timedelta(days=1), horizon=3)  # noon: the day is not over
    assert found.panel.units.tolist() == [[2]]
    assert last_full_day(MONDAY + timedelta(days=1)).isoformat() == "2026-03-02"


def test_a_cancelled_order_is_no_demand():
    tea = make_variant("TEA-1")
    sell(tea, 0, 2), sell(tea, 1, 9, state=OrderState.CANCELLED)
    assert history().panel.units.tolist() == [[2, 0, 0, 0]]


def test_a_shop_without_sales_has_no_history():
    make_variant("TEA-1")
    assert history() is None


def test_days_without_stock_are_masked_and_counted():
    tea, place = make_variant("TEA-1"), make_warehouse()
    post_at(tea, place, 5, 0)
    sell(tea, 0, 5)
    post_at(tea, place, -5, 0, kind="out")
    sell(tea, 3, 1)
    post_at(tea, place, 4, 3)
    found = history(5)
    assert np.isnan(found.panel.units[0]).tolist() == [False, True, True, False, False]
    assert found.stockout_days.tolist() == [2]


def post_at(variant, place, units, day, kind="in"):
    from shop.services.stock.movements import Change, post

    post(
        Change(
            variant_id=variant.pk,
            warehouse_id=place.pk,
            kind="receive" if kind == "in" else "adjust",
            key=f"{day}:{kind}",
            on_hand=units,
            occurred_at=MONDAY + timedelta(days=day),
        )
    )


def test_a_sku_that_is_not_counted_is_never_masked():
    tea = make_variant("TEA-1", tracks_stock=False)
    sell(tea, 0, 2)
    assert history().stockout_days.tolist() == [0]


def test_campaign_prices_of_later_days_are_plans():
    tea = make_variant("TEA-1")
    sell(tea, 0, 2)
    Price.objects.create(
        variant=tea,
        kind=PriceKind.CAMPAIGN,
        amount_minor=800,
        currency="GBP",
        valid_from=MONDAY + timedelta(days=5),
        valid_until=MONDAY + timedelta(days=6),
        source="test",
        key="campaign",
    )
    found = history(4)  # days 0-3 are history, 4-6 the horizon
    assert found.panel.promotion.tolist() == [[0, 0, 0, 0]]
    assert found.planned.promotion.tolist() == [[0, 1, 1]]
    assert found.panel.depth.tolist() == [[0, 0, 0, 0]]
    assert found.planned.depth[0].tolist() == pytest.approx(
        [0, 0.2231, 0.2231], abs=1e-4
    )  # 10 to 8


def test_stock_positions_need_no_query_per_sku(django_assert_num_queries):
    place = make_warehouse()
    variants = [make_variant(f"T-{number}") for number in range(4)]
    for variant in variants:
        stock.receive(variant, 7, warehouse=place, key=f"in:{variant.pk}")
    with django_assert_num_queries(2):
        found = stock_positions([variant.pk for variant in variants])
    assert {one.on_hand for one in found.values()} == {7}
    assert all(one.counted for one in found.values())
