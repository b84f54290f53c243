"""Campaigns for staff and their programs. Approving calls the decision's own service."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import F
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView
from decisions.kinds import CannotCarryOutError
from decisions.services import receipts
from decisions.text import render
from marketing.api import serializers as shapes
from marketing.models import Campaign, Journey
from marketing.pages.copies import copy_cards
from marketing.pages.effects import SLOT, against_text, sentence_text
from marketing.services.effects.effect_building import Part
from marketing.services.effects.effect_snapshots import Report, effect_report
from marketing.services.effects.results import campaign_results
from marketing.texts.facts import campaign_facts
from marketing.texts.standards import standard_of_campaign

describe(
    "campaign-state",
    _("The campaign cannot take this step."),
    _("Read the reason in `detail`, then the campaign's state."),
)
CAMPAIGN_COLUMNS = (
    "name", "name_zh", "goal", "channel", "state", "created_at", "started_at", "finished_at",
)  # fmt: skip


class Campaigns(MerchantView):
    needs = {"GET": "marketing.view_campaign"}

    @extend_schema(parameters=[shapes.CampaignFilter], responses=shapes.CampaignOut(many=True))
    def get(self, request: Request) -> Response:
        """Campaigns, newest first."""
        wanted = self.checked(shapes.CampaignFilter, request.query_params)
        rows = Campaign.objects.filter(**wanted).values(
            "pk", "frozen_audience_id", *CAMPAIGN_COLUMNS, segment_code=F("segment__code")
        )
        return self.page(rows, lambda page: [_campaign_row(row) for row in page])


class CampaignDetail(MerchantView):
    needs = {"GET": "marketing.view_campaign"}

    @extend_schema(responses=shapes.CampaignDetailOut)
    def get(self, request: Request, pk: int) -> Response:
        """One campaign with its texts, sends and what came of it."""
        return Response(_detail(_campaign(pk)))


class CampaignEffects(MerchantView):
    needs = {"GET": "marketing.view_campaign"}

    @extend_schema(responses=shapes.EffectsOut)
    def get(self, request: Request, pk: int) -> Response:
        """What a campaign caused against its holdout, as of `as_of`; money in minor units. 404 before it began."""
        return _effects(effect_report(_campaign(pk)))


class JourneyEffects(MerchantView):
    needs = {"GET": "marketing.view_campaign"}

    @extend_schema(parameters=[shapes.StepFilter], responses=shapes.EffectsOut)
    def get(self, request: Request, pk: int) -> Response:
        """The same of a journey; of a `step`, among those who reached it. 404 before anybody did."""
        wanted = self.checked(shapes.StepFilter, request.query_params)
        return _effects(effect_report(get_object_or_404(Journey, pk=pk), **wanted))


def _effects(report: Report) -> Response:
    found = report.effects
    if found is None:
        raise Http404
    metrics = found.metrics
    return Response(
        {
            "as_of": report.as_of,
            "verdict": found.verdict,
            "guardrail": found.guardrail,
            "is_over": found.is_over,
            "window_until": found.window_until,
            "variants": [_part(part) for part in found.arms],
            "against": [
                {
                    "variant": one.arm,
                    "control": one.control,
                    "verdict": one.verdict,
                    "text": against_text(one, metrics),
                    "metrics": sorted(one.metrics.values()),
                }
                for one in found.against
            ],
            "discounts": [_part(part) for part in found.discounts],
            "summary": [
                {"text": sentence_text(msgid, metrics), "metrics": SLOT.findall(msgid)}
                for msgid in found.sentences
            ],
            "metrics": [asdict(metric) for metric in metrics.values()],
            "parts": [_part(part) for part in found.parts],
        }
    )


def _part(part: Part) -> dict[str, Any]:
    metrics = [asdict(metric) for metric in part.metrics.values()]
    return {"key": part.key, "label": part.label, "metrics": metrics}


class CampaignApproval(MerchantView):
    needs = {"POST": "marketing.change_campaign"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=None, responses=shapes.CampaignDetailOut)
    def post(self, request: Request, pk: int) -> Response:
        """Approve what waits; the mails leave at once. 409 when it is decided or not true any more."""
        campaign = _campaign(pk)
        if campaign.decision is None:
            raise Problem("campaign-state", _("Nothing waits for approval."))
        try:
            receipts.approve(campaign.decision, request.user)
        except (CannotCarryOutError, receipts.DecisionClosedError) as error:
            raise Problem("campaign-state", str(error)) from error
        return Response(_detail(_campaign(pk)))


def _campaign(pk: int) -> Campaign:
    found = Campaign.objects.select_related("segment", "audience", "decision").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _campaign_row(row: dict[str, Any]) -> dict[str, Any]:
    of = {"segment": row["segment_code"], "frozen_audience": row["frozen_audience_id"]}
    return {"id": row["pk"], **of} | {name: row[name] for name in CAMPAIGN_COLUMNS}


def _detail(campaign: Campaign) -> dict[str, Any]:
    results, audience = campaign_results(campaign), campaign.audience
    return {
        "id": campaign.pk,
        "segment": campaign.segment.code if campaign.segment else None,
        "frozen_audience": campaign.frozen_audience_id,
        **{name: getattr(campaign, name) for name in CAMPAIGN_COLUMNS},
        "decision": campaign.decision_id,
        "customer_count": audience.customer_count if audience else None,
        "holdout_count": audience.holdout_count if audience else None,
        "copies": _copies(campaign),
        "sends": results.counts,
        "conversion": _comparison(results.orders),
        "revenue_minor": _comparison(results.revenue),
        "verdict": render(results.verdict),
        "as_of": results.as_of,
    }


def _copies(campaign: Campaign) -> list[dict[str, Any]]:
    now, copies = timezone.now(), list(campaign.copies.all())
    facts = {
        language: campaign_facts(campaign, language, now)
        for language in {copy.language for copy in copies}
    }
    standards = {language: standard_of_campaign(campaign, language) for language in facts}
    return [
        {
            "id": copy.pk,
            "language": copy.language,
            "variant": copy.arm,
            "subject": copy.subject,
            "preheader": copy.preheader,
            "body": copy.body,
            "state": copy.state,
            "provider": copy.provider,
            "refusals": card.reasons,
        }
        for copy, card in zip(copies, copy_cards(copies, facts, standards), strict=True)
    ]


def _comparison(found: Any) -> dict[str, float] | None:
    return {k: v for k, v in asdict(found).items() if k != "verdict"} if found else None
