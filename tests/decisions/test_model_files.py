"""Files of old models go, their rows and figures stay; what serves or may be asked for is kept."""

import os
from datetime import timedelta

import pytest
from django.urls import reverse

from decisions.models import Experiment, LivePeriod, ModelRun, RunState
from decisions.services import artefacts, housekeeping
from decisions.services.model_runs import existing_run, live_run, make_live, publish_run
from tests.factories_access import make_staff
from tests.factories_decisions import make_trained

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path
    settings.MODEL_FILES_KEPT, settings.MODEL_FILE_DAYS = 2, 180


def trained(name: str, **fields) -> ModelRun:
    file = artefacts.write_artefact("recommender", ".txt", lambda path: path.write_text(name))
    return publish_run(make_trained(name, artefact=file, **fields))


def a_year_passes(tmp_path) -> None:
    for period in LivePeriod.objects.all():
        ended = period.ended_at and period.ended_at - YEAR
        LivePeriod.objects.filter(pk=period.pk).update(
            began_at=period.began_at - YEAR, ended_at=ended
        )
    for run in ModelRun.objects.all():
        ModelRun.objects.filter(pk=run.pk).update(created_at=run.created_at - YEAR)
    for path in tmp_path.glob("*/*"):
        os.utime(path, (0, 0))


def tidy() -> list[str]:
    housekeeping.retire_files()
    housekeeping.sweep_artefacts()
    there = ModelRun.objects.filter(file_deleted_at=None).order_by("pk")
    return list(there.values_list("data_hash", flat=True))


def test_the_newest_and_what_served_lately_are_kept_and_rows_stay(tmp_path):
    runs = {name: trained(name) for name in "abcdef"}
    a_year_passes(tmp_path)
    make_live(runs["b"], reason="rollback")  # today
    make_live(runs["f"], reason="and back")
    assert tidy() == ["b", "e", "f"]
    assert {path.read_text() for path in tmp_path.glob("*/*")} == {"b", "e", "f"}
    assert ModelRun.objects.count() == 6
    assert tidy() == ["b", "e", "f"]
    assert live_run("recommender") == runs["f"]


def test_what_serves_is_kept_however_old_and_the_newest_refused_one(tmp_path):
    trained("live")
    trained("refused", value=0.1)
    for name in ("c", "d", "e"):
        trained(name, value=0.1)
    ModelRun.objects.exclude(data_hash__in=("live", "refused")).update(state=RunState.CANDIDATE)
    a_year_passes(tmp_path)
    assert tidy() == ["live", "refused", "d", "e"]


def test_what_an_experiment_shows_is_kept(tmp_path):
    old = trained("old")
    for name in "bcd":
        trained(name)
    a_year_passes(tmp_path)
    arms = [
        {"name": "a", "share": 0.5, "settings": {}},
        {"name": "b", "share": 0.5, "settings": {"run": old.pk}},
    ]
    experiment = Experiment.objects.create(
        key="x", label="x", place="recommendations:home", arms=arms
    )
    assert tidy() == ["old", "c", "d"]
    Experiment.objects.filter(pk=experiment.pk).update(state="stopped")
    assert tidy() == ["c", "d"]


def test_a_file_of_this_night_is_never_taken():
    for name in "abcd":
        trained(name)
    assert tidy() == list("abcd")


def test_a_run_whose_file_is_gone_cannot_serve_says_so_and_comes_back_by_training(tmp_path, client):
    first = trained("a")
    for name in "bcd":
        trained(name)
    a_year_passes(tmp_path)
    assert tidy() == ["c", "d"]
    with pytest.raises(artefacts.ArtefactError, match="was old and was deleted"):
        make_live(first, reason="back")  # as it was read before the night
    first.refresh_from_db()
    with pytest.raises(artefacts.ArtefactError, match="was old and was deleted"):
        make_live(first, reason="back")
    assert live_run("recommender").data_hash == "d"
    client.force_login(make_staff("decisions.view_modelrun", "decisions.change_modelrun"))
    page = client.get(reverse("admin:decisions_modelrun_change", args=[first.pk]))
    assert "its file was old and was deleted" in page.content.decode()
    assert "Make live" not in page.content.decode()
    assert existing_run("recommender", "a") is None
    assert trained("a") == first
    assert existing_run("recommender", "a") == first


def test_a_file_that_two_runs_name_stays_while_one_needs_it(tmp_path):
    same = artefacts.write_artefact("recommender", ".txt", lambda path: path.write_text("same"))
    for name in "abc":
        publish_run(make_trained(name, artefact=same))
    a_year_passes(tmp_path)
    assert tidy() == ["b", "c"]
    assert len(list(tmp_path.glob("*/*"))) == 1
