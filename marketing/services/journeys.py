"""Write journeys: a definition becomes a version, a version goes live, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from language.claims import Fact, check_copy
from marketing.facts import MEANINGS, shop_facts
from marketing.journey_library import READY_MADE
from marketing.journey_plan import ABOUT_SKUS, Plan, PlanError, read_plan
from marketing.models import (
    Enrolment,
    EnrolmentState,
    Journey,
    JourneyState,
    JourneyVersion,
    LeaveReason,
    Segment,
    Send,
    SendState,
    SkipReason,
)

MOST_FEATURED = 3
KINDS = {
    "product": "name", "price": "money", "was_price": "prior_money", "discount": "percent",
    "until": "date", "link": "link",
}  # fmt: skip


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
    for send in plan.sends:
        for language, text in send.data["texts"].items():
            _check_text(plan, send.step, language, text)
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
    """From now on causes start this version; who is under way ends on the one she began."""
    if version.journey_id != journey.pk:
        raise JourneyError(_("This version belongs to another journey."))
    checked_plan(version.definition)
    at = at or timezone.now()
    with transaction.atomic():
        fresh = Journey.objects.select_for_update().get(pk=journey.pk)
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


def _segments_of(plan: Plan) -> list[tuple[str, str]]:
    """(step, code) of each branch that asks for a segment, and of the trigger that does."""
    conditions = [
        (one.step, one.data.get("in_segment")) for one in plan.program if one.kind == "when"
    ]
    conditions.append((TRIGGER, plan.options.get("segment")))
    return [(step, str(code)) for step, code in conditions if code]


def possible_facts(plan: Plan, language: str) -> list[Fact]:
    """Facts of each kind that a message of this trigger can have: what they say is not known yet."""
    facts = shop_facts(language)
    places = [""] + [f"_{n}" for n in range(2, MOST_FEATURED + 1)]
    for slot, kind in KINDS.items():
        if slot == "link":
            facts.append(Fact("link", kind, "https://example.invalid/"))
        elif plan.trigger in ABOUT_SKUS or plan.trigger == "ordered":
            facts += [Fact(f"{slot}{place}", kind, "") for place in places if slot in MEANINGS]
    return facts


def _check_text(plan: Plan, step: str, language: str, text: dict[str, str]) -> None:
    facts = possible_facts(plan, language)
    for part in ("subject", "body"):
        for claim in check_copy(text[part], facts, slots_only=True):
            if not claim.is_supported:
                said = _("%(step)s, %(language)s: “%(words)s”. %(why)s") % {
                    "step": step,
                    "language": language,
                    "words": text[part][claim.start : claim.end],
                    "why": claim.explanation,
                }
                raise JourneyError.at(step, said, said=said, step=step)


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
