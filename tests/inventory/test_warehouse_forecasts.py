"""Forecasts per warehouse: means that sum to the SKU's to the last digit, and what the plan orders by."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse

from inventory.frames import stock_positions
from inventory.ml.counts import plain_quantiles
from inventory.ml.hierarchy import split
from inventory.ml.metrics import LEVELS, Forecast
from inventory.models import DemandForecast, PurchaseOrderLine, WarehouseForecast
from inventory.planned_frames import plan_days
from inventory.services import planned_demand
from inventory.services.planned_demand import Extra, Source, Window, with_planned
from inventory.services.replenishment import plan_replenishment
from inventory.services.warehouse_forecasts import (
    planned_by_warehouse,
    shares_of,
    stored_shares,
    write_warehouse_forecasts,
)
from shop.models import Allocation
from tests.factories import make_order, make_stock, make_variant, make_warehouse
from tests.factories_access import make_staff
from tests.factories_inventory import (
    AS_OF,
    LAST_DAY,
    Silent,
    make_forecast,
    make_item,
    make_supplier,
)

DAYS = 28


def counted(rate=3.0, phi=0.4):
    mean = np.full((1, DAYS), rate)
    return Forecast(mean, plain_quantiles(mean, np.array([phi])))


def test_a_part_of_a_count_by_chance_is_a_count_of_the_same_dispersion():
    """Three of ten buyers go elsewhere: simulated parts hold what the quantiles say."""
    forecast, shares = counted(rate=8.0), np.array([0.7, 0.3])
    means, quantiles = split(forecast, shares, 0.4)
    np.testing.assert_allclose(means.sum(axis=0), forecast.mean[0], rtol=1e-12)
    random = np.random.default_rng(6)
    size = 1 / 0.4
    whole = random.negative_binomial(size, size / (size + 8.0), 40_000)
    for place, share in enumerate(shares):
        part = random.binomial(whole, share)
        low, high = quantiles[place, 0, 0], quantiles[place, 0, -1]
        assert 0.77 < ((part >= low) & (part <= high)).mean() < 0.93
    width = (quantiles[:, :, -1] - quantiles[:, :, 0]).mean(axis=1) / means.mean(axis=1)
    assert width[1] > width[0] > (forecast.quantiles[0, :, -1] - forecast.quantiles[0, :, 0])[0] / 8


def test_a_calibrated_forecast_is_as_much_wider_in_its_parts():
    plain = counted()
    wide = Forecast(
        plain.mean,
        plain.quantiles[:, :, 4:5] + 1.5 * (plain.quantiles - plain.quantiles[:, :, 4:5]),
    )
    _means, narrow = split(plain, np.array([0.5, 0.5]), 0.4)
    _means, stretched = split(wide, np.array([0.5, 0.5]), 0.4)
    upper = [one[0, :, -1] - one[0, :, 4] for one in (narrow, stretched)]
    assert upper[1] == pytest.approx(1.5 * upper[0])


def test_one_place_is_the_whole_and_what_is_no_count_scatters_as_the_whole():
    forecast = counted()
    means, quantiles = split(forecast, np.array([1.0]), 0.4)
    assert (means[0] == forecast.mean[0]).all()
    assert (quantiles[0] == forecast.quantiles[0]).all()
    _means, quantiles = split(forecast, np.array([0.25, 0.75]), None)
    assert quantiles[0] == pytest.approx(0.25 * forecast.quantiles[0])


@pytest.fixture
def shop(db):
    """TEA-1 from MAIN (8 of 10 units) and NORTH, CUP-1 from MAIN alone."""
    tea, cup = make_variant("TEA-1", price_minor=900), make_variant("CUP-1", price_minor=900)
    main, north = make_warehouse("MAIN"), make_warehouse("NORTH")
    supplier = make_supplier()
    for variant in (tea, cup):
        make_item(variant, supplier)
    for variant, place, units in ((tea, main, 40), (tea, north, 10), (cup, main, 90)):
        make_stock(variant, units, warehouse=place)
    sold = [(tea, main, 8), (tea, north, 2), (cup, main, 10)]
    for variant, place, units in sold:
        order = make_order([(variant, units)], at=AS_OF - timedelta(days=5))
        Allocation.objects.create(
            order_line=order.lines.get(), variant=variant, warehouse=place, units=units
        )
    return [make_forecast(tea, basis={"dispersion": 0.3}, mean=3.337), make_forecast(cup)]


def thousandths(rows):
    return np.rint(1000 * np.array([row.mean_units for row in rows])).sum(axis=0).tolist()


def test_parts_sum_to_the_sku_and_twice_is_once(shop):
    for _night in range(2):
        assert write_warehouse_forecasts(shop, AS_OF, LAST_DAY) == 3
        for row in shop:
            parts = row.by_warehouse.all()
            assert thousandths(parts) == thousandths([row])
            assert sum(part.share for part in parts) == pytest.approx(1)
            for part in parts:
                low, high = (np.array(part.quantile_units[level]) for level in ("0.1", "0.9"))
                assert (low <= high).all()
    assert WarehouseForecast.objects.count() == 3
    whole = WarehouseForecast.objects.get(forecast__variant__sku="CUP-1")
    assert whole.quantile_units["0.9"] == pytest.approx(shop[1].quantile_units["0.9"], abs=0.001)


def test_the_plan_orders_by_what_is_stored(shop):
    write_warehouse_forecasts(shop, AS_OF, LAST_DAY)
    WarehouseForecast.objects.filter(forecast=shop[0], warehouse__code="NORTH").update(share=0.9)
    WarehouseForecast.objects.filter(forecast=shop[0], warehouse__code="MAIN").update(share=0.1)
    plan_replenishment(AS_OF, seed=7, progress=Silent())
    lines = PurchaseOrderLine.objects.filter(variant__sku="TEA-1")
    units = {line.order.warehouse.code: line.suggested_units for line in lines}
    assert units["NORTH"] > 30 > units.get("MAIN", 0)


def test_without_stored_parts_the_shares_are_found_anew(shop):
    variants = [row.variant_id for row in shop]
    stock = stock_positions(variants)
    found = shares_of(variants, AS_OF, stock)
    assert {len(places) for places in found.values()} == {1, 2}
    assert stored_shares(shop, AS_OF, stock) == found
    write_warehouse_forecasts(shop, AS_OF, LAST_DAY)
    assert stored_shares(shop, AS_OF, ()) == found


def test_planned_units_fall_by_share_and_go_when_the_plan_is_forgotten(shop):
    row = shop[0]
    shares = stored_shares(shop, AS_OF, ())
    before = planned_by_warehouse(shop, 40, shares)
    window = Window(LAST_DAY + timedelta(days=3), LAST_DAY + timedelta(days=4))
    extra = Extra(row.variant_id, [10.0, 20.0], [5.0, 10.0], [20.0, 40.0])
    planned_demand.tell_planned_demand(Source("campaign", "1", "spring"), window, [extra])
    found = planned_by_warehouse(shop, 40, shares)
    parts = [mean for (variant, _place), (mean, _q) in found.items() if variant == row.variant_id]
    np.testing.assert_allclose(sum(parts), with_planned([row], 40)[row.variant_id][0])
    planned_demand.forget_planned_demand("campaign", "1")
    after = planned_by_warehouse(shop, 40, shares)
    for place, (mean, quantiles) in before.items():
        assert (mean == after[place][0]).all()
        assert (quantiles == after[place][1]).all()


def test_a_small_part_is_planned_with_more_scatter_for_its_size(shop):
    row, first = shop[0], LAST_DAY + timedelta(days=1)
    whole, part = plan_days(row, first, 28), plan_days(row, first, 28, share=0.2)
    relative = [(q[0, -1] - q[0, 0]) / mean[0] for mean, q in (whole, part)]
    assert relative[1] > 1.1 * relative[0]


def test_a_shop_with_one_warehouse_keeps_none(db):
    row = make_forecast(make_variant("TEA-1"))
    assert write_warehouse_forecasts([row], AS_OF, LAST_DAY) == 0
    assert not WarehouseForecast.objects.exists()


def test_old_parts_are_forgotten(shop):
    old = make_forecast(shop[0].variant, as_of=LAST_DAY - timedelta(days=15))
    WarehouseForecast.objects.create(forecast=old, warehouse=make_warehouse("NORTH"), share=1.0)
    write_warehouse_forecasts(shop, AS_OF, LAST_DAY)
    assert not WarehouseForecast.objects.filter(forecast=old).exists()
    assert DemandForecast.objects.filter(pk=old.pk).exists()


def test_the_page_the_list_and_the_api_tell_the_same(shop, client, django_assert_max_num_queries):
    write_warehouse_forecasts(shop, AS_OF, LAST_DAY)
    client.force_login(make_staff(is_superuser=True))
    text = client.get(reverse("admin:inventory_forecast_page", args=["TEA-1"])).content.decode()
    assert "Where it will be wanted" in text
    assert "North" in text
    with django_assert_max_num_queries(20):
        listed = client.get(reverse("admin:inventory_warehouseforecast_changelist"))
    assert listed.content.decode().count("CUP-1") >= 1
    found = client.get("/api/merchant/v1/warehouse-forecasts/?sku=TEA-1").json()["results"]
    assert {one["warehouse"] for one in found} == {"MAIN", "NORTH"}
    detail = client.get("/api/merchant/v1/forecasts/TEA-1/").json()
    total = np.array([one["mean_units"] for one in detail["warehouses"]]).sum(axis=0)
    assert total.round(3).tolist() == detail["mean_units"]
    assert set(detail["warehouses"][0]["quantile_units"]) == {f"{one:.1f}" for one in LEVELS}
    north = client.get("/api/merchant/v1/warehouse-forecasts/?warehouse=NORTH").json()["results"]
    assert [one["sku"] for one in north] == ["TEA-1"]
