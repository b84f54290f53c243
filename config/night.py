"""The night: an ordered list of services, each a step that the back office shows.

To add a step, write `def step(progress, as_of) -> dict` in this file's STEPS as a call of your
app's service. `progress(done, total, note)` moves its bar; the dict is its line in the summary.
`as_of` is when the data ends: a step reads nothing that happened at or after it. Deadlines of
what a step proposes count from the clock on the wall, not from `as_of`.
A step that has nothing to work on raises SkipStepError with the reason and what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from decisions.jobs import CancelledError, GiveUpError, Progress
from decisions.models import Job, JobState
from decisions.services import housekeeping, jobs, receipts
from decisions.text import render
from inventory.services import (
    clearance,
    flash_sale_expected,
    forecasts,
    replenishment,
    stock_health,
)
from marketing.services.audiences.segments import refresh_segments
from marketing.services.campaigns.clearance_campaigns import pick_up_clearance
from marketing.services.campaigns.expected_units import refresh_expected
from marketing.services.campaigns.proposals import propose_campaigns
from marketing.services.effects.effect_snapshots import refresh_effects
from marketing.services.journeys.refills import refresh_refills
from outbox.services import deliveries
from shop.models import Order
from shop.services import waitlist
from shop.services.coupons import ledger as coupon_ledger
from shop.services.events.event_partitions import keep_months
from shop.services.stock import batches, verify
from support.services.asked_back import asked_back

STEP_KIND, NIGHT_KIND = "night_step", "night"
STALE = timedelta(days=30)
SEED = 42  # the same data gives the same night


class SkipStepError(Exception):
    """The step has nothing to work on; `sentence` tells the merchant what is missing."""

    def __init__(self, text: dict):
        super().__init__(render(text))
        self.sentence = text


@dataclass(frozen=True)
class Step:
    """One line of the night.

    label: a message id (gettext_noop), since it is stored with the progress.
    needs: steps without which this one would only mislead.
    """

    name: str
    label: str
    run: Callable[[Progress, datetime], dict]
    needs: tuple[str, ...] = ()


def _tidy(progress: Progress, as_of: datetime) -> dict:
    now = timezone.now()
    found = housekeeping.tidy(progress) | {"prune_webhooks": deliveries.prune()}
    closed = {
        "waitlist_bought": waitlist.close_bought(now),
        "waitlist_expired": waitlist.expire_due(now),
        "coupons_expired": coupon_ledger.expire_due(now),
    }
    return found | closed | keep_months(now)


def _expired(progress: Progress, as_of: datetime) -> dict:
    """By the calendar on the wall: what expires does so whatever the data's last day is."""
    found = batches.set_aside_expired()
    return {
        "batches": len(found),
        "set_aside_units": sum(one.units for one in found),
        "promised_units": sum(one.promised_units for one in found),
    }


def _stock_check(progress: Progress, as_of: datetime) -> dict:
    """A difference fails the step, so that somebody sees it; nothing is repaired by itself."""
    found = verify.check_stock()
    if found["differences"]:
        text = gettext("{count} counters differ from their ledger: open the stock check.")
        raise GiveUpError(text.format(count=found["differences"]), {"summary": found})
    return found


def _recommendations(progress: Progress, as_of: datetime) -> dict:
    from recommendations.services import training  # numeric libraries: in the job's own process

    try:
        return training.train_for_night(progress, as_of)
    except training.HistoryTooShortError as error:
        raise SkipStepError(error.sentence) from error


def _lost_demand(progress: Progress, as_of: datetime) -> dict:
    from inventory.services import lost_demand, substitutes  # numeric libraries, as above

    found = lost_demand.refresh_lost_demand(as_of, progress=progress, asked_back=asked_back)
    return found | {"substitutes": substitutes.refresh_substitutes(as_of)}


def _repeats(progress: Progress, as_of: datetime) -> dict:
    from recommendations.services import repeats  # numeric libraries: in the job's own process

    return repeats.learn_repeats(as_of)


def _lists(progress: Progress, as_of: datetime) -> dict:
    from recommendations.services import lists  # numeric libraries: in the job's own process

    try:
        return lists.publish_lists(as_of, progress.still_mine)
    except lists.NothingToListError as error:
        raise SkipStepError(error.sentence) from error


def _demand(progress: Progress, as_of: datetime) -> dict:
    try:
        return forecasts.refresh_demand_forecast(as_of, seed=SEED, progress=progress)
    except forecasts.NoSalesError as error:
        raise SkipStepError(error.sentence) from error


def _flash_sales(progress: Progress, as_of: datetime) -> dict:
    return flash_sale_expected.refresh_expected(as_of)


def _replenishment(progress: Progress, as_of: datetime) -> dict:
    try:
        return replenishment.plan_replenishment(as_of, seed=SEED, progress=progress)
    except replenishment.NoForecastError as error:
        raise SkipStepError(error.sentence) from error


def _intents(progress: Progress, as_of: datetime) -> dict:
    from support.services import training

    try:
        run = training.train_intents(as_of, job_id=progress.job_id)
    except training.TooLittleHistoryError as error:
        raise SkipStepError(error.reason) from error
    return {"run": run.pk, "state": run.state, "tickets": run.row_count}


def _triage(progress: Progress, as_of: datetime) -> dict:
    from support.services import triage

    return {"tickets": triage.triage_waiting(progress)}


def _replies(progress: Progress, as_of: datetime) -> dict:
    from support.services import drafts

    return drafts.draft_waiting(progress, now=as_of)


def _predictions(progress: Progress, as_of: datetime) -> dict:
    from marketing.services.customers import (
        predictions,  # numeric libraries: in the job's own process
    )

    return predictions.refresh_predictions(progress, as_of, seed=SEED)


def _cohorts(progress: Progress, as_of: datetime) -> dict:
    from marketing.services.customers.cohort_snapshots import refresh_cohorts  # as above

    return refresh_cohorts(progress, as_of)


def _audiences(progress: Progress, as_of: datetime) -> dict:
    from marketing.services.audiences.audience_figures import refresh_audiences  # as above

    return refresh_audiences(progress, as_of)


def _personas(progress: Progress, as_of: datetime) -> dict:
    from marketing.services.customers import (  # numeric libraries, as above
        persona_members,
        personas,
    )

    try:
        return persona_members.refresh_personas(progress, as_of, seed=SEED)
    except personas.PersonasRefusedError as error:
        raise SkipStepError(error.sentence) from error


def _uplift(progress: Progress, as_of: datetime) -> dict:
    from marketing.services.effects import uplift

    try:
        run = uplift.train_uplift(as_of, seed=SEED, progress=progress)
    except uplift.TooLittleHistoryError as error:
        raise SkipStepError(error.sentence) from error
    return {"run": run.pk, "state": run.state, "customers": run.row_count}


def _placements(progress: Progress, as_of: datetime) -> dict:
    from recommendations.services.report_snapshots import refresh_usual  # as above

    return refresh_usual(progress, as_of)


def _experiments(progress: Progress, as_of: datetime) -> dict:
    from recommendations.services.trial_looks import look_at_experiments

    return look_at_experiments(progress, as_of)


def _brief(progress: Progress, as_of: datetime) -> dict:
    return receipts.brief_summary()


STEPS: list[Step] = [
    Step("tidy", gettext_noop("Close what expired, clear what is old"), _tidy),
    Step("expired", gettext_noop("Set expired goods aside"), _expired),
    Step(verify.CHECK_STEP, gettext_noop("Check the stock ledger"), _stock_check),
    Step("recommendations", gettext_noop("Train recommendations"), _recommendations),
    Step("lost_demand", gettext_noop("Count what was wanted and not there"), _lost_demand),
    Step("repeats", gettext_noop("Learn what is bought again"), _repeats),
    Step("lists", gettext_noop("Write every customer's recommendations"), _lists),
    Step("planned_demand", gettext_noop("Measure what campaigns brought"), refresh_expected),
    Step("flash_sales", gettext_noop("Expect anew what flash sales will sell"), _flash_sales),
    Step("demand", gettext_noop("Demand forecast"), _demand),
    Step("replenishment", gettext_noop("Reorder plan"), _replenishment, needs=("demand",)),
    Step("stock_health", gettext_noop("Stock health"), stock_health.refresh_stock_health),
    Step("clearance", gettext_noop("Clearance drafts"), clearance.propose_clearance, ("demand",)),
    Step("intents", gettext_noop("Learn what tickets ask"), _intents),
    Step("triage", gettext_noop("Sort new tickets"), _triage),
    Step("replies", gettext_noop("Draft replies"), _replies),
    Step("predictions", gettext_noop("What customers will do"), _predictions),
    Step("cohorts", gettext_noop("Count cohorts, foresee what they will do"), _cohorts),
    Step("personas", gettext_noop("Kinds of customers"), _personas),
    Step("segments", gettext_noop("Customer segments"), refresh_segments),
    Step("refills", gettext_noop("Who is about to run out"), refresh_refills),
    Step("audiences", gettext_noop("Segments in figures"), _audiences, needs=("segments",)),
    Step("clearance_campaigns", gettext_noop("Campaigns for clearance"), pick_up_clearance),
    Step("campaigns", gettext_noop("Campaign drafts"), propose_campaigns, ("segments",)),
    Step("uplift", gettext_noop("Learn whom a message moves"), _uplift),
    Step("effects", gettext_noop("Count what messages caused"), refresh_effects),
    Step("placements", gettext_noop("Count what placements brought"), _placements),
    Step("experiments", gettext_noop("Look at the experiments"), _experiments),
    Step("brief", gettext_noop("Morning brief"), _brief),
]


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
