"""Recorded once, live only when it beats its baseline, rolled back in one step."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from decisions import jobs as registry
from decisions.jobs import LeaseLostError
from decisions.models import Job, LivePeriod, ModelRun, RunState
from decisions.services import artefacts, jobs
from decisions.services.model_runs import (
    NotFitError,
    data_hash,
    existing_run,
    live_run,
    make_live,
    publish_run,
)
from tests.factories_decisions import make_trained

pytestmark = pytest.mark.django_db


def written(text="weights"):
    return artefacts.write_artefact("recommender", ".txt", lambda path: path.write_text(text))


def test_a_better_run_goes_live_and_the_old_one_retires():
    first = publish_run(make_trained("a"))
    second = publish_run(make_trained("b"))
    first.refresh_from_db()
    assert (first.state, second.state) == (RunState.RETIRED, RunState.LIVE)
    assert live_run("recommender") == second
    assert LivePeriod.objects.filter(ended_at=None).get().run == second


@pytest.mark.parametrize(
    ("value", "baseline", "higher", "wins"),
    [(0.3, 0.2, True, True), (0.2, 0.2, True, False), (0.3, 0.2, False, False),
     (0.1, 0.2, False, True), (None, 0.2, True, False), (float("nan"), 0.2, True, False)],
)  # fmt: skip
def test_only_a_run_that_beats_its_baseline_goes_live(value, baseline, higher, wins):
    trained = make_trained(value=value, baseline_value=baseline, higher_is_better=higher)
    run = publish_run(trained)
    assert (run.state == RunState.LIVE) is wins
    assert bool(live_run("recommender")) is wins


def test_a_refused_run_leaves_the_old_one_live_and_says_why():
    old = publish_run(make_trained("a"))
    run = publish_run(make_trained("b", value=0.1))
    assert live_run("recommender") == old
    assert run.verdict["params"]["value"] == "0.1000"


def test_undefined_metrics_are_null_never_zero():
    run = publish_run(make_trained(metrics={"als": {"ndcg": float("nan"), "all": [1.0]}}))
    run.refresh_from_db()
    assert run.metrics == {"als": {"ndcg": None, "all": [1.0]}}


def test_twice_equals_once():
    assert publish_run(make_trained()) == publish_run(make_trained())
    assert ModelRun.objects.count() == LivePeriod.objects.count() == 1


def test_what_was_live_when_is_kept():
    first = publish_run(make_trained("a"))
    LivePeriod.objects.update(began_at=timezone.now() - timedelta(days=2))
    publish_run(make_trained("b"))
    assert live_run("recommender", timezone.now() - timedelta(days=1)) == first
    assert live_run("recommender", timezone.now() - timedelta(days=3)) is None


def test_rollback_is_one_call_and_opens_a_new_period(admin_user):
    first, second = publish_run(make_trained("a")), publish_run(make_trained("b"))
    make_live(first, reason="complaints", by=admin_user)
    second.refresh_from_db()
    assert (live_run("recommender"), second.state) == (first, RunState.RETIRED)
    assert LivePeriod.objects.filter(run=first).count() == 2
    assert LivePeriod.objects.get(ended_at=None).changed_by == admin_user


def test_a_refused_run_cannot_be_put_live_by_hand():
    run = publish_run(make_trained(value=0.1))
    with pytest.raises(NotFitError):
        make_live(run, reason="I like it")
    assert live_run("recommender") is None


def test_a_run_without_its_file_cannot_be_put_live():
    first = publish_run(make_trained("a", artefact=written("one")))
    second = publish_run(make_trained("b", artefact=written("two")))
    artefacts.artefact_path(first).unlink()
    with pytest.raises(artefacts.ArtefactError):
        make_live(first, reason="back")
    assert live_run("recommender") == second


def test_the_database_itself_allows_one_live_run_per_task():
    run = publish_run(make_trained())
    with pytest.raises(IntegrityError), transaction.atomic():
        LivePeriod.objects.create(task=run.task, run=run, reason="rival")


def test_a_worker_that_lost_its_lease_publishes_nothing(monkeypatch):
    registry.all_handlers()  # load them now, or they would register in the dict that goes away
    monkeypatch.setattr(registry, "_handlers", {})

    def train(progress):
        Job.objects.filter(pk=progress.job_id).update(lease_token="another's")
        with pytest.raises(LeaseLostError):
            publish_run(make_trained())  # it finds the lease by itself

    registry.job("train")(train)
    job, _ = jobs.create_job("train")
    jobs.run_job(job.pk)
    assert not ModelRun.objects.exists()
    assert not LivePeriod.objects.exists()


def test_a_run_names_the_job_that_trained_it(monkeypatch):
    registry.all_handlers()  # load them now, or they would register in the dict that goes away
    monkeypatch.setattr(registry, "_handlers", {})
    registry.job("train")(lambda progress: {"run": publish_run(make_trained()).pk})
    job, _ = jobs.create_job("train")
    jobs.run_job(job.pk)
    assert ModelRun.objects.get().job == job
    assert publish_run(make_trained("b")).job is None


def test_a_lost_file_is_trained_and_written_again():
    run = publish_run(make_trained("a", artefact=written("one")))
    artefacts.artefact_path(run).unlink()
    assert existing_run("recommender", "a") is None
    again = publish_run(make_trained("a", artefact=written("other bytes")))
    assert again == run
    assert artefacts.artefact_path(again).read_text() == "other bytes"
    assert existing_run("recommender", "a") == run


def test_a_changed_file_is_refused():
    run = publish_run(make_trained(artefact=written()))
    artefacts.artefact_path(run).write_text("tampered")
    with pytest.raises(artefacts.ArtefactError, match="was changed"):
        artefacts.artefact_path(run)


def test_a_writer_that_fails_leaves_no_file(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path

    def broken(path):
        path.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        artefacts.write_artefact("recommender", ".txt", broken)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_data_hash_tells_order_bytes_and_values_apart():
    import numpy as np

    parts = [np.arange(3), b"x", {"b": 1, "a": 2}]
    assert data_hash(*parts) == data_hash(np.arange(3), b"x", {"a": 2, "b": 1})
    assert (
        len({data_hash(*parts), data_hash(*parts[::-1]), data_hash(np.arange(4), *parts[1:])}) == 3
    )
    assert data_hash(np.zeros((2, 3))) != data_hash(np.zeros((3, 2)))
    assert data_hash(np.zeros(2, "f4")) != data_hash(np.zeros(1, "f8"))


def test_trained_is_frozen():
    assert replace(make_trained(), seed=1).seed == 1
