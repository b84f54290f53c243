"""The variants of a campaign for programs: set them on a draft, read the draw, stop one under way."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem
from access.api.views import MerchantView
from decisions.models import Allocation
from marketing.frames.copy_arms import began, waves_of
from marketing.models import Campaign, CopyState, WaveMetric
from marketing.models.campaigns import FIRST_ARM
from marketing.services.campaigns import copy_arms
from marketing.services.campaigns.copy_facts import CampaignError


class CampaignVariantIn(s.Serializer):
    name = s.ChoiceField(list(copy_arms.NAMES), help_text="A first, then B, C, D.")
    share = s.FloatField(min_value=0, max_value=1, help_text="0.05 or more; all together 1.")
    copies = s.ListField(
        child=s.IntegerField(min_value=1, max_value=2**31 - 1), required=False, max_length=2,
        help_text="Keys of the campaign's texts to choose for it, one per language.",
    )  # fmt: skip


class CampaignVariantsIn(s.Serializer):
    variants = CampaignVariantIn(
        many=True, help_text="One: a single text per language goes to everybody."
    )
    allocation = s.ChoiceField(Allocation.choices, required=False, default=Allocation.FIXED.value)
    wave_count = s.IntegerField(required=False, default=4, min_value=2, max_value=10)
    wave_hours = s.IntegerField(required=False, default=24, min_value=1, max_value=336)
    wave_metric = s.ChoiceField(WaveMetric.choices, required=False, default=WaveMetric.PROFIT.value)

    def validate_variants(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({row["name"] for row in rows}) < len(rows):
            raise s.ValidationError(_("Each variant once."))
        return rows


class CampaignVariantOut(s.Serializer):
    name = s.CharField()
    share = s.FloatField()
    copies = s.ListField(child=s.IntegerField())
    stopped_at = s.DateTimeField(allow_null=True)


class CampaignWaveOut(s.Serializer):
    number = s.IntegerField()
    began_at = s.DateTimeField()
    shares = s.DictField(child=s.FloatField())


class CampaignVariantsOut(s.Serializer):
    variants = CampaignVariantOut(many=True)
    allocation = s.ChoiceField(Allocation.choices)
    wave_count = s.IntegerField()
    wave_hours = s.IntegerField()
    wave_metric = s.ChoiceField(WaveMetric.choices)
    waves = CampaignWaveOut(many=True, help_text="Drawn so far; empty before it is proposed.")


class VariantStepIn(s.Serializer):
    variant = s.CharField(max_length=1, help_text="Its letter.")
    to = s.ChoiceField(["stopped"])


class CampaignVariants(MerchantView):
    needs = {"GET": "marketing.view_campaign", "POST": "marketing.change_campaign"}
    needs_idempotency_key = ("POST",)

    @extend_schema(responses=CampaignVariantsOut)
    def get(self, request: Request, pk: int) -> Response:
        """The variants, and the shares with which each wave was drawn. What each brought: `effects/`."""
        return Response(_shown(get_object_or_404(Campaign, pk=pk)))

    @extend_schema(request=CampaignVariantsIn, responses=CampaignVariantsOut)
    def post(self, request: Request, pk: int) -> Response:
        """Set the variants of a draft as wished, with their texts. 409 after it was proposed."""
        campaign = get_object_or_404(Campaign, pk=pk)
        said = self.checked(CampaignVariantsIn, request.data)
        rows = sorted(said.pop("variants"), key=lambda row: row["name"])
        wish = copy_arms.Wish({row["name"]: row["share"] for row in rows}, **said)
        texts = {row["name"]: row.get("copies", []) for row in rows}
        try:
            campaign = copy_arms.set_with_texts(campaign, wish, texts)
        except CampaignError as error:
            raise Problem("campaign-state", str(error)) from error
        return Response(_shown(campaign))


class CampaignVariantSteps(MerchantView):
    needs = {"POST": "marketing.change_campaign"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=VariantStepIn, responses=CampaignVariantsOut)
    def post(self, request: Request, pk: int) -> Response:
        """Stop one variant: whoever was drawn for it and has not been written to gets nothing."""
        campaign = get_object_or_404(Campaign, pk=pk)
        said = self.checked(VariantStepIn, request.data)
        try:
            campaign = copy_arms.stop_arm(campaign, said["variant"], request.user)
        except CampaignError as error:
            raise Problem("campaign-state", str(error)) from error
        return Response(_shown(campaign))


def _shown(campaign: Campaign) -> dict[str, Any]:
    chosen: dict[str, list[int]] = {}
    for name, pk in campaign.copies.filter(state=CopyState.CHOSEN).values_list("arm", "pk"):
        chosen.setdefault(name, []).append(pk)
    arms = [(arm.name, arm.share, arm.stopped_at) for arm in campaign.arms.all()]
    return {
        "variants": [
            {
                "name": name, "share": share, "copies": sorted(chosen.get(name, [])),
                "stopped_at": stopped,
            }
            for name, share, stopped in arms or [(FIRST_ARM, 1.0, None)]
        ],
        "allocation": campaign.copy_allocation,
        "wave_count": campaign.wave_count,
        "wave_hours": campaign.wave_hours,
        "wave_metric": campaign.wave_metric,
        "waves": [
            {"number": one.number, "began_at": began(campaign, one), "shares": one.shares}
            for one in waves_of(campaign)
        ],
    }  # fmt: skip
