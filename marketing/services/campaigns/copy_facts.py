"""Whether what a campaign says is true: its chosen texts, of every variant that is still sent."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from decisions.kinds import CannotCarryOutError
from decisions.text import both, sentence
from marketing.models import Campaign, CopyState, CopyVariant
from marketing.models.campaigns import COPY_LANGUAGES, FIRST_ARM
from marketing.services.content.copies import blocking_findings, has_refusals, used_slots
from marketing.texts.facts import campaign_facts, snapshot
from marketing.texts.ratings import has_only_grown

FACTS_CHANGED = gettext_noop(
    "%(slot)s was %(before)s when the campaign was checked and is now %(after)s."
)
FACT_GONE = gettext_noop(
    "%(slot)s was %(before)s when the campaign was checked and cannot be said any more."
)
FORBIDDEN = gettext_noop("“%(copy)s” may not be sent any more: %(rule)s (%(source)s)")
UNPROVEN = gettext_noop("“%(copy)s” states something that no fact supports any more.")
UNPROVEN_IN = gettext_noop(
    "“%(copy)s” states something that no fact supports any more. Go on without variant %(arm)s, or "
    "cancel."
)


class CampaignError(CannotCarryOutError):
    """Why a campaign cannot take this step; meant for the marketer."""


def chosen_copies(campaign: Campaign) -> list[CopyVariant]:
    """The texts that are sent, of every variant that was not stopped."""
    copies = campaign.copies.filter(state=CopyState.CHOSEN)
    names = live_arms(campaign)
    return list(copies.filter(arm__in=names).order_by("arm", "language", "pk"))


def live_arms(campaign: Campaign) -> list[str]:
    """Names of the variants that are sent; the first one where there is no other."""
    rows = campaign.arms.values_list("name", "stopped_at")
    return [name for name, stopped in rows if stopped is None] if rows else [FIRST_ARM]


def verified_copies(campaign: Campaign, at: datetime) -> list[CopyVariant]:
    """The chosen copies, each of whose claims is proven now. Raises CampaignError otherwise."""
    copies = chosen_copies(campaign)
    _refuse_gaps(campaign, copies)
    for copy in copies:
        facts = campaign_facts(campaign, copy.language, at)
        if has_refusals(copy, facts):
            raise CampaignError(
                _("“%(copy)s” states something that no fact supports.") % {"copy": copy}
            )
        if blocking := blocking_findings(copy, facts):
            raise CampaignError(f"“{copy}”: {blocking[0].message} ({blocking[0].source})")
    return copies


def _refuse_gaps(campaign: Campaign, copies: list[CopyVariant]) -> None:
    """A reader of a language that one variant lacks would get another text than the draw says."""
    languages: dict[str, set[str]] = {name: set() for name in live_arms(campaign)}
    for copy in copies:
        languages[copy.arm].add(copy.language)
    if campaign.language not in next(iter(languages.values())):
        raise CampaignError(_("Choose a text in the campaign's own language first."))
    wanted = set().union(*languages.values())
    for name, spoken in languages.items():
        for missing in sorted(wanted - spoken):
            raise CampaignError(
                _("Variant %(arm)s has no text in %(language)s, which another variant has.")
                % {"arm": name, "language": dict(COPY_LANGUAGES)[missing]}
            )


def approved_facts(campaign: Campaign, copies: list[CopyVariant], at: datetime) -> dict:
    """Language → slot → what it says now, of the slots that texts of that language use."""
    found = {}
    for language in sorted({copy.language for copy in copies}):
        used = used_slots([copy for copy in copies if copy.language == language])
        found[language] = snapshot(campaign_facts(campaign, language, at), used)
    return found


def still_used(facts: dict, copies: list[CopyVariant]) -> dict:
    """Of the approved facts those that these texts say: what a stopped variant said may change."""
    used = {
        language: used_slots([copy for copy in copies if copy.language == language])
        for language in facts
    }
    return {
        language: {slot: text for slot, text in slots.items() if slot in used[language]}
        for language, slots in facts.items()
        if any(copy.language == language for copy in copies)
    }


def changed_fact(campaign: Campaign, at: datetime) -> dict | None:
    """The first fact that no longer says what was approved, as a stored sentence.

    Also a text that rests on a fact it does not show: "on offer" after the offer has ended.
    """
    copies = chosen_copies(campaign)
    facts = {copy.language: campaign_facts(campaign, copy.language, at) for copy in copies}
    for language, slots in campaign.approved_facts.items():
        same = [copy for copy in copies if copy.language == language]
        now = snapshot(facts[language], used_slots(same)) if same else {}
        for slot, before in slots.items():
            after = now.get(slot)
            if after is None:
                return sentence(FACT_GONE, slot=slot, before=before)
            if after != before and not has_only_grown(slot, before, after):
                return sentence(FACTS_CHANGED, slot=slot, before=before, after=after)
    several = len({copy.arm for copy in copies}) > 1
    for copy in copies:
        if has_refusals(copy, facts[copy.language]):
            if several:
                return sentence(UNPROVEN_IN, copy=copy.subject, arm=copy.arm)
            return sentence(UNPROVEN, copy=copy.subject)
    return None


def forbidden(campaign: Campaign, at: datetime) -> dict | None:
    """What today's rules and glossary say against a text that is sent, as a stored sentence."""
    for copy in chosen_copies(campaign):
        facts = campaign_facts(campaign, copy.language, at)
        if blocking := blocking_findings(copy, facts):
            rule = both(blocking[0].message, blocking[0].message)
            return sentence(FORBIDDEN, copy=str(copy), rule=rule, source=blocking[0].source)
    return None
