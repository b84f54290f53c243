"""Write journeys: a definition becomes a version, a version goes live, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketing.definitions.journey_library import READY_MADE
from marketing.definitions.journey_plan import Plan, PlanError, read_plan
from marketing.models import (
    Enrolment,
    EnrolmentState,
    Journey,
    JourneyState,
    JourneyVersion,
    LeaveReason,
    PulledStep,
    PullState,
    Segment,
    Send,
    SendState,
    SkipReason,
    Tier,
)
from marketing.services.content import claim_ledger
from marketing.services.journeys.draws import copy_named
from marketing.services.journeys.journey_review import (
    TextReview,
    lock_journeys,
    publish,
    reviews_of,
    still_blocked,
)

TRIGGER = "trigger"  # the place of what starts a journey, which is no step


class JourneyError(Exception):
    """Why a journey cannot be written or moved like that; meant for the marketer."""

    place, problem, step = "", "", ""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    @classmethod
    def at(cls, place: str, problem: str, *, said: str, step: str = "") -> JourneyError:
        """With the place of what is wrong, for a page that shows it there."""
        found = cls(said)
        found.place, found.problem, found.step = place, problem, step
        return found


def checked_plan(definition: Any) -> Plan:
    """The plan, its texts proven as far as they can be before anybody is in it.

    Raises JourneyError with the place: what is no definition, a segment that is not there, a text
    that states what no slot of this trigger can prove.
    """
    try:
        plan = read_plan(definition)
    except PlanError as error:
        raise JourneyError.at(error.place, error.problem, said=str(error)) from error
    for step, code in _segments_of(plan):
        if not Segment.objects.filter(code=code).exists():
            said = _("There is no segment “%(code)s”.") % {"code": code}
            in_step = "" if step == TRIGGER else step
            raise JourneyError.at(step, said, said=said, step=in_step)
    tier = plan.options.get("tier")
    if tier and not Tier.objects.filter(code=tier).exists():
        said = _("There is no tier “%(code)s”.") % {"code": tier}
        raise JourneyError.at(TRIGGER, said, said=said)
    for found in reviews_of(plan):
        _refuse_unproven(found)
    return plan


def save_version(journey: Journey, definition: Any, *, author: Any = None) -> JourneyVersion:
    """The next version; the same definition as the newest one is that one."""
    checked_plan(definition)
    with transaction.atomic():
        Journey.objects.select_for_update().get(pk=journey.pk)  # numbers follow one another
        newest = journey.versions.order_by("-number").first()
        if newest and newest.definition == definition:
            return newest
        return JourneyVersion.objects.create(
            journey=journey,
            number=newest.number + 1 if newest else 1,
            definition=definition,
            author=str(author or ""),
        )


def go_live(journey: Journey, version: JourneyVersion, *, at: datetime | None = None) -> Journey:
    """From now on causes start this version; who is under way ends on the one she began.

    Raises JourneyError with the step whose text something stands in the way of.
    """
    if version.journey_id != journey.pk:
        raise JourneyError(_("This version belongs to another journey."))
    plan = checked_plan(version.definition)
    at = at or timezone.now()
    with transaction.atomic():
        lock_journeys()
        reviews = reviews_of(plan, at)
        _refuse_blocked(reviews)
        publish(version, reviews, at)
        fresh = Journey.objects.get(pk=journey.pk)
        fresh.live_version = version
        if fresh.state != JourneyState.LIVE:
            fresh.state, fresh.live_since = JourneyState.LIVE, at
        fresh.save(update_fields=["live_version", "state", "live_since"])
    journey.refresh_from_db()
    return journey


def pause(journey: Journey) -> Journey:
    """Nobody enters and nobody moves; what waits for its hour stays where it is."""
    if not Journey.objects.filter(pk=journey.pk, state=JourneyState.LIVE).update(
        state=JourneyState.PAUSED
    ):
        raise JourneyError(_("Only a live journey can be paused."))
    journey.refresh_from_db()
    return journey


def resume(journey: Journey, *, at: datetime | None = None) -> Journey:
    """Those under way go on; what happened during the pause starts nothing."""
    if not Journey.objects.filter(pk=journey.pk, state=JourneyState.PAUSED).update(
        state=JourneyState.LIVE, live_since=at or timezone.now()
    ):
        raise JourneyError(_("Only a paused journey can be resumed."))
    journey.refresh_from_db()
    return journey


def stop(journey: Journey, *, at: datetime | None = None) -> int:
    """Pause it and let everybody leave. Returns how many left; nothing that waits is sent."""
    at = at or timezone.now()
    with transaction.atomic():
        Journey.objects.filter(pk=journey.pk, state=JourneyState.LIVE).update(
            state=JourneyState.PAUSED
        )
        Send.objects.filter(enrolment__journey=journey, state=SendState.CLAIMED).update(
            state=SendState.SKIPPED, reason=SkipReason.TAKEN_BACK
        )
        left = Enrolment.objects.filter(journey=journey, state=EnrolmentState.UNDER_WAY).update(
            state=EnrolmentState.LEFT, reason=LeaveReason.STOPPED, ended_at=at
        )
    journey.refresh_from_db()
    return left


def release_step(pulled: PulledStep, by: Any = None, *, at: datetime | None = None) -> None:
    """What stood in the way is gone: those who wait there get the message. Twice is once.

    Raises JourneyError with the sentence and the reason while it still stands in the way.
    """
    at = at or timezone.now()
    with transaction.atomic():
        lock_journeys()
        if found := still_blocked([pulled], at)[pulled.pk]:
            raise JourneyError(_in_the_way(pulled.label, pulled.language, *found[0]))
        if _decided(pulled, PullState.RELEASED, by, at):
            claim_ledger.released_of_journey(pulled.version, pulled.step, pulled.arm, at)


def skip_step(pulled: PulledStep, by: Any = None, *, at: datetime | None = None) -> None:
    """Nobody of this version gets this copy; those who wait there go on without it. Twice is once."""
    with transaction.atomic():
        if _decided(pulled, PullState.SKIPPED, by, at or timezone.now()):
            waiting = Send.objects.filter(
                enrolment__version=pulled.version, step=pulled.step, state=SendState.CLAIMED
            )
            of_copy = waiting.annotate(copy_named=copy_named()).filter(copy_named=pulled.arm)
            of_copy.update(state=SendState.SKIPPED, reason=SkipReason.PULLED)


def _decided(pulled: PulledStep, state: str, by: Any, at: datetime) -> bool:
    waiting = PulledStep.objects.filter(pk=pulled.pk, state=PullState.HELD)
    return bool(waiting.update(state=state, decided_by=str(by or ""), decided_at=at))


def _refuse_unproven(found: TextReview) -> None:
    for part, claim in found.review.refused:
        words = found.parts[part][claim.start : claim.end]
        said = _in_the_way(found.place, found.language, words, claim.explanation)
        raise JourneyError.at(found.step, said, said=said, step=found.step)


def _refuse_blocked(reviews: list[TextReview]) -> None:
    for found in reviews:
        if found.review.is_blocked:
            said = _in_the_way(found.place, found.language, *found.words_in_the_way[0])
            raise JourneyError.at(found.step, said, said=said, step=found.step)


def _in_the_way(step: str, language: str, words: str, why: str) -> str:
    return _("%(step)s, %(language)s: “%(words)s”. %(why)s") % {
        "step": step,
        "language": language,
        "words": words,
        "why": why,
    }


def _segments_of(plan: Plan) -> list[tuple[str, str]]:
    """(step, code) of each branch that asks for a segment, and of the trigger that does."""
    conditions = [
        (one.step, one.data.get("in_segment")) for one in plan.program if one.kind == "when"
    ]
    conditions.append((TRIGGER, plan.options.get("segment")))
    return [(step, str(code)) for step, code in conditions if code]


def ensure_ready_made() -> int:
    """Ready-made journeys that are not there yet, as drafts. Twice changes nothing."""
    made = 0
    for one in READY_MADE:
        with transaction.atomic():
            journey, created = Journey.objects.get_or_create(
                code=one.code, defaults={"name": one.name, "name_zh": one.name_zh}
            )
            if created:
                save_version(journey, one.definition)
                made += 1
    return made
