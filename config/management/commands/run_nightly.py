"""The night in one process, with a bar per step and a summary."""

from __future__ import annotations

import sys
from datetime import date

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from config import night
from decisions.models import Job, JobState
from decisions.services import jobs
from decisions.templatetags.receipts import line_of


class Command(BaseCommand):
    help = "Run the night: train, forecast, plan, draft and write the morning brief."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--only", nargs="+", default=[], metavar="STEP", help="These steps.")
        parser.add_argument(
            "--as-of", type=date.fromisoformat, metavar="DATE", help="The last day that is read."
        )

    def handle(self, *, only: list[str], as_of: date | None, **options) -> None:
        try:
            steps = night.steps_named(only)
        except night.UnknownStepError as error:
            raise CommandError(str(error), returncode=2) from error
        until = night.day_end(as_of) if as_of else night.as_of_now()
        payload = {"as_of": until.isoformat(), "only": [step.name for step in steps]}
        job, _created = jobs.create_job(night.NIGHT_KIND, payload)
        job = self._run(job)
        self._summary(job)
        if job.state != JobState.SUCCEEDED:
            sys.exit(1)

    def _run(self, job: Job) -> Job:
        bars = _Bars() if sys.stderr.isatty() else _Lines(self.stderr)
        try:
            return jobs.run_job(job.pk, listener=bars)
        except KeyboardInterrupt:
            jobs.cancel(job)
            raise
        finally:
            bars.close()

    def _summary(self, job: Job) -> None:
        self.stdout.write(f"\nNight #{job.pk}: {job.state}, {job.seconds or 0:.0f} s")
        self.stdout.write(f"Data until {job.payload['as_of']}")
        for name, line in (job.result.get("steps") or {}).items():
            what = line["reason"] or line_of(line["summary"])
            self.stdout.write(f"  {line['state']:9} {line['seconds']:7.1f} s  {name:18} {what}")
        if job.state != JobState.SUCCEEDED:
            last = job.error.strip().splitlines()[-1:] or ["stopped"]
            self.stderr.write(self.style.ERROR(last[0]))


class _Bars:
    """One tqdm bar for each step, the one that runs at the bottom."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._job_id: int | None = None

    def __call__(self, job: Job) -> None:
        if job.parent_id is None:
            return
        if job.pk != self._job_id:
            self.close()
            self._job_id = job.pk
            self._bar = tqdm(desc=f"{job.payload['step']:18}", total=1, leave=True, unit="")
        bar = self._bar
        bar.total = 1 if job.is_finished and not job.progress_total else job.progress_total or None
        bar.n = bar.total if job.state == JobState.SUCCEEDED else job.progress_done
        bar.set_postfix_str(job.state if job.is_finished else job.progress_note)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _Lines:
    """For a log file: a line when a step starts, at each tenth, and when it ends."""

    def __init__(self, stream) -> None:
        self._stream = stream
        self._told: tuple = ()

    def __call__(self, job: Job) -> None:
        percent = job.progress_percent
        now = (job.pk, job.state, None if percent is None else percent // 10, job.progress_note)
        if job.parent_id is None or now == self._told:
            return
        self._told = now
        far = "" if percent is None else f" {percent} %"
        note = job.state if job.is_finished else job.progress_note
        self._stream.write(f"{job.payload['step']}:{far} {note}".rstrip())

    def close(self) -> None:
        self._stream.flush()
