"""Forecasts per warehouse as a table: one row per SKU, warehouse and day of the newest night."""

import csv
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.urls import reverse

from inventory.models import WarehouseForecast
from shop.exporters import pages
from shop.exporters.registry import exporter_of
from shop.exporters.run import export_file
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_staff
from tests.factories_inventory import LAST_DAY, make_forecast

pytestmark = pytest.mark.django_db
PAGE = "/inventory/warehouseforecast/csv/"


def make_parts(sku: str, as_of: date = LAST_DAY, method: str = "combination") -> None:
    forecast = make_forecast(make_variant(sku), as_of=as_of, method=method)
    for code, share in (("MAIN", 0.75), ("NORTH", 0.25)):
        WarehouseForecast.objects.create(
            forecast=forecast,
            warehouse=make_warehouse(code),
            share=share,
            mean_units=[share * 10] * 28,
            quantile_units={f"0.{level}": [share * level * 2] * 28 for level in range(1, 10)},
        )


def exported(tmp_path) -> tuple[list[dict], list[str]]:
    path = tmp_path / "forecasts.csv"
    report = export_file("warehouse_forecasts", path, format="table")
    with path.open(newline="") as file:
        return list(csv.DictReader(file)), report.left_out


def test_a_row_for_each_day_with_its_quantiles_method_and_run(tmp_path):
    make_parts("TEA-1")
    rows, left_out = exported(tmp_path)
    assert len(rows) == 2 * 28
    assert rows[28] == {
        **{"sku": "TEA-1", "warehouse": "NORTH", "as_of": "2026-03-01", "day": "2026-03-02"},
        **{"share": "0.25", "mean_units": "2.5", "p10_units": "0.5", "p50_units": "2.5"},
        **{"p90_units": "4.5", "method": "combination", "model_run": ""},
    }
    assert rows[27]["day"] == "2026-03-29"
    assert left_out == []


def test_only_the_newest_night_is_written_and_the_others_are_named(tmp_path):
    make_parts("TEA-1", as_of=LAST_DAY - timedelta(days=1))
    make_parts("POT-1")
    rows, left_out = exported(tmp_path)
    assert {row["sku"] for row in rows} == {"POT-1"}
    assert left_out == ["1 earlier nights"]


def test_a_shop_with_one_warehouse_is_told_why_the_file_is_empty(tmp_path):
    rows, [said] = exported(tmp_path)
    assert rows == []
    assert "falls on one warehouse" in said


def test_it_is_read_a_page_at_a_time_in_one_query_each(
    tmp_path, monkeypatch, django_assert_num_queries
):
    for number in range(4):
        make_parts(f"T-{number}")
    source = exporter_of("warehouse_forecasts", "table")
    monkeypatch.setattr(pages.pages, "__defaults__", (3,))
    with django_assert_num_queries(3):  # eight rows, three at a time
        found = [row for page in pages.pages(source.source()) for row in source.rows(page)]
    assert len(found) == 8 * 28


def test_the_command_writes_it(tmp_path):
    make_parts("TEA-1")
    path = tmp_path / "out.csv"
    call_command("export_data", "warehouse_forecasts", path, format="table", verbosity=0)
    assert path.read_text().startswith("sku,warehouse,as_of,day,share,mean_units,p10_units,")


@pytest.mark.parametrize("role", ["owner", "buyer", "analyst"])
def test_who_may_see_the_list_takes_it_out_by_its_button(client, role, tmp_path):
    make_parts("TEA-1")
    user = make_staff(username=role)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    listed = client.get(reverse("admin:inventory_warehouseforecast_changelist"))
    assert PAGE in listed.content.decode()
    answer = client.get(PAGE)
    assert "warehouse-forecasts.csv" in answer["Content-Disposition"]
    streamed = b"".join(answer.streaming_content)
    export_file("warehouse_forecasts", tmp_path / "same.csv", format="table")
    assert streamed == (tmp_path / "same.csv").read_bytes()


def test_who_may_not_see_them_gets_none(client):
    client.force_login(make_staff("inventory.view_demandforecast"))
    assert client.get(PAGE).status_code == 403
