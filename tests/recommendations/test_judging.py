"""A model judged by what was tried out, from real receipts, and shown on its scorecard."""

import uuid
from datetime import timedelta
from random import Random

import numpy as np
import pytest
from django.core.cache import cache
from django.urls import reverse

from decisions.models import Job, ModelRun
from decisions.services.jobs import enqueue
from recommendations.kept import forget_settings
from recommendations.models import Placement, RecommenderRun
from recommendations.services.off_policy import judge, refusal_text, verdict_text
from shop.models import Product
from tests.factories_access import make_staff
from tests.factories_recommendations import (
    LATER,
    begin_keys,
    browse,
    make_taste_shop,
    publish_model,
)

pytestmark = pytest.mark.django_db
AT = LATER + timedelta(days=1)


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


@pytest.fixture
def shop(monkeypatch):
    """Popularity serves and tries out; everybody clicks what is of her own taste."""
    # Products' keys and a receipt's are the seed of what is tried out: the same lots in every run.
    begin_keys(Product)
    make_taste_shop(customers=80, products=15, bought=2)
    bits = Random(7)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=bits.getrandbits(128), version=4))
    own = publish_model(weights={"ease": 1.0}, salt="own")
    popular = publish_model(weights={"popularity": 1.0}, salt="popular")
    assert popular.state == "live"
    Placement.objects.filter(code="home").update(exploration_rate=1.0)
    forget_settings()
    return own, popular


def test_the_better_model_is_found_before_anybody_sees_it(shop, monkeypatch):
    monkeypatch.setattr("recommendations.ml.off_policy.MIN_EFFECTIVE_ROWS", 30)
    monkeypatch.setattr("recommendations.ml.off_policy.MIN_SUPPORT_RATE", 0.5)  # a small world
    own, popular = shop
    browse()
    found = judge(own, at=AT)
    assert list(found["placements"]) == ["home"]
    home = found["placements"]["home"]
    assert "refused" not in home, home
    # The candidate shows a person's own taste: nearly everything would be clicked.
    assert home["dr"][0] > 0.7
    assert home["difference"][1] > 0
    assert home["effective_rows"] >= 30
    assert "Likely better" in verdict_text(home)
    same = judge(popular, at=AT)["placements"]["home"]
    assert same["dr"][0] < home["dr"][0] - 0.2
    assert abs(same["support_rate"] - 1) < 0.4
    assert np.isfinite(same["ips"]).all()


def test_without_trying_out_nothing_is_said(shop):
    own, _popular = shop
    Placement.objects.filter(code="home").update(exploration_rate=0)
    forget_settings()
    browse(people=4)
    home = judge(own, at=AT)["placements"]["home"]
    assert home["refused"] == "no_exploration"
    assert "Set “Trying out” above 0 %" in refusal_text(home)


def test_few_people_are_refused_in_words(shop):
    own, _popular = shop
    browse(people=5)
    home = judge(own, at=AT)["placements"]["home"]
    assert home["refused"] == "too_few_persons"
    assert "5 people saw something" in refusal_text(home)
    assert judge(own, at=AT + timedelta(days=40))["placements"] == {}


def test_the_scorecard_asks_for_it_and_shows_it(client):
    make_taste_shop()
    run = publish_model()
    client.force_login(make_staff("recommendations.view_recommenderrun", "decisions.add_job"))
    page = reverse("admin:recommendations_recommenderrun_change", args=[run.pk])
    assert "Not estimated yet." in client.get(page).content.decode()
    judge_it = reverse("admin:recommendations_run_judge", args=[run.pk])
    for _click in range(2):
        assert client.post(judge_it).status_code == 302
    job = Job.objects.get(kind="judge_recommender")
    assert job.payload["run_id"] == run.pk
    Job.objects.filter(pk=job.pk).update(
        state="succeeded",
        result={
            "has_seen_it": True,
            "placements": {"home": {"refused": "no_support", "found": 0.2, "needed": 0.8}},
        },
    )
    text = client.get(page).content.decode()
    assert "This model mostly shows what was never tried here (0.2 of it was" in text
    assert "It has learned from these very days" in text
    client.force_login(make_staff("recommendations.view_recommenderrun"))
    assert client.post(judge_it).status_code == 403


def test_the_trend_draws_every_training_and_marks_the_live_one(client):
    client.force_login(make_staff("recommendations.view_recommenderrun"))
    address = reverse("admin:recommendations_recommenderrun_changelist")
    assert "No training has been measured yet." in client.get(address).content.decode()
    make_taste_shop(customers=6)
    for salt in ("one", "two"):
        publish_model(salt=salt)
    publish_model(beats=False)
    ModelRun.objects.filter(data_hash__contains="one").update(value=None)
    page = client.get(address).content.decode()
    assert page.count('class="rc-dot') == 2  # what could not be measured is a gap
    assert page.count("rc-live") == 1
    assert RecommenderRun.objects.count() == 3


def test_the_job_is_registered():
    assert enqueue("judge_recommender", {"run_id": 1, "at": AT.isoformat()}).kind
