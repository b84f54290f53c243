"""The page of a placement: knobs, sources in order, tried beside, never somebody else's change lost."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from recommendations.models import Placement
from tests.factories_access import make_staff
from tests.factories_recommendations import make_taste_shop, publish_model

pytestmark = pytest.mark.django_db
MAY = ["recommendations.view_placement", "recommendations.change_placement"]


@pytest.fixture
def home(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()
    return Placement.objects.get(code="home")


def given(row, **fields):
    knobs = {"diversity_rate": 0, "margin_rate": 0, "stock_rate": 0, "exploration_rate": 0}
    return knobs | {"seen_at": row.changed_at.isoformat()} | fields


def change(row):
    return reverse("admin:recommendations_placement_change", args=[row.pk])


def test_knobs_and_sources_are_saved_with_who_did_it(client, home):
    client.force_login(make_staff(*MAY, username="mia"))
    assert "Variety" in client.get(change(home)).content.decode()
    data = given(home, diversity_rate=0.3, hide_bought_days=90, sources=["popular", "personal"])
    assert client.post(change(home), data).status_code == 302
    home.refresh_from_db()
    assert (home.diversity_rate, home.hide_bought_days) == (0.3, 90)
    assert home.sources == ["popular", "personal"]
    assert home.changed_by.username == "mia"
    page = client.get(reverse("admin:recommendations_placement_changelist")).content.decode()
    assert "popular in the shop → own taste" in page
    assert "30 %" in page


def test_what_cannot_be_is_said_and_somebody_elses_change_is_not_lost(client, home):
    client.force_login(make_staff(*MAY))
    page = client.post(change(home), given(home, diversity_rate=2, sources=["magic"]))
    assert "No such source: magic." in page.content.decode()
    stale = given(home, diversity_rate=0.9)
    home.save()
    assert (
        "Somebody changed this placement meanwhile"
        in client.post(change(home), stale).content.decode()
    )
    home.refresh_from_db()
    assert home.diversity_rate == 0


def test_the_preview_follows_the_knobs_and_writes_nothing(client, home):
    make_taste_shop()
    publish_model(weights={"ease": 1.0})
    client.force_login(make_staff("recommendations.view_placement"))
    address = reverse("admin:recommendations_placement_preview", args=[home.pk])
    same = client.post(address, given(home, customers="C-4")).content.decode()
    assert "None of these lists on home page changes." in same
    other = client.post(address, given(home, customers="C-4", sources=["popular"]))
    assert "1 of 1 lists on home page change." in other.content.decode()
    home.refresh_from_db()
    assert home.sources == []
    assert client.post(change(home), given(home)).status_code == 403
    assert client.get(change(home)).status_code == 200
