"""What was wanted and not there, for staff and their programs."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import MerchantView
from inventory.api import serializers as shapes
from inventory.models import LostDemandDay, LostQuery
from inventory.services.substitutes import Substitute, substitutes_of
from shop.models import Variant

LOOKUPS = {"sku": "variant__sku", "since": "day__gte", "until": "day__lt"}


class LostDemandDays(MerchantView):
    needs = {"GET": "inventory.view_lostdemandday"}

    @extend_schema(parameters=[shapes.LostDemandFilter], responses=shapes.LostDemandOut(many=True))
    def get(self, request: Request) -> Response:
        """Per SKU and day: looks in vain, waitlist, searches, and the estimate with its interval."""
        chosen = self.checked(shapes.LostDemandFilter, request.query_params)
        found = LostDemandDay.objects.filter(**{LOOKUPS[name]: chosen[name] for name in chosen})
        names = [name for name in shapes.LostDemandOut().fields if name != "sku"]
        return self.page(found.values("pk", "variant__sku", *names), _without_key)


class LostQueries(MerchantView):
    needs = {"GET": "inventory.view_lostquery"}

    @extend_schema(responses=shapes.LostQueryOut(many=True))
    def get(self, request: Request) -> Response:
        """Searches of the last weeks without a result, with what their words name."""
        names = ("query", "searches", "people", "first_day", "last_day")
        rows = LostQuery.objects.values("pk", *names, "product__code", "category__code")
        return self.page(
            rows,
            lambda page: [
                {name: row[name] for name in names}
                | {"product": row["product__code"], "category": row["category__code"]}
                for row in page
            ],
        )


class Substitutes(MerchantView):
    needs = {"GET": "inventory.view_substitutelist"}
    pagination_class = None  # a SKU has a handful; the document must not promise pages

    @extend_schema(responses=shapes.SubstituteOut(many=True))
    def get(self, request: Request, sku: str) -> Response:
        """What is taken instead of this SKU while it is out, best first."""
        variant = Variant.objects.filter(sku=sku).first()
        if variant is None:
            raise Http404
        pairs = substitutes_of([variant.pk])[variant.pk]
        names = dict(
            Variant.objects.filter(pk__in=[one.variant_id for one in pairs]).values_list(
                "pk", "sku"
            )
        )
        return Response([_pair(one, names) for one in pairs if one.variant_id in names])


def _without_key(page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"sku": row.pop("variant__sku"), **row} for row in page if row.pop("pk")]


def _pair(one: Substitute, names: dict[int, str]) -> dict[str, Any]:
    shown = shapes.SubstituteOut().fields
    return {"sku": names[one.variant_id]} | {
        name: getattr(one, name) for name in shown if name != "sku"
    }
