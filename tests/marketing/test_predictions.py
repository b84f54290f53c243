"""The night writes what it foresees of every customer; short history is a refusal, never a guess."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.test import override_settings

from decisions.models import ModelRun, RunState
from marketing.frames.behaviour import buyers
from marketing.frames.sequences import sequences_of
from marketing.ml.propensity import INPUTS, PropensityParams, Snapshot, train_and_judge
from marketing.ml.sequence_training import SequenceParams, SequenceTrainer
from marketing.models import CustomerPrediction
from marketing.services.customers import predictions
from marketing.services.customers.customer_value import TooLittleHistoryError, train_value
from marketing.services.customers.predictions import refresh_predictions
from marketing.services.customers.propensity import train_propensity
from tests.factories import make_customer, make_order, make_variant
from tests.factories_access import make_staff
from tests.factories_behaviour import END, make_buyers
from tests.factories_marketing import Quiet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _artefacts(tmp_path):
    with override_settings(ARTEFACT_DIR=tmp_path):
        yield


def rows() -> list[dict]:
    return list(CustomerPrediction.objects.order_by("pk").values())


def test_the_night_writes_every_figure_and_twice_equals_once():
    alive = make_buyers(700)
    make_customer("NOBODY")
    found = refresh_predictions(Quiet(), END, seed=1)
    assert found["customers"] == 700
    assert found["value"]["state"] == RunState.LIVE
    written = rows()
    assert refresh_predictions(Quiet(), END, seed=1) == found
    assert rows() == written
    p_alive = np.array([row["p_alive"] for row in written])
    assert p_alive[alive].mean() > p_alive[~alive].mean() + 0.2
    for row in written:
        assert row["p_alive_low"] <= row["p_alive"] <= row["p_alive_high"]
        assert row["spend_30_minor"] <= row["spend_90_minor"] <= row["spend_365_minor"]
        assert row["margin_90_minor"] == pytest.approx(0.6 * row["spend_90_minor"], abs=1)
        assert row["as_of"] == END
        assert row["value_run_id"] == found["value"]["run"]
    run = ModelRun.objects.get(task="customer_value")
    assert run.metrics["window_days"] == 90
    assert sum(tenth["customers"] for tenth in run.metrics["any_order"]) > 400
    assert run.metrics["shipped"]["rmse"] < run.metrics["mean_rate"]["rmse"]
    assert 0.7 < run.metrics["intervals"]["spend"] <= 1
    check_rises(written)


def check_rises(written: list[dict]) -> None:
    """Against a second writing of the night 28 days before, by the same model."""
    cut = END - timedelta(days=28)
    models = replace(predictions.serving(END), propensity=None, as_of=cut)
    made = predictions.predictions_of(buyers(cut, most=1000), models)
    then = {one.customer_id: one.churn_90 for one in made}
    for row in written:
        before = then.get(row["customer_id"])
        assert row["churn_before"] == (before and pytest.approx(before, abs=2e-6))
        if before is not None:
            assert row["churn_rise_28"] == pytest.approx(row["churn_90"] - before, abs=3e-6)
    assert any(row["churn_before"] is not None for row in written)


def test_propensity_says_what_it_was_judged_on():
    make_buyers(700)
    run = train_propensity(END, seed=1)
    losses = run.metrics["log_loss"]
    assert run.baseline_value == min(losses["recency"], losses["bg_nbd"], losses["everybody_alike"])
    assert (run.state == RunState.LIVE) == (losses["propensity"] < run.baseline_value)
    assert sum(band["customers"] for band in run.metrics["reliability"]) == run.metrics["customers"]
    assert run.metrics["sequence"]["reason"] in ("better", "no_better")
    assert train_propensity(END, seed=1) == run


def test_a_model_that_reads_sequences_serves_them():
    """Every night reads them again, as of that night."""
    make_buyers(300)
    refresh_predictions(Quiet(), END, seed=1)
    models = predictions.serving(END)
    cut = END - timedelta(days=60)
    people = buyers(cut, most=1000)
    read = sequences_of(people, cut)
    model = SequenceTrainer((), SequenceParams()).model()
    figures = np.random.default_rng(1).normal(size=(len(people), len(INPUTS)))
    inputs = np.column_stack([figures, model.scores(read)])
    months = [Snapshot(inputs, inputs[:, 0] > 0) for _ in range(3)]
    trained, _judged = train_and_judge(months, PropensityParams(most_rounds=5))
    opened = replace(trained, sequence=model.to_json()).opened()
    run = ModelRun.objects.first()
    found = predictions.predictions_of(people, replace(models, propensity=(run, opened)))
    assert all(0 < row.propensity_30 < 1 for row in found)
    assert {one["input"] for row in found for one in row.reasons} <= {*INPUTS, "sequence_score"}


def test_orders_of_tomorrow_change_no_figure():
    make_buyers(300)
    refresh_predictions(Quiet(), END, seed=1)
    before = rows()
    who = CustomerPrediction.objects.first().customer
    make_order([(make_variant("LATE"), 50)], customer=who, at=END)
    refresh_predictions(Quiet(), END, seed=1)
    assert rows() == before


def test_short_history_is_refused_with_what_is_missing():
    make_order([(make_variant(), 1)], customer=make_customer(), at=END - timedelta(days=5))
    found = refresh_predictions(Quiet(), END, seed=1)
    assert found["missing"]["value"]["params"] == {"missing": 85}
    row = CustomerPrediction.objects.get()
    assert (row.p_alive, row.spend_90_minor, row.value_run) == (None, None, None)
    assert row.order_days == 1
    with pytest.raises(TooLittleHistoryError, match="85 more days"):
        train_value(END, seed=1)
    with pytest.raises(TooLittleHistoryError, match="more days of orders"):
        train_propensity(END, seed=1)


def test_who_has_no_order_any_more_loses_her_row(monkeypatch):
    make_order([(make_variant(), 1)], customer=make_customer("A"), at=END - timedelta(days=5))
    other = make_order(
        [(make_variant("X"), 1)], customer=make_customer("B"), at=END - timedelta(days=4)
    )
    refresh_predictions(Quiet(), END, seed=1)
    other.state = "cancelled"
    other.save()
    refresh_predictions(Quiet(), END + timedelta(days=1), seed=1)
    assert [row.customer.code for row in CustomerPrediction.objects.all()] == ["A"]


def test_a_night_that_dies_half_way_is_finished_by_the_next_attempt(monkeypatch):
    make_buyers(120)

    class Killed(Quiet):
        def __call__(self, done, total=0, note=""):
            if done >= 50:
                raise KeyboardInterrupt

    monkeypatch.setattr("marketing.frames.behaviour.CHUNK", 50)
    models = predictions.serving(END)
    chunks = predictions.chunks_of_buyers
    monkeypatch.setattr(predictions, "chunks_of_buyers", lambda at: chunks(at, 50))
    with pytest.raises(KeyboardInterrupt):
        predictions.write_predictions(Killed(), models)
    assert CustomerPrediction.objects.count() == 50
    assert predictions.write_predictions(Quiet(), models) == 120
    assert CustomerPrediction.objects.count() == 120


def test_the_customers_page_shows_them_with_why(admin_client, django_assert_max_num_queries):
    make_buyers(300)
    refresh_predictions(Quiet(), END, seed=1)
    row = CustomerPrediction.objects.filter(order_days__gt=2).first()
    reasons = [{"input": "recency_days", "value": 12.5, "effect": -0.4}]
    CustomerPrediction.objects.filter(pk=row.pk).update(
        propensity_30=0.31, propensity_30_low=0.25, propensity_30_high=0.4, reasons=reasons
    )
    url = f"/shop/customer/{row.pk}/change/"
    page = admin_client.get(url).content.decode()
    for words in (
        "Still a customer",
        "Order within 30 days",
        "90 days",
        "days of silence",
        "as of",
    ):
        assert words in page
    assert "31 %" in page
    assert "25 % to 40 %" in page
    assert "days since the last order: 13" in page  # of 12.5
    assert page.count("mk-worth") == 1
    assert "Chance of an order within 90 days, from her rhythm" in page
    assert page.count('class="mk-reach"') == 10  # no propensity serves here, so one chart alone
    nobody = make_customer("NOBODY")
    assert (
        "Nothing is foreseen yet"
        in admin_client.get(f"/shop/customer/{nobody.pk}/change/").content.decode()
    )
    assert "mk-worth" not in admin_client.get("/shop/customer/add/").content.decode()


def test_who_may_not_see_predictions_sees_the_customer_alone(client):
    customer = make_customer("A")
    client.force_login(make_staff("shop.view_customer"))
    page = client.get(f"/shop/customer/{customer.pk}/change/")
    assert page.status_code == 200
    assert "mk-worth" not in page.content.decode()
