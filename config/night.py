"""The night: the steps of `night_steps`, one after another, each a job of its own that the back
office shows."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db.models import Max
from django.utils import timezone

from config.night_steps import STEPS, SkipStepError, Step
from decisions.jobs import CancelledError, GiveUpError, Progress
from decisions.models import Job, JobState
from decisions.services import jobs
from decisions.text import render
from shop.models import Order

STEP_KIND, NIGHT_KIND = "night_step", "night"
STALE = timedelta(days=30)


class UnknownStepError(Exception):
    """`--only` named a step that the night does not have."""


def steps_named(only: list[str]) -> list[Step]:
    """The steps to run, in the night's own order; all of them for an empty list."""
    unknown = set(only) - {step.name for step in STEPS}
    if unknown:
        known = ", ".join(step.name for step in STEPS)
        raise UnknownStepError(f"no step {', '.join(sorted(unknown))}; the night has: {known}")
    return [step for step in STEPS if not only or step.name in only]


def day_end(on: date) -> datetime:
    """The first moment after a day, in the shop's time zone: `as_of` of a night for that day."""
    return timezone.make_aware(datetime.combine(on + timedelta(days=1), time()))


def as_of_now() -> datetime:
    """Now; for an imported history that stopped a month or more ago, the end of its last day.

    Otherwise every customer of a history of 2011 would be lost and every product dead.
    """
    now = timezone.now()
    last = Order.objects.aggregate(last=Max("placed_at"))["last"]
    if last is None or now - last < STALE:
        return now
    return day_end(timezone.localtime(last).date())


def run_night(progress: Progress, as_of: str, only: list[str] | None = None) -> dict:
    """Run the steps in order. A second attempt of a killed night skips those that are done.

    A failed step stops only those that need it. A night with a failed step is a failed job, and
    its result lists every step all the same.
    """
    from recommendations.services.readings import one_reading  # numeric libraries, as above

    steps = steps_named(only or [])
    lines: dict[str, dict] = {}
    with one_reading():
        for number, step in enumerate(steps):
            progress.still_mine()
            progress(number, len(steps), step.label)
            lines[step.name] = _line(_run_step(progress, step, lines, as_of))
    progress(len(steps), len(steps))
    result = {"as_of": as_of, "steps": lines}
    failed = [name for name, line in lines.items() if line["state"] == "failed"]
    if failed:
        raise GiveUpError(
            f"{len(failed)} of {len(steps)} steps failed: {', '.join(failed)}", result
        )
    return result


def run_step(
    progress: Progress, *, step: str, as_of: str, missing: list[str], label: str = ""
) -> dict:
    """The handler of one step's own job; its label stands in the row for the pages that show it."""
    if missing:
        raise CancelledError(f"needs {', '.join(missing)}, which did not succeed")
    try:
        [found] = steps_named([step])
        return {"summary": found.run(progress, datetime.fromisoformat(as_of))}
    except SkipStepError as error:
        return {"skipped": error.sentence}


def _run_step(progress: Progress, step: Step, lines: dict, as_of: str) -> Job:
    bad = [name for name in step.needs if lines.get(name, {}).get("state") in ("failed", "skipped")]
    payload = {"step": step.name, "as_of": as_of, "missing": bad, "label": str(step.label)}
    parent = Job.objects.get(pk=progress.job_id)
    job, _created = jobs.create_job(
        STEP_KIND, payload, key=f"night:{parent.pk}:{step.name}", parent=parent
    )
    if job.payload != payload:  # a step that this one needs has ended differently this time
        Job.objects.filter(pk=job.pk).exclude(state=JobState.SUCCEEDED).update(payload=payload)
    return job if job.state == JobState.SUCCEEDED else progress.run_step(job)


def _line(job: Job) -> dict:
    """What the summary says of a step."""
    result = job.result or {}
    seconds = round(job.seconds or 0, 1)
    if job.state != JobState.SUCCEEDED:
        last = job.error.strip().splitlines()[-1:] or ["stopped by a person"]
        state = "skipped" if job.state == JobState.CANCELLED else "failed"
        return {"state": state, "seconds": seconds, "summary": {}, "reason": last[0]}
    if "skipped" in result:
        why = render(result["skipped"])
        return {"state": "skipped", "seconds": seconds, "summary": {}, "reason": why}
    return {"state": "succeeded", "seconds": seconds, "summary": result["summary"], "reason": ""}
