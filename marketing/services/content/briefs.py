"""From a brief to candidates, and from the chosen candidate to copy that may be published.

A round of candidates is written by one job, whole or not at all: the job may run twice or die at any
line. What the endpoint answered before a worker died is read from the log, not asked and paid again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from decisions.models import Job
from decisions.services import jobs
from language.providers import Draft, Drafted, DraftRequest, draft_texts, provider_from_settings
from language.services.calls import CallLog
from marketing.models import (
    Brief,
    BriefChannel,
    BriefItem,
    Campaign,
    CampaignItem,
    Candidate,
    CandidateState,
    CopyVariant,
    Segment,
)
from marketing.services.content import copies, descriptions
from marketing.services.content.experience import experience_of, in_words
from marketing.services.customers.personas import segment_of
from marketing.texts.facts import brief_facts, slot_notes
from marketing.texts.people import without_customers
from marketing.texts.persona_names import in_words as persona_in_words
from marketing.texts.review import Review, review
from marketing.texts.standards import standard_of_brief
from marketing.texts.voice import persona_of, voice_lines
from shop.models import Variant

JOB = "write_candidates"
MAX_PRODUCTS, MAX_ROUNDS, LENGTH = 3, 20, 5000
WITH_CAMPAIGN = frozenset({BriefChannel.EMAIL, BriefChannel.SMS, BriefChannel.PUSH})
WRITING, CHECKING = gettext_noop("writing"), gettext_noop("checking every claim")
EVERYBODY = "everybody"


class BriefError(Exception):
    """What is wrong with a brief or a choice; meant for the marketer."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True)
class Wish:
    """What a brief asks for, before it is a row. Fields are those of `Brief`."""

    fields: dict[str, Any]
    variants: Sequence[Variant]
    key: str | None = None


def create_brief(wish: Wish, *, by: Any = None) -> Brief:
    """Write the brief and ask for its first round. The same key gives the same brief."""
    if wish.key and (known := Brief.objects.filter(key=wish.key).first()):
        return known
    _check(wish)
    with transaction.atomic():
        brief, created = (
            Brief.objects.get_or_create(key=wish.key, defaults=wish.fields | {"created_by": by})
            if wish.key
            else (Brief.objects.create(**wish.fields, created_by=by), True)
        )
        if created:
            BriefItem.objects.bulk_create(
                BriefItem(brief=brief, variant=variant, position=position)
                for position, variant in enumerate(wish.variants, start=1)
            )
            ask_for_candidates(brief, by=by)
    return brief


def ask_for_candidates(brief: Brief, *, by: Any = None) -> Job:
    """One more round. While one is being written, that one is meant."""
    with transaction.atomic():
        held = Brief.objects.select_for_update(of=("self",)).select_related("job").get(pk=brief.pk)
        if held.job and not held.job.is_finished:
            return held.job
        if held.rounds >= MAX_ROUNDS:
            raise BriefError(_("This brief has had its rounds: write a new one."))
        payload = {"brief_id": held.pk, "round": held.rounds + 1}
        key = f"{JOB}:{held.pk}:{held.rounds + 1}"
        job = jobs.enqueue(JOB, payload, key=key, requested_by=by)
        Brief.objects.filter(pk=held.pk).update(rounds=held.rounds + 1, job=job)
    brief.refresh_from_db()
    return job


def write_candidates(progress: Progress, brief_id: int, number: int) -> dict:
    """The job: draft, check, and keep the round in one transaction that only one attempt commits."""
    brief = Brief.objects.select_related("segment", "persona", "campaign").get(pk=brief_id)
    if brief.candidates.filter(round=number).exists():
        return _summary(brief, number)
    progress(0, 2, WRITING)
    at = timezone.now()
    drafted = _draft(progress, brief, number, at)
    progress(1, 2, CHECKING)
    rows = _candidates(brief, number, drafted, at)
    with transaction.atomic():
        progress.still_mine()
        Candidate.objects.bulk_create(rows, ignore_conflicts=True)
    progress(2, 2, CHECKING)
    return _summary(brief, number)


def review_of(candidate: Candidate, at: datetime) -> Review:
    brief = candidate.brief
    return review(
        candidate.parts,
        brief_facts(brief, at),
        standard_of_brief(brief),
        slots_only=not candidate.edited_by_hand,
    )


def edit_candidate(candidate: Candidate, parts: dict[str, str], *, at: datetime) -> Candidate:
    """Keep what a person wrote; what may not be said is kept too, as refused."""
    if candidate.state == CandidateState.CHOSEN:
        raise BriefError(_("It is chosen already: change it where it went."))
    for part, text in parts.items():
        text = text.strip() if part == "body" else " ".join(text.split())
        if len(text) > (LENGTH if part == "body" else 200):
            raise BriefError(_("The text is too long."))
        setattr(candidate, part, text)
    if not candidate.body:
        raise BriefError(_("A text is needed."))
    candidate.edited_by_hand = True
    blocked = review_of(candidate, at).is_blocked
    candidate.state = CandidateState.REFUSED if blocked else CandidateState.CANDIDATE
    candidate.save()
    return candidate


def choose_candidate(candidate: Candidate, *, by: Any = None, at: datetime) -> Candidate:
    """Make it the campaign's copy, or the draft of a product description. Twice equals once.

    Raises BriefError when something in it is not proven or not allowed.
    """
    with transaction.atomic():
        Brief.objects.select_for_update(of=("self",)).get(pk=candidate.brief_id)
        candidate = Candidate.objects.select_related(
            "brief__segment", "brief__persona", "brief__campaign"
        ).get(pk=candidate.pk)
        if candidate.state == CandidateState.CHOSEN:
            return candidate
        if review_of(candidate, at).is_blocked:
            raise BriefError(_("This text says something that is not proven or not allowed."))
        _free_others(candidate)
        brief = candidate.brief
        if brief.channel in WITH_CAMPAIGN:
            candidate.copy = _as_copy(candidate, at)
        elif brief.channel == BriefChannel.DESCRIPTION:
            candidate.decision = descriptions.propose_description(candidate, at, by)
        candidate.state = CandidateState.CHOSEN
        candidate.save(update_fields=["copy", "decision", "state"])
    return candidate


def campaign_of(brief: Brief) -> Campaign:
    """The campaign that the brief writes for; a new draft where none was named."""
    if brief.campaign:
        return brief.campaign
    segment = (
        brief.segment
        or (segment_of(brief.persona) if brief.persona else None)
        or Segment.objects.get_or_create(
            code=EVERYBODY, defaults={"name": "Everybody", "name_zh": "所有顾客", "rule": {}}
        )[0]
    )
    campaign, created = Campaign.objects.get_or_create(
        key=f"brief:{brief.pk}",
        defaults={
            "name": f"{Brief(goal=brief.goal).get_goal_display()} · {brief.pk}".capitalize(),
            "goal": brief.goal,
            "channel": brief.channel,
            "segment": segment,
            "tone": brief.tone,
            "language": brief.language,
            "market": brief.market,
            "brief": brief.instructions,
            "link_url": copies.storefront(),
        },
    )
    if created:
        CampaignItem.objects.bulk_create(
            CampaignItem(campaign=campaign, variant_id=item.variant_id, position=item.position)
            for item in brief.items.all()
        )
    brief.campaign = campaign
    brief.save(update_fields=["campaign"])
    return campaign


def _check(wish: Wish) -> None:
    fields = wish.fields
    if len(wish.variants) > MAX_PRODUCTS:
        raise BriefError(_("At most three products."))
    if fields.get("channel") == BriefChannel.DESCRIPTION and len(wish.variants) != 1:
        raise BriefError(_("A description is of one product: choose exactly one."))
    if not wish.variants:
        raise BriefError(_("Choose at least one product."))
    campaign = fields.get("campaign")
    if campaign and campaign.channel != fields.get("channel"):
        raise BriefError(_("The campaign uses another channel."))
    if campaign and not campaign.is_editable:
        raise BriefError(_("Only a draft can be changed: take the campaign back first."))


def _draft(progress: Progress, brief: Brief, number: int, at: datetime) -> Drafted:
    facts = brief_facts(brief, at)
    voice, persona = voice_lines(brief, facts), persona_of(brief)
    request = DraftRequest(
        channel=brief.channel,
        goal=brief.goal,
        language=brief.language,
        tone=brief.tone,
        persona=persona,
        brief=without_customers(brief.instructions),
        audience=readers_of(brief),
        voice=tuple(voice),
        experience=tuple(in_words(experience_of(brief, at))),
        facts=slot_notes(facts),
        count=brief.count,
        seed=number,
    )
    provider = provider_from_settings(CallLog(f"brief:{brief.pk}:{number}"))
    return draft_texts(request, provider, going_on=lambda: progress(0, 2, WRITING))


def readers_of(brief: Brief) -> str:
    """Who reads it, as the prompt hears it: the segment's words, and how a persona's members buy."""
    said = str(brief.segment.description or brief.segment.name) if brief.segment else ""
    found = brief.persona.snapshots.first() if brief.persona else None
    return " ".join(
        part
        for part in (said, persona_in_words(found.evidence, brief.language) if found else "")
        if part
    )


def _candidates(brief: Brief, number: int, drafted: Drafted, at: datetime) -> list[Candidate]:
    facts, standard = brief_facts(brief, at), standard_of_brief(brief)
    rows = []
    for position, draft in enumerate(_with_wishes(brief, drafted), start=1):
        row = Candidate(
            brief=brief,
            round=number,
            position=position,
            subject=draft.subject,
            preheader=draft.preheader,
            body=draft.body,
            button=draft.button,
            provider=drafted.provider[:100],
            provider_note=drafted.note[:300],
        )
        if review(row.parts, facts, standard, slots_only=True).is_blocked:
            row.state = CandidateState.REFUSED
        rows.append(row)
    return rows


def _with_wishes(brief: Brief, drafted: Drafted) -> list[Draft]:
    """Templates cannot write what must be said: it is put below, as the person wrote it."""
    if drafted.provider != "templates" or not brief.required:
        return drafted.drafts
    added = "\n".join(brief.required)
    return [
        Draft(f"{draft.body}\n{added}", draft.subject, draft.preheader, draft.button)
        for draft in drafted.drafts
    ]


def _as_copy(candidate: Candidate, at: datetime) -> CopyVariant:
    campaign = campaign_of(candidate.brief)
    if not campaign.is_editable:
        raise BriefError(_("Only a draft can be changed: take the campaign back first."))
    copy, _created = CopyVariant.objects.get_or_create(
        campaign=campaign,
        language=candidate.brief.language,
        subject=candidate.subject,
        preheader=candidate.preheader,
        body=candidate.body,
        defaults={
            "provider": candidate.provider,
            "provider_note": candidate.provider_note,
            "edited_by_hand": candidate.edited_by_hand,
        },
    )
    try:
        return copies.choose_copy(copy, at=at, arm=copies.free_arm(copy))
    except copies.CopyError as error:
        raise BriefError(str(error)) from error


def _free_others(candidate: Candidate) -> None:
    chosen = candidate.brief.candidates.filter(state=CandidateState.CHOSEN)
    for other in chosen.exclude(pk=candidate.pk):
        descriptions.withdraw(other)
        Candidate.objects.filter(pk=other.pk).update(state=CandidateState.CANDIDATE)


def _summary(brief: Brief, number: int) -> dict:
    rows = brief.candidates.filter(round=number)
    first = rows.first()
    return {
        "candidates": rows.count(),
        "refused": rows.filter(state=CandidateState.REFUSED).count(),
        "provider": first.provider if first else "",
        "note": first.provider_note if first else "",
    }
