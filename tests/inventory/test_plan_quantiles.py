"""What stock is planned by: a count's own spread, the year after the forecast's end, the SKU's own class."""

from datetime import timedelta

import numpy as np
import pytest

from inventory.bindings import text_of
from inventory.planned_frames import forecast_days, plan_days
from inventory.services.what_if_order import Question, ask
from tests.factories import make_variant
from tests.factories_inventory import make_forecast

pytestmark = pytest.mark.django_db


def test_the_plan_takes_the_counts_own_spread_and_the_same_mean():
    row = make_forecast(make_variant("TEA-1"), mean=2.0, basis={"dispersion": 0.5})
    first = row.as_of + timedelta(days=1)
    mean, quantiles = plan_days(row, first, 28)
    seen = forecast_days(row, first, 28)
    assert mean.tolist() == seen[0].tolist()
    assert not np.allclose(quantiles, seen[1])
    # Var = 2 + 0.5 · 4 = 4: the middle of nine tenths lies about 1.28 deviations up and down.
    assert quantiles[0, 8] == pytest.approx(2 + 1.28 * 2, abs=0.6)
    assert (np.diff(quantiles, axis=1) >= 0).all()


def test_without_a_count_the_forecasts_quantiles_serve():
    row = make_forecast(make_variant("TEA-1"), mean=200.0)
    first = row.as_of + timedelta(days=1)
    for ours, theirs in zip(plan_days(row, first, 60), forecast_days(row, first, 60), strict=True):
        assert ours.tolist() == theirs.tolist()


def test_past_its_end_a_forecast_follows_the_year():
    row = make_forecast(make_variant("TEA-1"), mean=2.0, basis={"year": [1.0] * 4 + [1.5] * 36})
    mean, _quantiles = plan_days(row, row.as_of + timedelta(days=1), 60)
    assert mean[:28] == pytest.approx(2.0)
    assert mean[28:] == pytest.approx(3.0)


def test_what_if_asks_at_the_skus_own_class():
    row = make_forecast(make_variant("TEA-1"), mean=10.0, basis={"service_class": "AX"})
    assert ask(row, Question()).terms["cycle_service_level"] == 0.98
    row.basis = {}
    assert ask(row, Question()).terms["cycle_service_level"] == 0.95


def test_a_binding_is_said_in_words():
    assert text_of({"constraint": "pack_size"}) == "rounded up to whole packs"
    assert "one more of it earns" in text_of({"constraint": "budget", "one_more_minor": 0.4})
