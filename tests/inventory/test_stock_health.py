"""Stock health: the textbook's figures, the same by SQL, and the pages that show them."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.urls import reverse

from inventory.ml.stock_health import age_units, daily_average, gmroi, out_risk, turns
from inventory.models import SkuHealth
from inventory.services.stock_health import refresh_stock_health, stock_health_totals
from shop.models import StockLevel, StockMovement
from tests.factories import make_order, make_variant, make_warehouse
from tests.factories_access import make_staff
from tests.factories_inventory import AS_OF, LAST_DAY, Silent, make_forecast


def test_the_worked_example_of_the_docs():
    """90 days: 900 units at 4.00 sold for 10.00 each, 300 on hand on average."""
    cogs, stock = 900 * 400, 300 * 400
    assert turns(cogs, stock, 90) == pytest.approx(12.1667, abs=1e-4)
    assert gmroi(900 * 1000 - cogs, stock, 90) == pytest.approx(18.25)
    assert turns(cogs, 0, 90) is None


def test_what_is_left_came_last():
    assert age_units(70, [(5, 40), (60, 20), (400, 100)]) == [40, 20, 0, 0, 10]
    assert age_units(10, []) == [0, 0, 0, 0, 10]  # older than anything that is known
    assert age_units(0, [(1, 5)]) == [0] * 5


def test_chance_to_be_sold_out_rises_and_arrivals_help_only_in_time():
    wanted = np.array([[5, 10, 15], [1, 2, 3], [10, 20, 30], [0, 0, 12]])
    assert out_risk(wanted, np.array([10, 10, 10])).tolist() == [0.25, 0.5, 0.75]
    assert out_risk(wanted, np.array([10, 40, 40])).tolist() == [0.25, 0.25, 0.25]


def test_average_of_evenings_by_hand():
    change = np.array([[5.0, -3.0, 0.0]])
    assert daily_average(np.array([10.0]), change).tolist() == [(15 + 12 + 12) / 3]


def move(variant, delta: int, days_ago: int, kind: str = "receive") -> None:
    place = make_warehouse()
    level, _made = StockLevel.objects.get_or_create(variant=variant, warehouse=place)
    StockLevel.objects.filter(pk=level.pk).update(on_hand=level.on_hand + delta)
    StockMovement.objects.create(
        variant=variant,
        warehouse=place,
        kind=kind,
        on_hand_delta=delta,
        key=f"{variant.sku}:{days_ago}:{kind}",
        occurred_at=AS_OF - timedelta(days=days_ago, hours=-6),
    )


@pytest.fixture
def shop(db):
    tea, pot, odd = (
        make_variant("TEA-1"),
        make_variant("POT-1"),
        make_variant("ODD", cost_minor=None),
    )
    for variant, units in ((tea, 500), (pot, 60), (odd, 9)):
        move(variant, units, 200)
    move(tea, 100, 20)
    for day in range(1, 61, 3):
        make_order([(tea, 4), (pot, 1)], at=AS_OF - timedelta(days=day, hours=-9))
        move(tea, -4, day, "consume")
        move(pot, -1, day, "consume")
    make_forecast(tea, mean=1.5, sd=0.5)
    make_forecast(pot, mean=2.0, sd=1.0)
    return tea, pot, odd


SQL = """
WITH days(day) AS (VALUES {days}),
evening AS (
  SELECT v.id AS variant, d.day,
    COALESCE((SELECT SUM(m.on_hand_delta) FROM shop_stockmovement m
              WHERE m.variant_id = v.id AND {local} <= d.day), 0) AS units
  FROM shop_variant v CROSS JOIN days d WHERE v.cost_minor IS NOT NULL),
stock AS (SELECT SUM(e.units * v.cost_minor) * 1.0 / COUNT(DISTINCT e.day) AS minor
          FROM evening e JOIN shop_variant v ON v.id = e.variant),
sold AS (SELECT SUM(l.units * v.cost_minor) AS cogs, SUM(l.total_minor) AS revenue
         FROM shop_orderline l JOIN shop_variant v ON v.id = l.variant_id
         WHERE v.cost_minor IS NOT NULL)
SELECT sold.cogs * 365.0 / 90 / stock.minor, (sold.revenue - sold.cogs) * 365.0 / 90 / stock.minor
FROM sold, stock
"""


def test_turns_and_gmroi_are_those_of_plain_sql(shop):
    refresh_stock_health(Silent(), AS_OF)
    first = LAST_DAY - timedelta(days=89)
    days = ", ".join(f"('{first + timedelta(days=n)}')" for n in range(90))
    local = "date(m.occurred_at)" if connection.vendor == "sqlite" else "m.occurred_at::date::text"
    with connection.cursor() as cursor:
        cursor.execute(SQL.format(days=days, local=local))
        by_sql = [float(figure) for figure in cursor.fetchone()]
    totals = stock_health_totals()
    assert (totals.turns, totals.gmroi) == pytest.approx(by_sql)
    assert totals.unknown == 1  # ODD has no cost and is in no amount


def test_one_row_per_sku_counted_by_hand_and_twice_is_once(shop):
    tea, _pot, odd = shop
    refresh_stock_health(Silent(), AS_OF)
    before = list(SkuHealth.objects.order_by("pk").values())
    refresh_stock_health(Silent(), AS_OF)
    assert list(SkuHealth.objects.order_by("pk").values()) == before
    row = SkuHealth.objects.get(variant=tea)
    assert (row.on_hand, row.units_sold, row.revenue_minor) == (520, 80, 80_000)
    assert row.age_units == [100, 0, 0, 420, 0]
    assert row.stock_minor == 520 * 400
    assert row.excess_units > 300
    assert row.out_risk == sorted(row.out_risk)
    unknown = SkuHealth.objects.get(variant=odd)
    assert (unknown.stock_minor, unknown.excess_units, unknown.out_risk) == (None, None, [])


def test_the_page_the_list_and_the_api(shop, client):
    client.force_login(make_staff(is_superuser=True))
    empty = client.get(reverse("admin:inventory_stock_health"))
    assert "Nothing has been counted yet" in empty.content.decode()
    refresh_stock_health(Silent(), AS_OF)
    page = client.get(reverse("admin:inventory_stock_health")).content.decode()
    assert "one without a cost is left out" in page
    assert client.get(reverse("admin:inventory_skuhealth_changelist")).status_code == 200
    totals = client.get("/api/merchant/v1/stock-health/").json()
    assert totals["turns"] == pytest.approx(stock_health_totals().turns)
    rows = client.get("/api/merchant/v1/stock-health/skus/?sku=TEA-1").json()["results"]
    assert [row["on_hand"] for row in rows] == [520]
