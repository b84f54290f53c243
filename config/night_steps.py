"""The steps of the night, in order. To add one, write `def step(progress, as_of) -> dict` here as a
call of your app's service, and put it into STEPS. `progress(done, total, note)` moves its bar; the
dict is its line in the summary. `as_of` is when the data ends: a step reads nothing that happened at
or after it. Deadlines of what a step proposes count from the clock on the wall, not from `as_of`.
A step that has nothing to work on raises SkipStepError with the reason and what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from decisions.jobs import GiveUpError, Progress
from decisions.services import housekeeping, receipts
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
from shop.services import waitlist
from shop.services.coupons import ledger as coupon_ledger
from shop.services.events.event_partitions import keep_months
from shop.services.stock import batches, verify
from support.services.asked_back import asked_back

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


def _aspects(progress: Progress, as_of: datetime) -> dict:
    from support.services import aspects  # numeric libraries: in the job's own process

    return aspects.read_aspects(progress, as_of)


def _experience(progress: Progress, as_of: datetime) -> dict:
    from support.services import experience, experience_training  # as above

    try:
        return experience.refresh_experience(progress, as_of)
    except experience_training.TooFewAnswersError as error:
        raise SkipStepError(error.reason) from error


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


def _tiers(progress: Progress, as_of: datetime) -> dict:
    from marketing.services.tiers.looks import refresh_tiers  # as above

    return refresh_tiers(progress, as_of)


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
    Step("aspects", gettext_noop("Read what reviews and tickets speak of"), _aspects),
    Step("experience", gettext_noop("Score how conversations went"), _experience),
    Step("replies", gettext_noop("Draft replies"), _replies),
    Step("predictions", gettext_noop("What customers will do"), _predictions),
    Step("cohorts", gettext_noop("Count cohorts, foresee what they will do"), _cohorts),
    Step("personas", gettext_noop("Kinds of customers"), _personas),
    Step("tiers", gettext_noop("Who enters a tier and leaves"), _tiers),
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
