"""The curve of whom a message moves, on its page."""

from dataclasses import asdict

import numpy as np
import pytest
from django.urls import reverse

from decisions.models import ModelRun
from decisions.services.model_runs import publish_run
from marketing.ml.uplift_metrics import area_under, curve_with_band
from tests.factories_access import make_staff
from tests.factories_decisions import make_trained

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client):
    client.force_login(make_staff("marketing.view_campaign", username="mia"))
    return lambda: client.get(reverse("admin:marketing_uplift")).content.decode()


def test_before_anything_was_learnt(page):
    assert "Nothing was learnt yet" in page()


def test_the_curve_stands_there_in_money(page):
    generator = np.random.default_rng(1)
    effect = generator.normal(10, 30, 2000)
    steps = curve_with_band(effect, effect + generator.normal(0, 50, 2000), cost=5)
    run = publish_run(make_trained(task="uplift"))
    kept = {"steps": [asdict(one) for one in steps], "area": area_under(steps), "level": 0.983}
    judged = {run.model: {"area": 3.2, "low": 1.1, "high": 5.3}}
    metrics = {"qini_minor": judged, "curve_minor": kept | {"cost": 5, "customers": 2000}}
    ModelRun.objects.filter(pk=run.pk).update(metrics=metrics)
    shown = page()
    assert shown.count("<circle") == len(steps) == 21
    assert "£32.00 (£11.00 to £53.00)" in shown  # of a thousand customers
    assert "2,000 customers of finished campaigns" in shown


def test_a_run_from_before_has_no_curve(page):
    publish_run(make_trained(task="uplift"))
    assert "before the curve was kept" in page()
