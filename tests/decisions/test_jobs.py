"""The row is the truth: claimed once, retried with back-off, fenced, reaped, cancelled."""

import logging
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from decisions import jobs as registry
from decisions.jobs import CancelledError, GiveUpError, LeaseLostError
from decisions.models import Job, JobState
from decisions.services import jobs, leases

pytestmark = pytest.mark.django_db


@pytest.fixture
def handler(monkeypatch):
    """Registers a handler of kind "tea" for one test."""
    registry.all_handlers()  # load them now, or they would register in the dict that goes away
    monkeypatch.setattr(registry, "_handlers", {})

    def put(run, **options):
        registry.job("tea", **options)(run)

    return put


@pytest.fixture
def sent(monkeypatch):
    log = []
    monkeypatch.setattr(
        jobs.current_app, "send_task", lambda name, args, queue: log.append(args[0])
    )
    return log


def queued(**fields):
    job, _ = jobs.create_job("tea")
    Job.objects.filter(pk=job.pk).update(**fields)
    return job


def dead(**fields):
    """What SIGKILL leaves behind."""
    ago = timezone.now() - timedelta(seconds=1)
    return queued(state="running", attempt=1, lease_token="dead", lease_until=ago, **fields)


def wait_for(true):
    """However slow the machine is: what never comes true fails, what comes late does not."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def test_runs_once_and_keeps_the_result(handler):
    runs = []
    handler(lambda progress, cups: runs.append(cups) or {"cups": cups})
    job, _ = jobs.create_job("tea", {"cups": 2})
    jobs.run_job(job.pk)
    job = jobs.run_job(job.pk)
    assert (runs, job.state, job.result, job.attempt) == ([2], JobState.SUCCEEDED, {"cups": 2}, 1)
    assert job.lease_until is None


def test_same_key_same_job(handler, sent, django_capture_on_commit_callbacks):
    handler(lambda progress: None)
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.enqueue("tea", key="k") == jobs.enqueue("tea", key="k")
    assert len(sent) == 1


def test_a_failure_waits_longer_each_time_and_then_is_final(handler, caplog):
    def fail(progress):
        raise ValueError("hot")

    handler(fail, max_attempts=3)
    job = queued()
    waits = []
    for _ in range(3):
        job = jobs.run_job(job.pk)
        waits.append(round((job.not_before - timezone.now()).total_seconds()))
        assert jobs.run_job(job.pk).attempt == job.attempt  # not due yet
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
    assert waits[:2] == [5, 30]
    assert (job.state, job.attempt) == (JobState.FAILED, 3)
    assert "ValueError: hot" in job.error


def test_give_up_is_final_at_once_and_keeps_a_result(handler):
    def stop(progress):
        raise GiveUpError("2 of 9 failed", {"steps": 9})

    handler(stop)
    job = jobs.run_job(queued().pk)
    assert (job.state, job.error, job.result) == (JobState.FAILED, "2 of 9 failed", {"steps": 9})


def test_retry_starts_from_zero_attempts(handler, sent, django_capture_on_commit_callbacks):
    handler(lambda progress: {"ok": 1})
    job = queued(state="failed", attempt=5, error="x")
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.retry(job)
    assert sent == [job.pk]
    assert jobs.run_job(job.pk).attempt == 1


def test_the_lease_keeps_others_out(handler):
    handler(lambda progress: None)
    job = queued()
    assert leases.claim(job.pk)
    assert leases.claim(job.pk) is None


def test_a_lost_lease_fences_progress_publishing_and_the_result(handler):
    def lose(progress):
        Job.objects.filter(pk=progress.job_id).update(lease_token="another's")
        with pytest.raises(LeaseLostError):
            progress.still_mine()
        with pytest.raises(LeaseLostError):
            progress(1, 1)
        return {"mine": True}

    handler(lose)
    job = jobs.run_job(queued().pk)
    assert (job.state, job.result, job.progress_done) == (JobState.RUNNING, {}, 0)


def test_a_dead_workers_job_is_sent_and_taken_over(handler, sent):
    handler(lambda progress: {"ok": 1})
    job = dead(send_after=timezone.now())
    assert jobs.reap() == 1
    assert sent == [job.pk]
    done = jobs.run_job(job.pk)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 2)


def test_a_claim_makes_the_job_sendable_the_moment_its_lease_ends(handler, sent):
    handler(lambda progress: None)
    job = queued()
    leases.claim(job.pk)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert jobs.reap() == 1


def test_a_living_workers_job_is_left_alone(handler, sent):
    handler(lambda progress: None)
    queued(state="running", lease_until=timezone.now() + timedelta(seconds=30))
    assert (jobs.reap(), sent) == (0, [])


def test_what_died_in_every_attempt_is_given_up(handler, sent):
    handler(lambda progress: None)
    job = dead()
    Job.objects.filter(pk=job.pk).update(attempt=5)
    jobs.reap()
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, "The worker died in every attempt.")


def test_a_cancelled_job_whose_worker_died_is_not_run_again(handler, sent):
    handler(lambda progress: None)
    job = dead(cancel_requested_at=timezone.now())
    assert leases.claim(job.pk) is None
    jobs.reap()
    job.refresh_from_db()
    assert (job.state, sent) == (JobState.CANCELLED, [])


def test_steps_are_left_to_their_parent(handler, sent):
    handler(lambda progress: None)
    parent = queued(state="running", lease_until=timezone.now() + timedelta(seconds=30))
    Job.objects.create(kind="tea", parent=parent)
    assert jobs.reap() == 0


def test_the_reaper_sends_ever_rarer(handler, sent):
    """500 jobs behind a two-hour training: a hint each ten seconds would be 360,000 messages."""
    handler(lambda progress: None)
    job = queued(send_after=timezone.now())
    for _ in range(3):
        jobs.reap()
    assert len(sent) == 1
    old = timezone.now() - timedelta(hours=2)
    Job.objects.filter(pk=job.pk).update(not_before=old, send_after=timezone.now())
    jobs.reap()
    job.refresh_from_db()
    assert timedelta(minutes=14) < job.send_after - timezone.now() <= timedelta(minutes=15)


def test_a_broker_that_is_away_costs_nobody_an_error(handler, monkeypatch, caplog):
    def refuse(*args, **kwargs):
        raise jobs.BrokerError("refused")

    handler(lambda progress: None)
    monkeypatch.setattr(jobs.current_app, "send_task", refuse)
    job = queued(send_after=timezone.now())
    assert jobs.reap() == 0
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_cancel_stops_a_running_handler_at_its_next_report(handler):
    def work(progress):
        jobs.cancel(Job.objects.get(pk=progress.job_id))
        progress(1, 1)
        raise AssertionError("went on")

    handler(work)
    assert jobs.run_job(queued().pk).state == JobState.CANCELLED


def test_cancel_stops_a_training_before_it_publishes(handler):
    def work(progress):
        jobs.cancel(Job.objects.get(pk=progress.job_id))
        with pytest.raises(CancelledError):
            progress.still_mine()

    handler(work)
    jobs.run_job(queued().pk)


def test_a_job_cancelled_while_it_fails_is_not_tried_again(handler, caplog):
    def work(progress):
        jobs.cancel(Job.objects.get(pk=progress.job_id))
        raise ValueError("hot")

    handler(work)
    assert jobs.run_job(queued().pk).state == JobState.CANCELLED


def test_a_queued_job_is_cancelled_at_once(handler):
    handler(lambda progress: None)
    job = queued()
    assert jobs.cancel(job)
    assert jobs.run_job(job.pk).state == JobState.CANCELLED


def test_a_process_told_to_stop_hands_the_job_back(handler):
    def stop(progress):
        raise SystemExit

    handler(stop)
    job = queued()
    with pytest.raises(SystemExit):
        jobs.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.QUEUED, 0)


def test_the_soft_time_limit_is_a_failure_that_is_tried_again(handler, caplog):
    from celery.exceptions import SoftTimeLimitExceeded

    def slow(progress):
        raise SoftTimeLimitExceeded

    handler(slow)
    job = jobs.run_job(queued().pk)
    assert (job.state, "SoftTimeLimitExceeded" in job.error) == (JobState.QUEUED, True)


def test_unknown_kinds_fail_with_their_name(handler, caplog):
    job = Job.objects.create(kind="gone", max_attempts=1)
    assert "KeyError: 'gone'" in jobs.run_job(job.pk).error


def test_progress_is_written_twice_a_second_at_most(
    handler, monkeypatch, django_assert_max_num_queries
):
    """By a clock of its own: how long two thousand reports take is the machine's affair."""
    now, one_write = [1_000.0], 3
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr(leases, "time", clock)

    def work(progress):
        for half_second in (1, 2, 3):
            with django_assert_max_num_queries(one_write):
                for done in range(1_000):
                    progress(done + half_second, 0)
                    progress(done, 5_000)
            assert Job.objects.get(pk=progress.job_id).progress_done == half_second
            now[0] += 0.5

    handler(work)
    assert jobs.run_job(queued().pk).state == JobState.SUCCEEDED


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_never_reports_keeps_its_lease(handler, settings):
    settings.JOB_LEASE_SECONDS = 1

    def silent(progress):
        first = Job.objects.get(pk=progress.job_id).lease_until
        wait_for(lambda: Job.objects.get(pk=progress.job_id).lease_until > first)

    handler(silent)
    assert jobs.run_job(queued().pk).state == JobState.SUCCEEDED


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_hangs_loses_its_lease_at_the_time_limit(handler, settings):
    settings.JOB_LEASE_SECONDS, settings.CELERY_TASK_TIME_LIMIT = 1, 0

    def hang(progress):
        time.sleep(1.3)
        assert Job.objects.due(timezone.now()).filter(pk=progress.job_id).exists()
        progress.still_mine()

    handler(hang)
    assert jobs.run_job(queued().pk).state == JobState.RUNNING


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_survives_a_busy_database(handler, settings, monkeypatch, caplog):
    from django.db import OperationalError

    settings.JOB_LEASE_SECONDS = 1
    renew, asked = leases.renew, []

    def busy_once(job_id, token):
        asked.append(1)
        if len(asked) == 1:
            raise OperationalError("database is locked")
        return renew(job_id, token)

    monkeypatch.setattr(leases, "renew", busy_once)
    handler(lambda progress: wait_for(lambda: len(asked) >= 2))
    with caplog.at_level(logging.WARNING):
        assert jobs.run_job(queued().pk).state == JobState.SUCCEEDED
    assert "database is locked" in caplog.text
