"""Briefs and their candidates for staff and their programs."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView
from marketing.models import (
    Brief,
    BriefChannel,
    Candidate,
    CandidateState,
    Goal,
    Market,
    Persona,
    Segment,
    Tone,
)
from marketing.models.briefs import MAX_CANDIDATES
from marketing.pages.briefs import CandidateCard, brief_page
from marketing.services.content import briefs
from shop.models import Variant

describe(
    "brief",
    _("The brief cannot be written, or the candidate cannot be chosen."),
    _("Read the reason in `detail`."),
)
COLUMNS = (
    "goal", "channel", "tone", "language", "market", "instructions", "must_say", "must_not_say",
    "max_characters", "count", "rounds", "created_at",
)  # fmt: skip


class BriefIn(s.Serializer):
    goal = s.ChoiceField(Goal.choices)
    channel = s.ChoiceField(BriefChannel.choices)
    segment = s.SlugField(required=False, allow_null=True, help_text="Empty: everybody.")
    persona = s.SlugField(
        required=False, allow_null=True, help_text="Code of a persona: how the readers buy."
    )
    skus = s.ListField(
        child=s.CharField(max_length=64), min_length=1, max_length=briefs.MAX_PRODUCTS
    )
    tone = s.ChoiceField(Tone.choices, default=Tone.WARM)
    language = s.ChoiceField(["en", "zh"], default="en")
    market = s.ChoiceField(Market.choices, required=False)
    instructions = s.CharField(required=False, allow_blank=True, max_length=2000)
    must_say = s.CharField(required=False, allow_blank=True, max_length=1000)
    must_not_say = s.CharField(required=False, allow_blank=True, max_length=1000)
    max_characters = s.IntegerField(required=False, allow_null=True, min_value=20, max_value=5000)
    count = s.IntegerField(default=3, min_value=1, max_value=MAX_CANDIDATES)


class BriefOut(s.Serializer):
    id = s.IntegerField()
    persona = s.CharField(allow_null=True)
    goal = s.ChoiceField(Goal.choices)
    channel = s.ChoiceField(BriefChannel.choices)
    tone = s.ChoiceField(Tone.choices)
    language = s.CharField()
    market = s.CharField()
    instructions = s.CharField()
    must_say = s.CharField()
    must_not_say = s.CharField()
    max_characters = s.IntegerField(allow_null=True)
    count = s.IntegerField()
    rounds = s.IntegerField()
    created_at = s.DateTimeField()


class FindingOut(s.Serializer):
    severity = s.ChoiceField(["block", "warn"])
    message = s.CharField()
    source = s.CharField()


class RefusalOut(s.Serializer):
    sentence = s.CharField()
    reason = s.CharField()
    kind = s.CharField()


class ClaimOut(s.Serializer):
    words = s.CharField()
    kind = s.CharField()
    source = s.CharField()


class CandidateOut(s.Serializer):
    id = s.IntegerField()
    round = s.IntegerField()
    subject = s.CharField()
    preheader = s.CharField()
    body = s.CharField()
    button = s.CharField()
    provider = s.CharField()
    provider_note = s.CharField(help_text="Why templates wrote instead of the endpoint.")
    state = s.ChoiceField(CandidateState.choices)
    may_be_chosen = s.BooleanField()
    sms_parts = s.IntegerField(allow_null=True)
    claims = ClaimOut(many=True)
    refusals = RefusalOut(many=True)
    findings = FindingOut(many=True)


class BriefDetailOut(BriefOut):
    job_state = s.CharField(allow_null=True)
    campaign = s.IntegerField(allow_null=True)
    candidates = CandidateOut(many=True)


class Briefs(MerchantView):
    needs = {"GET": "marketing.view_brief", "POST": "marketing.add_brief"}
    needs_idempotency_key = ("POST",)

    @extend_schema(responses=BriefOut(many=True))
    def get(self, request: Request) -> Response:
        """Briefs, newest first."""
        rows = Brief.objects.values("pk", *COLUMNS, persona_code=F("persona__code"))
        return self.page(rows, lambda page: [_row(row) for row in page])

    @extend_schema(request=BriefIn, responses={201: BriefDetailOut})
    def post(self, request: Request) -> Response:
        """Write a brief; its candidates come by a job: ask again until `job_state` is succeeded."""
        wanted = self.checked(BriefIn, request.data)
        skus, segment = wanted.pop("skus"), wanted.pop("segment", None)
        persona = wanted.pop("persona", None)
        wish = briefs.Wish(
            wanted
            | {
                "segment": get_object_or_404(Segment, code=segment) if segment else None,
                "persona": get_object_or_404(Persona, code=persona) if persona else None,
            },
            _variants(skus),
            key=f"api:{request.user.pk}:{request.headers['Idempotency-Key']}"[:120],
        )
        try:
            brief = briefs.create_brief(wish, by=request.user)
        except briefs.BriefError as error:
            raise Problem("brief", str(error)) from error
        return Response(_detail(brief.pk), status=201)


class BriefDetail(MerchantView):
    needs = {"GET": "marketing.view_brief"}

    @extend_schema(responses=BriefDetailOut)
    def get(self, request: Request, pk: int) -> Response:
        """One brief and its newest candidates, each with its claims and what stands in its way."""
        return Response(_detail(pk))


class CandidateChoice(MerchantView):
    needs = {"POST": "marketing.add_brief"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=None, responses=BriefDetailOut)
    def post(self, request: Request, pk: int) -> Response:
        """Make it the campaign's text, or the description that waits for approval."""
        candidate = get_object_or_404(Candidate.objects.select_related("brief"), pk=pk)
        try:
            briefs.choose_candidate(candidate, by=request.user, at=timezone.now())
        except briefs.BriefError as error:
            raise Problem("brief", str(error)) from error
        return Response(_detail(candidate.brief_id))


def _variants(skus: list[str]) -> list[Variant]:
    """In the order in which they were named."""
    found = {variant.sku: variant for variant in Variant.objects.filter(sku__in=skus)}
    missing = [sku for sku in skus if sku not in found]
    if missing:
        raise s.ValidationError({"skus": [f"There is no SKU {', '.join(missing)}."]})
    return [found[sku] for sku in dict.fromkeys(skus)]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["pk"], "persona": row["persona_code"]} | {name: row[name] for name in COLUMNS}


def _detail(pk: int) -> dict[str, Any]:
    rows = Brief.objects.select_related("segment", "persona", "campaign", "job")
    brief = get_object_or_404(rows, pk=pk)
    return {
        "id": brief.pk,
        "persona": brief.persona.code if brief.persona else None,
        **{name: getattr(brief, name) for name in COLUMNS},
        "job_state": brief.job.state if brief.job else None,
        "campaign": brief.campaign_id,
        "candidates": [_candidate(card) for card in brief_page(brief)["cards"]],
    }


def _candidate(card: CandidateCard) -> dict[str, Any]:
    one = card.candidate
    names = (
        "round", "subject", "preheader", "body", "button", "provider", "provider_note", "state",
    )  # fmt: skip
    return {
        "id": one.pk,
        **{name: getattr(one, name) for name in names},
        "may_be_chosen": card.may_be_chosen,
        "sms_parts": card.review.sms.parts if card.review.sms else None,
        "claims": [{"words": g.words, "kind": g.kind, "source": g.source} for g in card.grounds],
        "refusals": [
            {"sentence": p.sentence, "reason": p.reason, "kind": p.kind} for p in card.problems
        ],
        "findings": [
            {"severity": f.severity, "message": f.message, "source": f.source}
            for f in card.findings
        ],
    }
