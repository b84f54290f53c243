"""What is offered again to who has bought it: what the night learnt, and the merchant's word on it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.figures import percent
from recommendations.models import BuyAgain, RepeatPurchase


@admin.register(BuyAgain)
class BuyAgainAdmin(ModelAdmin):
    list_display = ["about", "says", "changed_by", "changed_at"]
    list_select_related = ["product", "category", "changed_by"]
    list_per_page = 50
    show_full_result_count = False
    fields = ["product", "category", "again_days"]
    autocomplete_fields = ["product", "category"]
    search_fields = ["product__name", "category__name"]

    @display(description=gettext_lazy("product or category"))
    def about(self, row: BuyAgain) -> str:
        return str(row)

    @display(description=gettext_lazy("offered again"))
    def says(self, row: BuyAgain) -> str:
        if row.again_days is None:
            return _("never")
        return _("after %(days)s days") % {"days": row.again_days}

    def save_model(self, request: HttpRequest, obj: BuyAgain, form: Any, change: bool) -> None:
        obj.changed_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(RepeatPurchase)
class RepeatPurchaseAdmin(ModelAdmin):
    list_display = ["product", "buyers", "rate", "again_days", "by_category", "learnt_at"]
    list_filter = ["by_category"]
    list_select_related = ["product"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["product__name"]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> RepeatPurchase | None:
        """None for a number that no product can have: its key is a product's, which SQLite is asked
        for as it is."""
        try:
            return super().get_object(request, object_id, from_field)
        except OverflowError:
            return None

    @display(description=gettext_lazy("bought it again"))
    def rate(self, row: RepeatPurchase) -> str:
        return percent(row.came_back / row.buyers if row.buyers else None)
