"""The life of the demand model on a small shop: live only if it wins, twice equals once."""

from datetime import timedelta

import pytest

from decisions.models import LivePeriod, ModelRun, RunState
from decisions.services.model_runs import live_run
from inventory.ml.gbm import DemandParams
from inventory.models import CategoryForecast, DemandForecast
from inventory.services import forecasts
from tests.factories import make_order, make_variant
from tests.factories_inventory import AS_OF, LAST_DAY, Silent, make_history

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_model(monkeypatch, settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path
    small = DemandParams(sample_rows=5000, quantile_rounds=25, mean_rounds=25, threads=1)
    monkeypatch.setattr(forecasts, "night_params", lambda: small)


def refresh(as_of=AS_OF):
    return forecasts.refresh_demand_forecast(as_of, seed=7, progress=Silent())


def test_a_model_that_wins_goes_live_and_serves():
    make_history()
    result = refresh()
    run = ModelRun.objects.get()
    assert result["run_state"] == run.state == RunState.LIVE
    assert run.value < run.baseline_value
    assert run.baseline == "seasonal_naive"
    row = DemandForecast.objects.first()
    assert (row.model_run, row.method, row.as_of) == (run, run.model, LAST_DAY)
    assert len(row.mean_units) == row.horizon_days == 28
    assert all(
        low <= high
        for low, high in zip(row.quantile_units["0.1"], row.quantile_units["0.9"], strict=True)
    )


def assert_causes_sum(row):
    """Day by day, to the last thousandth that is stored."""
    days = zip(*row.contributions.values(), strict=True)
    told = [sum(round(1000 * units) for units in day) for day in days]
    assert told == [round(1000 * units) for units in row.mean_units]


def test_every_forecast_keeps_what_it_is_made_of():
    make_history()
    refresh()
    for row in DemandForecast.objects.all():
        assert set(row.contributions) == {
            "sales", "stock_out", "trend", "season", "festival", "price", "promotion",
        }  # fmt: skip
        assert_causes_sum(row)
        season = row.contributions["season"][:7]
        assert max(season) - min(season) > 0.3 * sum(row.mean_units) / 28  # of the weekdays


def test_totals_are_the_sum_of_the_skus_and_twice_is_once():
    make_history()
    refresh()
    refresh()
    total = CategoryForecast.objects.get()  # no SKU here has a category
    units = sum(sum(row.mean_units) for row in DemandForecast.objects.all())
    assert total.category is None
    assert total.skus == 6
    assert total.mean_units == pytest.approx(units, abs=0.01)
    assert total.low_units < total.mean_units < total.high_units


def test_twice_equals_once():
    make_history()
    first = refresh()
    rows = list(DemandForecast.objects.values("variant", "mean_units", "quantile_units"))
    again = refresh()
    assert first == again
    assert ModelRun.objects.count() == 1
    assert LivePeriod.objects.count() == 1
    assert list(DemandForecast.objects.values("variant", "mean_units", "quantile_units")) == rows


def test_too_little_history_is_a_reason_with_days_and_no_number():
    new = make_variant("NEW-1")
    make_history(skus=2)  # too few to be likened to
    make_order([(new, 4)], at=AS_OF - timedelta(days=5))
    assert refresh()["too_short"] == 1
    row = DemandForecast.objects.get(variant=new)
    assert row.is_refused
    assert row.mean_units == []
    assert row.days_missing == 28 - 5


def test_a_new_sku_borrows_from_its_likes_and_says_so():
    new = make_variant("NEW-1")
    make_history(skus=5)
    make_order([(new, 4)], at=AS_OF - timedelta(days=5))
    assert refresh()["too_short"] == 0
    row = DemandForecast.objects.get(variant=new)
    assert (row.method, row.model_run, len(row.mean_units)) == ("borrowed", None, 28)
    others = DemandForecast.objects.exclude(variant=new)
    level = [sum(one.mean_units) / 28 for one in others]
    assert 4 / 5 < sum(row.mean_units) / 28 < max(level)  # between its own days and its likes'
    assert 0 < row.basis["own_share"] < 1
    assert {one["sku"] for one in row.basis["like"]} <= {one.variant.sku for one in others}
    assert_causes_sum(row)
    wide, narrow = (
        (one.quantile_units["0.9"][0] - one.quantile_units["0.1"][0]) / one.mean_units[0]
        for one in (row, max(others, key=lambda one: sum(one.mean_units)))
    )
    assert wide > narrow


def test_too_short_a_shop_is_served_by_the_baseline():
    make_history(days=50)
    result = refresh()
    assert result["run"] is None
    assert result["method"] == "seasonal_naive"
    assert DemandForecast.objects.filter(method="seasonal_naive", model_run=None).count() == 6


def test_a_refused_run_leaves_the_baseline_serving(monkeypatch):
    make_history()
    real = forecasts._trained

    def worse(*given):
        from dataclasses import replace

        trained = real(*given)
        return replace(trained, value=trained.baseline_value + 1)

    monkeypatch.setattr(forecasts, "_trained", worse)
    result = refresh()
    assert result["run_state"] == RunState.REFUSED
    assert live_run(forecasts.TASK) is None
    assert set(DemandForecast.objects.values_list("method", flat=True)) == {"seasonal_naive"}


def test_without_sales_it_says_so():
    make_variant("TEA-1")
    with pytest.raises(forecasts.NoSalesError):
        refresh()


def test_old_forecasts_are_forgotten():
    tea = make_variant("TEA-1")
    for age in (0, 59, 61):
        DemandForecast.objects.create(
            variant=tea, as_of=LAST_DAY - timedelta(days=age), days_missing=3
        )
    forecasts.write_forecasts([DemandForecast(variant=tea, as_of=LAST_DAY, days_missing=2)])
    found = DemandForecast.objects.order_by("as_of").values_list("days_missing", flat=True)
    assert list(found) == [3, 2]
