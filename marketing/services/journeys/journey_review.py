"""Texts of journeys held to what campaigns are held to: claims, the market's rules, the glossary, length.

A version with a text that is blocked cannot go live. What a live text rests on and a message will
not bring itself (a document) is a row of the ledger. When that ends, or a rule changes, the message
is pulled in the same transaction: whoever reaches it waits until a person decides.

The lock of the journeys' rows puts going live and pulling one after the other: whichever comes second
sees what the first one wrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.text import both, sentence
from language.claims import Fact
from marketing.definitions.journey_plan import ABOUT_SKUS, Instruction, Plan, PlanError, read_plan
from marketing.definitions.journey_sends import PLAIN
from marketing.models import (
    Enrolment,
    EnrolmentState,
    Journey,
    JourneyVersion,
    PulledStep,
    PullState,
)
from marketing.services.content import claim_ledger
from marketing.texts import ratings
from marketing.texts.coupons import coupon_facts
from marketing.texts.facts import evidence_facts, ruling_facts, shop_facts
from marketing.texts.recommended import recommended_facts
from marketing.texts.review import Finding, Review, review, sentence_at
from marketing.texts.standards import standard_of_journey
from shop.models import CouponOffer, OfferState

MOST_FEATURED = 3
KINDS = {
    "product": "name", "price": "money", "was_price": "prior_money", "discount": "percent",
    "until": "date", "link": "link", **ratings.KINDS,
}  # fmt: skip
NOT_PROVEN = gettext_noop("Nothing proves “%(words)s” any more.")
FORBIDDEN = gettext_noop("%(rule)s (%(source)s)")


@dataclass(frozen=True)
class TextReview:
    """One text of one message, with what stands in its way. arm: its variant, `plain`, or none."""

    step: str
    arm: str
    language: str
    parts: Mapping[str, str]
    facts: list[Fact]
    review: Review

    @property
    def place(self) -> str:
        return f"{self.step}, {self.arm}" if self.arm else self.step

    @property
    def words_in_the_way(self) -> list[tuple[str, str]]:
        """(sentence, reason), what blocks first, each once."""
        found = [
            (sentence_at(self.parts[part], claim.start, claim.end), claim.explanation)
            for part, claim in self.review.refused
        ]
        found += [
            (_said(self.parts, one), f"{one.message} ({one.source})")
            for one in self.review.findings
            if one.blocks
        ]
        return list(dict.fromkeys(found))


def reviews_of(plan: Plan, at: datetime | None = None) -> list[TextReview]:
    """Every text of every message, in reading order. A fixed number of queries per channel and
    language, however many messages there are."""
    at = at or timezone.now()
    facts: dict[str, list[Fact]] = {}
    standards: dict[tuple[str, str], Any] = {}
    found, offers = [], _offers(plan)
    for step, arm, language, parts in _texts(plan.sends):
        channel = step.data["channel"]
        if language not in facts:
            facts[language] = possible_facts(plan, language, at)
        if (channel, language) not in standards:
            standards[channel, language] = standard_of_journey(channel, language, plan.market)
        offer = None if arm == PLAIN else offers.get(step.data.get("coupon", ""))
        known = facts[language] + coupon_facts(offer, language, at)
        known += recommended_facts(channel, language)
        judged = review(parts, known, standards[channel, language], slots_only=True)
        found.append(TextReview(step.step, arm, language, parts, known, judged))
    return found


def _offers(plan: Plan) -> dict[str, CouponOffer]:
    """By code, those in force: of another one nothing can be said."""
    codes = {code for step in plan.sends if (code := step.data.get("coupon", ""))}
    if not codes:
        return {}
    live = CouponOffer.objects.filter(code__in=codes, state=OfferState.LIVE)
    return {offer.code: offer for offer in live}


def possible_facts(plan: Plan, language: str, at: datetime) -> list[Fact]:
    """Facts of each kind that a message of this trigger can have: what they say is not known yet.
    What documents prove of the whole shop is known; of a product, only with the message."""
    facts = shop_facts(language) + evidence_facts([], language, at) + ruling_facts(language)
    places = [""] + [f"_{n}" for n in range(2, MOST_FEATURED + 1)]
    for slot, kind in KINDS.items():
        if slot == "link":
            facts.append(Fact("link", kind, "https://example.invalid/"))
        elif plan.trigger in ABOUT_SKUS or plan.trigger in ("ordered", "delivered", "review_due"):
            facts += [Fact(f"{slot}{place}", kind, "", is_of_buyers=True) for place in places]
    return facts


def publish(version: JourneyVersion, reviews: Collection[TextReview], at: datetime) -> None:
    """It goes live: rows of the ledger, and what was pulled of it goes on. In a transaction."""
    claim_ledger.publish_journey(
        version, [(r.step, r.arm, r.language, r.parts, r.facts) for r in reviews], at
    )
    version.pulled.filter(state=PullState.HELD).update(state=PullState.RELEASED, decided_at=at)


def lock_journeys() -> None:
    """Until the transaction ends nothing goes live. Customers may enter meanwhile."""
    list(Journey.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def pull_forbidden(at: datetime | None = None) -> int:
    """Pull every message under way whose text is blocked by now; returns how many. Twice is once."""
    at = at or timezone.now()
    with transaction.atomic():
        lock_journeys()
        return sum(_pull(version, at) for version in under_way())


def under_way() -> QuerySet[JourneyVersion]:
    """Versions from which a message can still leave."""
    on_it = Enrolment.objects.filter(version=OuterRef("pk"), state=EnrolmentState.UNDER_WAY)
    is_live = Exists(Journey.objects.filter(live_version=OuterRef("pk")).exclude(state="draft"))
    return JourneyVersion.objects.filter(Q(is_live) | Q(Exists(on_it))).select_related("journey")


def pulled_steps(versions: Collection[int]) -> dict[tuple[int, str, str], str]:
    """(version, step, copy) of what may not be sent now → whether it is held or skipped."""
    rows = PulledStep.objects.filter(version__in=versions).exclude(state=PullState.RELEASED)
    found = rows.values_list("version_id", "step", "arm", "state")
    return {(version, step, arm): state for version, step, arm, state in found}


def still_blocked(
    pulled: Collection[PulledStep], at: datetime | None = None
) -> dict[int, list[tuple[str, str]]]:
    """Per row (sentence, reason) of what stands in the way of its message now.

    A fixed number of queries per trigger, channel and language, however many rows.
    """
    by_trigger: dict[str, list[Instruction]] = defaultdict(list)
    found: dict[int, list[tuple[str, str]]] = {row.pk: [] for row in pulled}
    for row in pulled:
        try:
            plan = read_plan(row.version.definition)
        except PlanError as error:
            found[row.pk].append(("", str(error)))
            continue
        by_trigger[plan.trigger].append(_only(plan.step(row.step), row))
    for trigger, sends in by_trigger.items():
        for one in reviews_of(Plan(trigger, {}, (), tuple(sends)), at):
            if one.review.is_blocked:
                found[int(one.step)] += one.words_in_the_way
    return found


def _only(step: Instruction, row: PulledStep) -> Instruction:
    """With that copy alone. Steps of two versions have one name: here each is called by its row's key."""
    return replace(
        step,
        step=str(row.pk),
        data={**step.data, "copies": {row.arm: step.data["copies"][row.arm]}},
    )


def _pull(version: JourneyVersion, at: datetime) -> int:
    pulled = 0
    try:
        plan = read_plan(version.definition)
    except PlanError:
        return 0  # nothing of it can leave; the clock says so on the journey's page
    for found in reviews_of(plan, at):
        if not found.review.is_blocked:
            continue
        words, why = _first_reason(found)
        taken = PulledStep.objects.filter(version=version, step=found.step, arm=found.arm)
        if taken.exclude(state=PullState.RELEASED).exists():
            continue
        PulledStep.objects.create(
            version=version, step=found.step, arm=found.arm, language=found.language,
            sentence=words[:600], why=why, pulled_at=at,
        )  # fmt: skip
        claim_ledger.pulled_of_journey(version, found.step, found.arm)
        pulled += 1
    return pulled


def _first_reason(found: TextReview) -> tuple[str, dict]:
    """As it is stored: the sentence, and a reason that reads in either language."""
    if found.review.refused:
        part, claim = found.review.refused[0]
        text = found.parts[part]
        words = text[claim.start : claim.end].strip()
        return sentence_at(text, claim.start, claim.end), sentence(NOT_PROVEN, words=words)
    finding = next(one for one in found.review.findings if one.blocks)
    rule = both(finding.message, finding.message)
    return _said(found.parts, finding), sentence(FORBIDDEN, rule=rule, source=finding.source)


def _said(parts: Mapping[str, str], finding: Finding) -> str:
    if finding.end <= finding.start:
        return ""
    return sentence_at(parts[finding.part], finding.start, finding.end)


def _texts(
    sends: Collection[Instruction],
) -> Iterator[tuple[Instruction, str, str, dict[str, str]]]:
    for step in sends:
        for arm, texts in step.data["copies"].items():
            for language, text in texts.items():
                yield step, arm, language, {"subject": text["subject"], "body": text["body"]}
