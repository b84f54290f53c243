"""What the merchant API's views have in common: lists by columns, and rows by their code."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import MerchantView
from shop.models import Variant, Warehouse


class Listing(MerchantView):
    """A read list. `columns`: name in the answer → path in the ORM. `lookups`: filter → path."""

    filters: ClassVar[type]
    columns: ClassVar[dict[str, str]]
    lookups: ClassVar[dict[str, str]] = {}

    def rows(self) -> QuerySet:
        raise NotImplementedError

    def listed(self, request: Request) -> Response:
        chosen = self.checked(self.filters, request.query_params)
        wanted = {
            path: chosen[name]
            for name, path in self.lookups.items()
            if chosen.get(name) is not None
        }
        found = self.searched(self.rows().filter(**wanted), chosen)
        return self.page(found.values("pk", *self.columns.values()), self._shaped)

    def searched(self, found: QuerySet, chosen: dict[str, Any]) -> QuerySet:
        return found

    def _shaped(self, page: list[dict]) -> list[dict]:
        return [{name: row[path] for name, path in self.columns.items()} for row in page]


def variant_of(sku: str, in_address: str = "") -> Variant:
    found = Variant.objects.filter(sku=sku).first()
    if found is None and in_address:
        raise Http404
    if found is None:
        raise ValidationError({"sku": [_("There is none with this name.")]})
    return found


def warehouse_of(code: str, field: str = "warehouse") -> Warehouse:
    found = Warehouse.objects.filter(code=code).first()
    if found is None:
        raise ValidationError({field: [_("There is none with this name.")]})
    return found
