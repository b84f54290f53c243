"""Questions that the list of orders answers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop.services.stock.balances import refund_due


class RefundDueFilter(admin.SimpleListFilter):
    title = _("refund due")
    parameter_name = "refund_due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return refund_due(queryset) if self.value() == "yes" else queryset
