"""What a reader sees of the review of a journey's texts: the sentence marked, the reason, the way on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count
from django.utils.safestring import SafeString

from decisions.text import render
from marketing.definitions.journey_plan import (
    MARKETS,
    Instruction,
    Plan,
    PlanError,
    read_plan,
    walk,
)
from marketing.definitions.journey_sends import CHANNELS, LANGUAGES, copies_in
from marketing.models import (
    ClaimKind,
    Enrolment,
    EnrolmentState,
    Journey,
    JourneyVersion,
    PulledStep,
    PullState,
)
from marketing.pages.copies import as_claims, marked
from marketing.pages.wordings import Question, questions, waiting_wordings
from marketing.services.content.claim_ledger import KINDS
from marketing.services.journeys.journey_review import TextReview, reviews_of, still_blocked
from marketing.texts.review import Finding, sentence_at

NEVER_PROVEN = frozenset({"slot", "placeholder", "contact"})
PULLED_SHOWN = 20


@dataclass(frozen=True)
class Problem:
    """A sentence that no fact supports; can_be_proven: by a document that somebody attaches; question:
    where a person may rule that it states nothing."""

    sentence: str
    reason: str
    kind: str
    can_be_proven: bool
    question: Question | None = None


@dataclass(frozen=True)
class TextCard:
    arm: str
    language: str
    title: str
    subject: SafeString
    body: SafeString
    problems: Sequence[Problem]
    findings: Sequence[Finding]
    is_blocked: bool


@dataclass(frozen=True)
class PulledCard:
    pulled: PulledStep
    why: str
    waiting: int
    stands_in_the_way: Sequence[tuple[str, str]]


def cards_of(definition: Mapping[str, Any]) -> dict[str, list[TextCard]]:
    """Step → its texts as they are judged now; of a draft whatever can be read of it."""
    found: dict[str, list[TextCard]] = defaultdict(list)
    reviews = reviews_of(_readable(definition))
    waiting = waiting_wordings((one.language, one.review) for one in reviews)
    for one in reviews:
        asked = questions(one.parts, one.review, one.language, waiting)
        found[one.step].append(_card(one, asked))
    return found


def pulled_cards(journey: Journey) -> list[PulledCard]:
    """Messages of all versions that wait for a person, newest first, with how many wait there."""
    rows = PulledStep.objects.filter(version__journey=journey, state=PullState.HELD)
    shown = list(rows.select_related("version__journey")[:PULLED_SHOWN])
    standing = Enrolment.objects.filter(
        version__in=[one.version_id for one in shown], state=EnrolmentState.UNDER_WAY
    )
    counts = {
        (version, position): count
        for version, position, count in standing.order_by()
        .values_list("version_id", "position")
        .annotate(n=Count("pk"))
    }
    in_the_way = still_blocked(shown)
    cards = []
    for one in shown:
        program = program_of(one.version)
        place = next((n for n, step in enumerate(program) if step.step == one.step), -1)
        waiting = counts.get((one.version_id, place), 0)
        cards.append(PulledCard(one, render(one.why), waiting, in_the_way[one.pk]))
    return cards


def program_of(version: JourneyVersion) -> Sequence[Instruction]:
    """Nothing of a definition that cannot be read any more: the page says so among the faults."""
    try:
        return read_plan(version.definition).program
    except PlanError:
        return ()


def _readable(definition: Mapping[str, Any]) -> Plan:
    """The messages of a draft whose texts are texts; what else is wrong is said elsewhere."""
    sends = []
    for _depth, _way, step in walk(definition.get("steps", [])):
        copies = {name: _texts(texts) for name, texts in copies_in(step)}
        if step.get("send") in CHANNELS and any(copies.values()):
            coupon = step.get("coupon", "")
            data = {"channel": step["send"], "copies": copies, "coupon": str(coupon)[:40]}
            sends.append(Instruction("send", str(step.get("id", "")), data))
    trigger, market = str(definition.get("trigger", {}).get("on", "")), definition.get("market")
    return Plan(trigger, {}, (), tuple(sends), market if market in MARKETS else "")


def _texts(found: Any) -> dict[str, dict[str, str]]:
    if not isinstance(found, dict):
        return {}
    return {
        language: {part: str(text.get(part, "")) for part in ("subject", "body")}
        for language, text in found.items()
        if language in LANGUAGES and isinstance(text, dict)
    }


def _card(one: TextReview, asked: Mapping[str, Question]) -> TextCard:
    problems = {}
    for part, claim in one.review.refused:
        sentence = sentence_at(one.parts[part], claim.start, claim.end)
        kind = KINDS.get(claim.kind, ClaimKind.SPECIFICATION)
        can = claim.kind not in NEVER_PROVEN
        problem = Problem(sentence, claim.explanation, kind, can, asked.get(sentence))
        problems.setdefault(sentence, problem)
    # Where the link leads is another thing in each message: its slot stands there by name.
    facts = [replace(fact, text="") if fact.slot == "link" else fact for fact in one.facts]
    subject, body = (
        marked(one.parts[part], [*one.review.claims[part], *as_claims(one.review, part)], facts)
        for part in ("subject", "body")
    )
    return TextCard(
        one.arm,
        one.language,
        one.parts["subject"] or one.parts["body"],
        subject,
        body,
        list(problems.values()),
        one.review.findings,
        one.review.is_blocked,
    )
