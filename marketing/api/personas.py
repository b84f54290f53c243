"""Personas for staff and their programs: no customer is named here."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import MerchantView
from marketing.models import Persona, PersonaSnapshot

FIGURES = (
    "as_of", "customers", "share", "counted_at", "spent_365_minor", "spent_365_low_minor",
    "spent_365_high_minor", "recovery", "kept_share", "shift",
)  # fmt: skip


class PersonaOut(s.Serializer):
    code = s.CharField()
    name = s.CharField(help_text="The shop's own; empty: it is called by its evidence.")
    name_zh = s.CharField()
    evident_name = s.CharField()
    evident_name_zh = s.CharField()
    created_at = s.DateTimeField()
    retired_at = s.DateTimeField(allow_null=True)


class IndexOut(s.Serializer):
    trait = s.CharField(help_text="`category:CODE`, `channel:KEY`, a part of the day, discount …")
    inside = s.FloatField()
    outside = s.FloatField()
    lift = s.FloatField(help_text="inside / outside")
    low = s.FloatField(help_text="Of the 95 % interval, corrected for all that is compared.")
    high = s.FloatField()


class LearningOut(s.Serializer):
    as_of = s.DateTimeField()
    customers = s.IntegerField()
    share = s.FloatField()
    counted_at = s.DateTimeField(allow_null=True)
    spent_365_minor = s.IntegerField(allow_null=True)
    spent_365_low_minor = s.IntegerField(allow_null=True)
    spent_365_high_minor = s.IntegerField(allow_null=True)
    recovery = s.FloatField(help_text="How much of it comes again in other samples, 0 to 1.")
    kept_share = s.FloatField(allow_null=True)
    shift = s.FloatField(allow_null=True)


class PersonaDetailOut(PersonaOut):
    evidence = IndexOut(many=True)
    learnings = LearningOut(many=True, help_text="Newest first, at most 12.")


class Personas(MerchantView):
    needs = {"GET": "marketing.view_persona"}

    @extend_schema(responses=PersonaOut(many=True))
    def get(self, request: Request) -> Response:
        """Personas, newest first; `retired_at` where no learning finds one any more."""
        rows = Persona.objects.values("pk", *PersonaOut().fields)
        return self.page(rows, lambda page: [_without_pk(row) for row in page])


class PersonaDetail(MerchantView):
    needs = {"GET": "marketing.view_persona"}

    @extend_schema(responses=PersonaDetailOut)
    def get(self, request: Request, code: str) -> Response:
        """One persona with its newest evidence and its last learnings; money in minor units."""
        persona = get_object_or_404(Persona, code=code)
        found = list(PersonaSnapshot.objects.filter(persona=persona).order_by("-as_of")[:12])
        evidence = found[0].evidence if found else []
        return Response(
            {name: getattr(persona, name) for name in PersonaOut().fields}
            | {
                "evidence": [{name: one[name] for name in IndexOut().fields} for one in evidence],
                "learnings": [{name: getattr(one, name) for name in FIGURES} for one in found],
            }
        )


def _without_pk(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "pk"}
