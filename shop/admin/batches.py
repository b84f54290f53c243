"""Batches: how long goods keep, and what of them was set aside."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from shop.admin.base import CappedPaginator, ShopAdmin, back_to, link, number
from shop.admin.stock_dialogs import WriteOffDialog
from shop.models import Batch, RingFence
from shop.services.stock.batch_order import EXPIRED
from shop.services.stock.batches import write_off_batch
from shop.services.stock.movements import StockError


@admin.register(Batch)
class BatchAdmin(ShopAdmin):
    """Made by receiving goods; only a wrong date is corrected here."""

    paginator = CappedPaginator
    list_display = ["code", "sku", "warehouse", "expires_on", "on_hand_", "set_aside_"]
    list_select_related = ["variant", "warehouse"]
    list_filter = [("warehouse", RelatedDropdownFilter), ("expires_on", RangeDateFilter)]
    search_fields = ["code", "variant__sku"]
    fields = ["code", "sku", "warehouse", "expires_on", "on_hand", "received_at"]
    readonly_fields = ["code", "sku", "warehouse", "on_hand", "received_at"]
    actions_detail = ["write_off"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Batch | None = None) -> bool:
        return False

    def has_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("shop.add_stockmovement")

    @action(
        description=_("Write off"),
        permissions=["move"],
        icon="delete_sweep",
        dialog={"title": _("Write off what is not promised"), "form_class": WriteOffDialog},
    )
    def write_off(self, request: HttpRequest, form: WriteOffDialog, object_id: str) -> HttpResponse:
        batch = get_object_or_404(Batch, pk=object_id)
        said = form.cleaned_data
        try:
            units = write_off_batch(batch, key=said["key"], reason=said["reason"], by=request.user)
            messages.success(request, _("%(units)d units were written off.") % {"units": units})
        except StockError as refusal:
            messages.error(request, str(refusal))
        return back_to(batch, batch.pk)

    def prepare_page(self, page: list[Batch]) -> None:
        fences = RingFence.objects.filter(
            variant__in={batch.variant_id for batch in page}, purpose__startswith=EXPIRED
        )
        rows = fences.order_by().values_list("variant_id", "warehouse_id", "purpose")
        aside = {tuple(place): units for *place, units in rows.annotate(u=Sum("units_left"))}
        for batch in page:
            place = (batch.variant_id, batch.warehouse_id, f"{EXPIRED}{batch.code}")
            batch.shown_set_aside = aside.get(place)

    @display(description=_("SKU"), ordering="variant__sku")
    def sku(self, batch: Batch) -> str:
        return link(batch.variant)

    @display(description=_("on hand"), ordering="on_hand")
    def on_hand_(self, batch: Batch) -> str:
        return number(batch.on_hand)

    @display(description=_("set aside"))
    def set_aside_(self, batch: Any) -> str:
        return number(batch.shown_set_aside)
