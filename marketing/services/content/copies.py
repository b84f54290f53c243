"""Draft, edit and choose copy. Nothing whose claims are not all proven can be chosen."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from decisions.text import both, sentence
from language.claims import Claim, Fact, check_copy
from language.providers import DraftRequest, draft_texts, provider_from_settings
from language.services.calls import CallLog
from marketing.definitions.readers import meant_by
from marketing.definitions.rules import reachable
from marketing.models import Campaign, Channel, CopyState, CopyVariant
from marketing.texts.facts import campaign_facts, slot_notes
from marketing.texts.people import without_customers
from marketing.texts.review import Finding, Review, review
from marketing.texts.standards import standard_of_campaign

CANDIDATES = 3
FORBIDDEN = gettext_noop("“%(copy)s” may not be sent any more: %(rule)s (%(source)s)")
MAX_BODY_CHARACTERS = 5000


class CopyError(Exception):
    """Why a text cannot be kept or chosen; meant for the marketer."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def languages_of(campaign: Campaign) -> list[str]:
    """The campaign's own language, and each other that its reachable readers speak."""
    spoken = set(
        reachable(meant_by(campaign), campaign.channel)
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
    written = []
    for language in languages_of(campaign):
        facts = campaign_facts(campaign, language, at or timezone.now())
        request = DraftRequest(
            channel=campaign.channel,
            goal=campaign.goal,
            language=language,
            tone=campaign.tone,
            persona=campaign.persona,
            brief=without_customers(campaign.brief),
            facts=slot_notes(facts),
            count=CANDIDATES,
            seed=seed,
        )
        log = CallLog(f"campaign:{campaign.pk}:{seed}:{language}")
        drafted = draft_texts(request, provider_from_settings(log))
        for draft in drafted.drafts:
            copy = CopyVariant(
                campaign=campaign,
                language=language,
                subject=draft.subject,
                preheader=draft.preheader,
                body=draft.body,
                provider=drafted.provider[:100],
                provider_note=drafted.note[:300],
            )
            written.append(_keep(copy, facts))
    return written


def edit_copy(
    copy: CopyVariant, *, subject: str, body: str, at: datetime, preheader: str = ""
) -> CopyVariant:
    """Keep what a person wrote; what states something unproven is kept too, as refused."""
    _refuse_unless_draft(copy.campaign)
    subject, preheader = " ".join(subject.split()), " ".join(preheader.split())
    if copy.campaign.channel != Channel.SMS and not subject:
        raise CopyError(_("A subject and a text are needed."))
    if not body.strip():
        raise CopyError(_("A subject and a text are needed."))
    if max(len(subject), len(preheader)) > 200 or len(body) > MAX_BODY_CHARACTERS:
        raise CopyError(_("The text is too long."))
    copy.subject, copy.preheader, copy.body = subject, preheader, body.strip()
    copy.edited_by_hand = True
    facts = campaign_facts(copy.campaign, copy.language, at)
    if has_refusals(copy, facts):
        copy.state = CopyState.REFUSED
    elif copy.state == CopyState.REFUSED:
        copy.state = CopyState.CANDIDATE
    copy.save(update_fields=["subject", "preheader", "body", "edited_by_hand", "state"])
    return copy


def choose_copy(copy: CopyVariant, *, at: datetime) -> CopyVariant:
    """The one text of its language that will be sent. Raises CopyError for an unproven claim."""
    _refuse_unless_draft(copy.campaign)
    facts = campaign_facts(copy.campaign, copy.language, at)
    if has_refusals(copy, facts):
        raise CopyError(_("This text states something that no fact supports."))
    if blocking := blocking_findings(copy, facts):
        raise CopyError(f"{blocking[0].message} ({blocking[0].source})")
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
    """Claims of each part. A person may write a proven figure out, a provider may not."""
    strict = not copy.edited_by_hand
    return {
        part: check_copy(getattr(copy, part), facts, slots_only=strict)
        for part in ("subject", "preheader", "body")
    }


def has_refusals(copy: CopyVariant, facts: list[Fact]) -> bool:
    return any(not claim.is_supported for part in claims_of(copy, facts).values() for claim in part)


def review_of(copy: CopyVariant, facts: list[Fact]) -> Review:
    """Claims and whatever else stands in its way: the market's rules, the shop's words, its length."""
    standard = standard_of_campaign(copy.campaign, copy.language)
    return review(copy.parts, facts, standard, slots_only=not copy.edited_by_hand)


def forbidden(campaign: Campaign, at: datetime) -> dict | None:
    """What today's rules and glossary say against a chosen text, as a stored sentence."""
    for copy in campaign.copies.filter(state=CopyState.CHOSEN).order_by("language", "pk"):
        facts = campaign_facts(campaign, copy.language, at)
        if blocking := blocking_findings(copy, facts):
            rule = both(blocking[0].message, blocking[0].message)
            return sentence(FORBIDDEN, copy=str(copy), rule=rule, source=blocking[0].source)
    return None


def blocking_findings(copy: CopyVariant, facts: list[Fact]) -> list[Finding]:
    return [finding for finding in review_of(copy, facts).findings if finding.blocks]


def storefront() -> str:
    return settings.STOREFRONT_URL


def used_slots(copies: list[CopyVariant]) -> set[str]:
    return set().union(*(copy.slots for copy in copies))


def _keep(copy: CopyVariant, facts: list[Fact]) -> CopyVariant:
    same = CopyVariant.objects.filter(
        campaign=copy.campaign,
        language=copy.language,
        subject=copy.subject,
        preheader=copy.preheader,
        body=copy.body,
    ).first()
    if same:
        return same
    nameless = not copy.subject and copy.campaign.channel != Channel.SMS
    if has_refusals(copy, facts) or nameless:
        copy.state = CopyState.REFUSED
    copy.save()
    return copy


def _refuse_unless_draft(campaign: Campaign) -> None:
    if not campaign.is_editable:
        raise CopyError(_("Only a draft can be changed: take the campaign back first."))
