"""What is ordered and what of it is demand: kits, cancelled rests, one-off bulk orders."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from inventory.frames import demand_history
from inventory.ml.bulk import bulk_lines
from shop.models import KitComponent
from tests.factories import make_order, make_variant

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def one_sku(sizes, times):
    return bulk_lines(np.zeros(len(sizes), int), np.array(sizes, float), np.array(times)).tolist()


def test_an_order_of_a_hundred_among_ones_and_twos_is_a_bulk_order():
    assert one_sku([1, 2, 100], [20, 10, 1]) == [False, False, True]


def test_the_third_of_a_kind_is_a_habit():
    assert one_sku([1, 2, 100], [20, 10, 3]) == [False, False, False]


def test_few_lines_or_few_units_are_none():
    assert one_sku([1, 100], [5, 1]) == [False, False]
    assert one_sku([1, 9], [40, 1]) == [False, False]


def test_each_sku_is_compared_with_itself():
    row, units = np.array([0, 0, 1, 1]), np.array([1.0, 60.0, 50.0, 60.0])
    assert bulk_lines(row, units, np.array([30, 1, 30, 1])).tolist() == [False, True, False, False]


def history(days=4):
    return demand_history(MONDAY.replace(hour=0) + timedelta(days=days), horizon=3)


@pytest.mark.django_db
def test_a_kit_is_demand_for_its_components():
    tea, tin, kit = (make_variant(sku) for sku in ("TEA-1", "TIN-1", "KIT-1"))
    KitComponent.objects.create(kit=kit, component=tea, units=2)
    KitComponent.objects.create(kit=kit, component=tin, units=1)
    make_order([(kit, 3), (tea, 1)], at=MONDAY)
    found = history()
    demand = dict(zip(found.panel.skus, found.panel.units[:, 0], strict=True))
    assert demand == {"TEA-1": 7, "TIN-1": 3}


@pytest.mark.django_db
def test_a_cancelled_rest_is_no_demand():
    tea = make_variant("TEA-1")
    make_order([(tea, 5)], at=MONDAY).lines.update(cancelled_units=2)
    assert history().panel.units[0, 0] == 3


@pytest.mark.django_db
def test_a_bulk_order_is_kept_apart_and_counted():
    tea = make_variant("TEA-1")
    for _number in range(20):
        make_order([(tea, 1)], at=MONDAY)
    make_order([(tea, 200)], at=MONDAY + timedelta(days=1))
    # Of a bulk order it is no more demand, and nobody else's demand is less.
    make_order([(tea, 300)], at=MONDAY).lines.update(cancelled_units=200)
    found = history()
    assert found.panel.units[0, :2].tolist() == [20, 0]
    assert found.bulk_units.tolist() == [300]
