"""What campaigns and flash sales are expected to add to demand, and what they added."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import MerchantView
from inventory.models import PlannedDemand, PlannedUnits
from inventory.services.planned_needs import Need, needs_of


class PlannedDemandFilter(s.Serializer):
    kind = s.CharField(required=False, max_length=20, help_text="campaign, flash_sale …")
    sku = s.CharField(required=False, max_length=64)
    since = s.DateField(required=False, help_text="Ends on this day or later.")


class PlannedDemandOut(s.Serializer):
    kind = s.CharField()
    source_id = s.CharField()
    label = s.CharField()
    starts_on = s.DateField()
    ends_on = s.DateField()
    is_counted = s.BooleanField(help_text="Whether the purchase plan reckons with it.")
    basis = s.CharField(help_text="What the numbers rest on, in words.")
    measured_at = s.DateTimeField(allow_null=True)


class PlannedUnitsOut(s.Serializer):
    sku = s.CharField()
    mean_units = s.ListField(child=s.FloatField(), help_text="Per day, the first day first.")
    low_units = s.ListField(child=s.FloatField(), help_text="0.1 quantile.")
    high_units = s.ListField(child=s.FloatField(), help_text="0.9 quantile.")
    base_units = s.FloatField(allow_null=True, help_text="Forecast without it, days compared.")
    effect_units = s.FloatField(allow_null=True, help_text="Measured; null before.")
    effect_low_units = s.FloatField(allow_null=True)
    effect_high_units = s.FloatField(allow_null=True)
    known_days = s.IntegerField()
    measured_by = s.CharField()


class NeedOut(s.Serializer):
    sku = s.CharField()
    position = s.IntegerField(help_text="On hand and on order, less allocated.")
    needed_units = s.IntegerField(allow_null=True, help_text="Missing for mean demand.")
    needed_high_units = s.IntegerField(allow_null=True, help_text="Missing for its 0.9 quantile.")
    without_units = s.IntegerField(allow_null=True, help_text="The same without this sale.")
    supplier = s.CharField()
    lead_time_p90_days = s.IntegerField(allow_null=True)
    last_safe_on = s.DateField(allow_null=True)
    is_too_late = s.BooleanField()


class PlannedDemandDetailOut(PlannedDemandOut):
    items = PlannedUnitsOut(many=True)
    needs = NeedOut(many=True)


class PlannedDemands(MerchantView):
    needs = {"GET": "inventory.view_planneddemand"}

    @extend_schema(parameters=[PlannedDemandFilter], responses=PlannedDemandOut(many=True))
    def get(self, request: Request) -> Response:
        """Sources of extra demand, the latest start first."""
        chosen = self.checked(PlannedDemandFilter, request.query_params)
        found = PlannedDemand.objects.all()
        if "kind" in chosen:
            found = found.filter(kind=chosen["kind"])
        if "since" in chosen:
            found = found.filter(ends_on__gte=chosen["since"])
        if "sku" in chosen:
            items = PlannedUnits.objects.filter(variant__sku=chosen["sku"])
            found = found.filter(pk__in=items.values("source"))
        return self.page(found, lambda rows: [_source_row(row) for row in rows])


class PlannedDemandDetail(MerchantView):
    needs = {"GET": "inventory.view_planneddemand"}

    @extend_schema(responses=PlannedDemandDetailOut)
    def get(self, request: Request, kind: str, source_id: str) -> Response:
        """One source: units per SKU and day, what was measured, what purchasing still needs."""
        row = PlannedDemand.objects.filter(kind=kind, source_id=source_id).first()
        if row is None:
            raise Http404
        names = [name for name in PlannedUnitsOut().fields if name != "sku"]
        items = [
            {"sku": item.variant.sku} | {name: getattr(item, name) for name in names}
            for item in row.items.select_related("variant")
        ]
        needs = [] if row.measured_at else [_need_row(need) for need in needs_of(row)]
        return Response(_source_row(row) | {"items": items, "needs": needs})


def _source_row(row: PlannedDemand) -> dict[str, Any]:
    names = ("kind", "source_id", "label", "starts_on", "ends_on", "is_counted", "measured_at")
    return {name: getattr(row, name) for name in names} | {"basis": row.basis_text}


def _need_row(need: Need) -> dict[str, Any]:
    names = [name for name in NeedOut().fields if name != "lead_time_p90_days"]
    lead = need.lead_time.p90_days if need.lead_time else None
    return {name: getattr(need, name) for name in names} | {"lead_time_p90_days": lead}
