"""Draft, edit and choose copy. Nothing whose claims are not all proven can be chosen."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from language.claims import Claim, Fact, check_copy
from language.providers import DraftRequest, draft_texts, provider_from_settings
from language.services.calls import CallLog
from language.slots import slots_of
from marketing.facts import campaign_facts, slot_notes
from marketing.models import Campaign, CopyState, CopyVariant
from marketing.rules import customers_of, reachable

CANDIDATES = 3
MAX_BODY_CHARACTERS = 5000


class CopyError(Exception):
    """Why a text cannot be kept or chosen; meant for the marketer."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def languages_of(campaign: Campaign) -> list[str]:
    """The campaign's own language, and each other that reachable customers of the segment speak."""
    spoken = set(
        reachable(customers_of(campaign.segment.rule), campaign.channel)
        .filter(language__in=["en", "zh"])
        .values_list("language", flat=True)
        .distinct()
    )
    return [campaign.language, *sorted(spoken - {campaign.language})]


def draft_copies(campaign: Campaign, *, seed: int, at: datetime | None = None) -> list[CopyVariant]:
    """A few candidates per language, each with its claims checked.

    The same seed does not write the same text twice. Raises CopyError when it is no draft any more.
    """
    _refuse_unless_draft(campaign)
    provider = provider_from_settings(CallLog(f"campaign:{campaign.pk}"))
    written = []
    for language in languages_of(campaign):
        facts = campaign_facts(campaign, language, at or timezone.now())
        request = DraftRequest(
            channel=campaign.channel,
            goal=campaign.goal,
            language=language,
            tone=campaign.tone,
            persona=campaign.persona,
            brief=campaign.brief,
            facts=slot_notes(facts),
            count=CANDIDATES,
            seed=seed,
        )
        drafted = draft_texts(request, provider)
        for draft in drafted.drafts:
            copy = CopyVariant(
                campaign=campaign,
                language=language,
                subject=draft.subject,
                body=draft.body,
                provider=drafted.provider[:100],
                provider_note=drafted.note[:300],
            )
            written.append(_keep(copy, facts))
    return written


def edit_copy(copy: CopyVariant, *, subject: str, body: str, at: datetime) -> CopyVariant:
    """Keep what a person wrote; what states something unproven is kept too, as refused."""
    _refuse_unless_draft(copy.campaign)
    subject = " ".join(subject.split())
    if not subject or not body.strip():
        raise CopyError(_("A subject and a text are needed."))
    if len(subject) > 200 or len(body) > MAX_BODY_CHARACTERS:
        raise CopyError(_("The text is too long."))
    copy.subject, copy.body, copy.edited_by_hand = subject, body.strip(), True
    facts = campaign_facts(copy.campaign, copy.language, at)
    if has_refusals(copy, facts):
        copy.state = CopyState.REFUSED
    elif copy.state == CopyState.REFUSED:
        copy.state = CopyState.CANDIDATE
    copy.save(update_fields=["subject", "body", "edited_by_hand", "state"])
    return copy


def choose_copy(copy: CopyVariant, *, at: datetime) -> CopyVariant:
    """The one text of its language that will be sent. Raises CopyError for an unproven claim."""
    _refuse_unless_draft(copy.campaign)
    facts = campaign_facts(copy.campaign, copy.language, at)
    if has_refusals(copy, facts):
        raise CopyError(_("This text states something that no fact supports."))
    with transaction.atomic():
        others = copy.campaign.copies.filter(language=copy.language, state=CopyState.CHOSEN)
        others.exclude(pk=copy.pk).update(state=CopyState.CANDIDATE)
        CopyVariant.objects.filter(pk=copy.pk).update(state=CopyState.CHOSEN)
    copy.state = CopyState.CHOSEN
    return copy


def choose_first_proven(campaign: Campaign, at: datetime) -> list[CopyVariant]:
    """For the night: per language the first candidate that passes, where a person chose none."""
    chosen = {copy.language: copy for copy in campaign.copies.filter(state=CopyState.CHOSEN)}
    for copy in campaign.copies.filter(state=CopyState.CANDIDATE).order_by("pk"):
        if copy.language not in chosen:
            chosen[copy.language] = choose_copy(copy, at=at)
    return list(chosen.values())


def claims_of(copy: CopyVariant, facts: list[Fact]) -> dict[str, list[Claim]]:
    """Claims of subject and body. A person may write a proven figure out, a provider may not."""
    strict = not copy.edited_by_hand
    return {
        part: check_copy(getattr(copy, part), facts, slots_only=strict)
        for part in ("subject", "body")
    }


def has_refusals(copy: CopyVariant, facts: list[Fact]) -> bool:
    return any(not claim.is_supported for part in claims_of(copy, facts).values() for claim in part)


def used_slots(copies: list[CopyVariant]) -> set[str]:
    return set().union(*(slots_of(copy.subject) | slots_of(copy.body) for copy in copies))


def _keep(copy: CopyVariant, facts: list[Fact]) -> CopyVariant:
    same = CopyVariant.objects.filter(
        campaign=copy.campaign, language=copy.language, subject=copy.subject, body=copy.body
    ).first()
    if same:
        return same
    if has_refusals(copy, facts) or not copy.subject:
        copy.state = CopyState.REFUSED
    copy.save()
    return copy


def _refuse_unless_draft(campaign: Campaign) -> None:
    if not campaign.is_editable:
        raise CopyError(_("Only a draft can be changed: take the campaign back first."))
