"""A night is a list of steps: skipped when done, told plainly when failed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from config import night, tasks
from decisions.jobs import CancelledError
from decisions.models import Job, JobState
from decisions.services import jobs
from decisions.text import sentence
from tests.factories import make_order

pytestmark = pytest.mark.django_db
AS_OF = "2026-03-01T00:00:00+00:00"


@pytest.fixture
def ran(monkeypatch):
    """Three steps, the third needs the second; returns what ran, in order."""
    log = []

    def step(name, *needs):
        def run(progress, as_of):
            log.append(name)
            progress(1, 1, "done")
            return {"as_of": as_of.isoformat()}

        return night.Step(name, f"Step {name}", run, needs)

    monkeypatch.setattr(night, "STEPS", [step("facts"), step("train"), step("plan", "train")])
    return log


def break_step(monkeypatch, name, error):
    def run(progress, as_of):
        raise error

    steps = [
        night.Step(s.name, s.label, run if s.name == name else s.run, s.needs) for s in night.STEPS
    ]
    monkeypatch.setattr(night, "STEPS", steps)


def run_a_night(only=None):
    job, _ = jobs.create_job("night", {"as_of": AS_OF, "only": only or []})
    return jobs.run_job(job.pk)


def states(job):
    return {name: line["state"] for name, line in job.result["steps"].items()}


def test_runs_the_steps_in_order_each_under_its_own_row(ran):
    job = run_a_night()
    assert (job.state, ran) == (JobState.SUCCEEDED, ["facts", "train", "plan"])
    assert list(job.steps.order_by("pk").values_list("payload__step", "state")) == [
        ("facts", "succeeded"),
        ("train", "succeeded"),
        ("plan", "succeeded"),
    ]
    assert job.result["steps"]["facts"]["summary"] == {"as_of": AS_OF}


def test_a_failed_step_stops_only_those_that_need_it(ran, monkeypatch, caplog):
    break_step(monkeypatch, "train", ValueError("too little data"))
    job = run_a_night()
    assert job.state == JobState.FAILED
    assert job.error == "1 of 3 steps failed: train"
    assert states(job) == {"facts": "succeeded", "train": "failed", "plan": "skipped"}
    assert job.result["steps"]["train"]["reason"] == "ValueError: too little data"
    assert job.result["steps"]["plan"]["reason"] == "needs train, which did not succeed"


def test_an_independent_step_runs_after_a_failed_one(ran, monkeypatch, caplog):
    break_step(monkeypatch, "facts", RuntimeError("boom"))
    assert states(run_a_night()) == {"facts": "failed", "train": "succeeded", "plan": "succeeded"}


def test_a_step_without_data_is_skipped_with_its_reason(ran, monkeypatch):
    break_step(monkeypatch, "facts", night.SkipStepError(sentence("20 more orders are needed")))
    job = run_a_night()
    assert job.state == JobState.SUCCEEDED
    assert job.result["steps"]["facts"]["reason"] == "20 more orders are needed"


def test_a_second_attempt_skips_what_is_done(ran, monkeypatch, caplog):
    break_step(monkeypatch, "train", ValueError("first time"))
    job = run_a_night()
    monkeypatch.undo()
    ran.clear()
    with_train = [
        night.Step(n, n, lambda p, a, n=n: ran.append(n) or {}) for n in ("facts", "train", "plan")
    ]
    monkeypatch.setattr(night, "STEPS", with_train)
    jobs.retry(job)
    job = jobs.run_job(job.pk)
    assert (job.state, ran) == (JobState.SUCCEEDED, ["train", "plan"])
    assert job.steps.count() == 3


def test_a_killed_night_goes_on_where_it_was_killed(ran, monkeypatch):
    break_step(monkeypatch, "train", SystemExit("stands for SIGKILL"))
    job, _ = jobs.create_job("night", {"as_of": AS_OF})
    with pytest.raises(SystemExit):
        jobs.run_job(job.pk)
    ago = timezone.now() - timedelta(seconds=1)
    later = timezone.now() + timedelta(hours=1)
    # What SIGKILL leaves: rows that say "running", the step's lease even longer than the night's.
    Job.objects.filter(pk=job.pk).update(state="running", lease_until=ago, lease_token="dead")
    job.steps.filter(payload__step="train").update(state="running", lease_until=later)
    monkeypatch.undo()
    ran.clear()
    steps = [night.Step(n, n, lambda p, a, n=n: ran.append(n) or {}) for n in ("facts", "train")]
    monkeypatch.setattr(night, "STEPS", steps)
    job = jobs.run_job(job.pk)
    assert (job.state, job.attempt, ran) == (JobState.SUCCEEDED, 1, ["train"])


def test_cancelling_the_night_stops_the_step_that_runs(ran, monkeypatch):
    def run(progress, as_of):
        jobs.cancel(Job.objects.get(kind="night"))
        progress(1, 1)
        raise AssertionError("went on")

    monkeypatch.setattr(night, "STEPS", [night.Step("long", "Long", run), *night.STEPS])
    job = run_a_night()
    assert (job.state, ran) == (JobState.CANCELLED, [])
    assert job.steps.get().state == JobState.CANCELLED


def test_a_step_cancelled_alone_is_skipped(ran, monkeypatch):
    break_step(monkeypatch, "facts", CancelledError())
    assert states(run_a_night())["facts"] == "skipped"


def test_beat_starts_one_night_per_date(ran, django_capture_on_commit_callbacks):
    assert tasks.start_night() == tasks.start_night()
    assert Job.objects.filter(kind="night").count() == 1


def test_as_of_is_now_for_a_living_shop_and_the_last_day_for_an_old_history():
    assert timezone.now() - night.as_of_now() < timedelta(minutes=1)
    make_order([], at=datetime(2011, 12, 9, 12, 50, tzinfo=UTC))
    assert night.as_of_now() == datetime(2011, 12, 10, tzinfo=UTC)


def test_command_runs_named_steps_and_prints_them(ran, capsys):
    call_command("run_nightly", only=["plan", "facts"], as_of=date(2026, 2, 28))
    out = capsys.readouterr()
    assert ran == ["facts", "plan"]
    assert "Data until 2026-03-01T00:00:00+00:00" in out.out
    assert "plan: 100 % succeeded" in out.err


def test_command_ends_with_1_when_a_step_failed(ran, monkeypatch, capsys, caplog):
    break_step(monkeypatch, "train", ValueError("too little data"))
    with pytest.raises(SystemExit) as stop:
        call_command("run_nightly")
    assert stop.value.code == 1
    assert "ValueError: too little data" in capsys.readouterr().out


def test_command_refuses_a_step_that_is_not_there():
    with pytest.raises(CommandError, match="no step tea; the night has: tidy") as refusal:
        call_command("run_nightly", only=["tea"])
    assert refusal.value.returncode == 2
    assert not Job.objects.exists()
