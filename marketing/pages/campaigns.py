"""What the page of a campaign shows: plain values, read in a fixed number of queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from access.figures import percent
from decisions.text import render
from inventory.models import PlannedDemand
from inventory.services.planned_needs import needs_of
from marketing.definitions.readers import meant_by, meant_in_words
from marketing.definitions.rules import reachable
from marketing.models import Audience, Campaign, CampaignState, SendState, SkipReason
from marketing.pages.copies import copy_cards
from marketing.pages.copy_arms import arms_page
from marketing.pages.power import power_page
from marketing.services.audiences.counting import TookTooLongError, counting
from marketing.services.audiences.margin_floor import skus_without_cost
from marketing.services.campaigns.copy_facts import changed_fact
from marketing.services.campaigns.expected_units import KIND
from marketing.services.campaigns.proposal_jobs import job_of, problem_of
from marketing.services.content.copies import languages_of
from marketing.services.effects.results import campaign_results, money_line
from marketing.texts.facts import campaign_facts
from marketing.texts.standards import standard_of_campaign
from shop.money import format_money

SAMPLE = 10
OPEN = (CampaignState.DRAFT, CampaignState.PROPOSED)
SENDS_SHOWN = 50


def campaign_page(campaign: Campaign, at: datetime | None = None) -> dict:
    """The campaign as a path: audience, copy, approval, sends, results."""
    at = at or timezone.now()
    languages = sorted({*languages_of(campaign), campaign.language})
    copies = list(campaign.copies.all())
    languages = sorted({*languages, *(copy.language for copy in copies)})
    facts = {language: campaign_facts(campaign, language, at) for language in languages}
    standards = {
        language: standard_of_campaign(campaign, language)
        for language in {copy.language for copy in copies}
    }
    return {
        "campaign": campaign,
        "steps": _steps(campaign),
        "audience": _audience(campaign),
        "sentences": meant_in_words(campaign),
        "cards": copy_cards(copies, facts, standards),
        "facts": [fact for fact in facts[campaign.language] if fact.kind != "ruling"],
        "least_reviews": settings.RATING_MIN_REVIEWS,
        "output": campaign.decision.output if campaign.decision else {},
        "money": decision_money(campaign),
        "cost": _cost(campaign),
        "when": _when(campaign),
        "note": render(campaign.state_note),
        "changed": _changed(campaign, at),
        "list_job": (list_job := job_of(campaign)),
        "list_problem": problem_of(list_job),
        "without_cost": skus_without_cost(campaign, at) if campaign.state in OPEN else [],
        "planned": planned_page(campaign),
        "variants": arms_page(campaign, at),
        "power": power_page(campaign, at),
        **_outcome(campaign, at),
    }


def planned_page(campaign: Campaign) -> dict:
    """What purchasing was told to expect, what it needs, and what was measured afterwards."""
    source = (
        PlannedDemand.objects.filter(kind=KIND, source_id=str(campaign.pk))
        .prefetch_related("items__variant")
        .first()
    )
    if source is None:
        return {}
    needs = [] if source.measured_at else needs_of(source)
    return {"source": source, "needs": needs, "is_too_late": any(n.is_too_late for n in needs)}


def decision_money(campaign: Campaign) -> dict[str, str]:
    decision = campaign.decision
    if decision is None or decision.expected_minor is None:
        return {}
    return {
        "value": format_money(decision.expected_minor, decision.currency),
        "low": format_money(decision.expected_low_minor, decision.currency),
        "high": format_money(decision.expected_high_minor, decision.currency),
    }


def _cost(campaign: Campaign) -> str:
    if campaign.decision is None:
        return ""
    return format_money(campaign.decision.output["cost_minor"], campaign.decision.currency)


def _steps(campaign: Campaign) -> list[dict]:
    """The path with the step in view."""
    state = campaign.state
    names = [_("Audience"), _("Copy"), _("Approval"), _("Sending"), _("Results")]
    current = {
        CampaignState.DRAFT: 1,
        CampaignState.PROPOSED: 2,
        CampaignState.APPROVED: 3,
        CampaignState.SENDING: 3,
        CampaignState.PAUSED: 3,
        CampaignState.SENT: 4,
        CampaignState.CANCELLED: -1,
    }[CampaignState(state)]
    return [
        {"name": name, "is_current": place == current, "is_done": place < current}
        for place, name in enumerate(names)
    ]


def _audience(campaign: Campaign) -> dict:
    if campaign.audience:
        return {
            "is_frozen": True,
            "count": campaign.audience.customer_count,
            "recipients": campaign.audience.recipient_count,
            "holdout": campaign.audience.holdout_count,
            "left_out": campaign.audience.left_out_count,
            **_targeting(campaign.audience),
            "frozen_at": campaign.audience.frozen_at,
        }
    found = meant_by(campaign)
    try:
        with counting(settings.MARKETING_COUNT_SECONDS):
            count, recipients = found.count(), reachable(found, campaign.channel).count()
    except TookTooLongError:
        count = recipients = "–"
    return {"is_frozen": False, "count": count, "recipients": recipients}


def _targeting(audience: Audience) -> dict:
    """Whom the message does not pay with, and by which model that was said."""
    found = audience.targeting
    if not found:
        return {}
    rows = (
        audience.members.filter(is_left_out=True)
        .select_related("customer")
        .order_by("expected_minor", "pk")[:SAMPLE]
    )
    gain = found["gain_minor"]
    return {
        "targeting": found,
        "gain": {name: format_money(round(gain[name] * 1000)) for name in ("each", "low", "high")},
        "sample_left_out": [
            (row.customer, format_money(round(row.expected_minor or 0))) for row in rows
        ],
    }


def _when(campaign: Campaign) -> str:
    """The schedule in words: the recipient's own clock decides."""
    parts = []
    if campaign.send_on:
        parts.append(_("from %(day)s on") % {"day": date_format(campaign.send_on)})
    if campaign.send_from:
        clock = f"{campaign.send_from:%H:%M}"
        parts.append(_("not before %(clock)s of the recipient's clock") % {"clock": clock})
    if not parts:
        parts.append(_("at once after approval"))
    if campaign.per_minute:
        parts.append(_("at most %(number)s a minute") % {"number": campaign.per_minute})
    return ", ".join(parts)


def _changed(campaign: Campaign, at: datetime) -> str:
    if campaign.state not in (CampaignState.PROPOSED, CampaignState.APPROVED, CampaignState.PAUSED):
        return ""
    return render(changed_fact(campaign, at) or {})


def _outcome(campaign: Campaign, at: datetime) -> dict:
    if campaign.started_at is None:
        return {"results": None}
    results = campaign_results(campaign, at)
    reasons = dict(SkipReason.choices)
    sends = campaign.sends.select_related("customer").order_by("-pk")[:SENDS_SHOWN]
    return {
        "results": results,
        "verdict": render(results.verdict),
        "incremental": money_line(results),
        "arms": [_arm(_("Written to"), results.treated), _arm(_("Holdout"), results.holdout)],
        "counts": [
            (SendState(state).label, results.counts[state])
            for state in SendState.values
            if results.counts[state]
        ],
        "reactions": [
            (_("opened"), results.counts["opened"]),
            (_("clicked"), results.counts["clicked"]),
            (_("unsubscribed"), results.counts["unsubscribed"]),
        ],
        "sends": [(send, reasons.get(send.reason, send.error)) for send in sends],
    }


def _arm(name: str, sums: Any) -> dict:
    if sums is None:
        return {"name": name, "units": 0, "buyers": "–", "share": "–", "revenue": "–", "each": "–"}
    each = sums.revenue.y
    return {
        "name": name,
        "units": sums.customers,
        "buyers": sums.buyers,
        "share": percent(sums.buyers / sums.customers, 1),
        "revenue": format_money(round(each * sums.customers)),
        "each": format_money(round(each)),
    }
