"""Cohorts for programs: what the back office's page shows, whole."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView
from decisions.text import render
from marketing.frames.cohorts import Who
from marketing.services.customers.cohort_snapshots import UNITS, Ask, ask_refresh, cohort_report

describe(
    "not-counted",
    _("This takes too long to count while you wait, and nobody has asked for it yet."),
    _("POST the same filter, then ask again; the table of all customers is counted each night."),
)


class CohortFilter(s.Serializer):
    """Codes; what no such row has gives an empty table."""

    unit = s.ChoiceField(UNITS, required=False, default="month")
    category = s.CharField(required=False, max_length=64, help_text="Of the first order.")
    channel = s.CharField(required=False, max_length=32, help_text="Of the first order.")
    country = s.CharField(required=False, max_length=60)
    segment = s.SlugField(required=False, max_length=40, help_text="As it stands today.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if any("\x00" in str(value) for value in attrs.values()):
            raise s.ValidationError("NUL is no character.")
        return attrs


class CohortCellOut(s.Serializer):
    period = s.IntegerField(help_text="Months or weeks after that of the first order.")
    state = s.ChoiceField(["done", "running", "foreseen"])
    value = s.FloatField(allow_null=True)
    low = s.FloatField(allow_null=True, help_text="95 % of what was counted, 80 % of foreseen.")
    high = s.FloatField(allow_null=True)


class CohortOut(s.Serializer):
    cohort = s.DateField(help_text="First day of the period of the first orders.")
    customers = s.IntegerField()
    is_growing = s.BooleanField()
    known_cost_rate = s.FloatField(allow_null=True)
    retention = CohortCellOut(many=True, help_text="Share with an order in the period.")
    revenue = CohortCellOut(many=True, help_text="Minor units per customer, cumulated.")
    margin = CohortCellOut(many=True, help_text="Minor units per customer, cumulated.")


class PooledOut(s.Serializer):
    period = s.IntegerField()
    customers = s.IntegerField()
    value = s.FloatField()
    low = s.FloatField()
    high = s.FloatField()


class CohortForecastOut(s.Serializer):
    model_run = s.IntegerField(allow_null=True)
    refusals = s.DictField(child=s.CharField(), help_text="Figure → why it is not foreseen.")
    backtest = s.JSONField(allow_null=True, help_text="Errors and coverage on the past.")


class CohortsOut(s.Serializer):
    as_of = s.DateTimeField()
    unit = s.ChoiceField(UNITS)
    one_customer_in = s.IntegerField(help_text="1: everybody was read.")
    cohorts = CohortOut(many=True)
    pooled = PooledOut(many=True)
    forecast = CohortForecastOut()


class AskedOut(s.Serializer):
    is_asked = s.BooleanField(help_text="False: it is being counted already.")


class Cohorts(MerchantView):
    needs = {"GET": "marketing.view_segment", "POST": "marketing.change_segment"}
    needs_idempotency_key = ("POST",)

    @extend_schema(parameters=[CohortFilter], responses=CohortsOut)
    def get(self, request: Request) -> Response:
        """The newest 24 cohorts by first order, newest first, 12 periods each. 409 while a large shop's were not counted."""
        found = cohort_report(_ask(self.checked(CohortFilter, request.query_params)))
        if found is None:
            raise Problem("not-counted", _("POST the same filter to have it counted."))
        payload, forecast = found.payload, found.payload["forecast"]
        return Response(
            {
                "as_of": payload["as_of"],
                "unit": payload["unit"],
                "one_customer_in": payload["step"],
                "cohorts": payload["rows"],
                "pooled": payload["pooled"],
                "forecast": {
                    "model_run": forecast["run"],
                    "refusals": {k: render(v) for k, v in forecast["refusals"].items()},
                    "backtest": forecast["backtest"],
                },
            }
        )

    @extend_schema(request=CohortFilter, responses={202: AskedOut})
    def post(self, request: Request) -> Response:
        """Have a table counted anew by a job."""
        asked = ask_refresh(_ask(self.checked(CohortFilter, request.data)), request.user)
        return Response({"is_asked": asked}, status=202)


def _ask(wanted: dict[str, Any]) -> Ask:
    unit = wanted.pop("unit")
    return Ask(unit, Who(**wanted))
