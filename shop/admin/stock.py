"""Stock: counters one reads, verbs one calls, and the ledger behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import action, display

from shop.admin import stock_check
from shop.admin.base import ReadOnlyAdmin, ShopAdmin, back_to, link, number, tell_refusals
from shop.admin.exports import Exported
from shop.admin.stock_dialogs import (
    AdjustmentDialog,
    CountDialog,
    KeyedDialog,
    ReceiptDialog,
    RingFenceDialog,
    TransferDialog,
)
from shop.models import Reservation, SellingHold, StockLevel, StockMovement, Warehouse
from shop.services.stock import stock
from shop.services.stock.holds import hold, lift
from shop.services.stock.ring_fences import ring_fence
from shop.services.stock.transfers import transfer

MAY_MOVE = "shop.add_stockmovement"
KIND_COLOURS = {
    "receive": "success",
    "return": "success",
    "consume": "info",
    "adjust": "warning",
    "count": "warning",
}


@admin.register(StockLevel)
class StockLevelAdmin(Exported, ReadOnlyAdmin):
    export_kind = "stock"
    list_display = ["sku", "product", "warehouse", "on_hand_", "allocated_", "reserved_"]
    list_display += ["ring_fenced_", "available"]
    list_select_related = ["variant__product", "warehouse"]
    list_filter = [
        ("warehouse", RelatedDropdownFilter),
        ("variant__product__category", AutocompleteSelectFilter),
    ]
    search_fields = ["variant__sku", "variant__product__name", "variant__product__name_zh"]
    actions_detail = ["receive_goods", "adjust_stock", "enter_count", "transfer_goods", "set_aside"]
    fields = ["sku", "product", "warehouse", "on_hand", "allocated", "reserved", "ring_fenced"]
    fields += ["available"]
    readonly_fields = ["sku", "product", "available"]

    def get_urls(self) -> list:
        check = self.admin_site.admin_view(stock_check.page)
        return [path("check/", check, name="shop_stock_check"), *super().get_urls()]

    def has_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """By method, not by name: Unfold's system check looks names up before there is a table."""
        return request.user.has_perm(MAY_MOVE)

    def has_fence_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("shop.add_ringfence")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        taken = F("allocated") + F("reserved") + F("ring_fenced")
        return super().get_queryset(request).annotate(units_available=F("on_hand") - taken)

    @display(description=_("SKU"), ordering="variant__sku")
    def sku(self, level: StockLevel) -> str:
        return link(level.variant)

    @display(description=_("product"), ordering="variant__product__name")
    def product(self, level: StockLevel) -> str:
        return str(level.variant.product)

    @display(description=_("on hand"), ordering="on_hand")
    def on_hand_(self, level: StockLevel) -> str:
        return number(level.on_hand)

    @display(description=_("allocated"), ordering="allocated")
    def allocated_(self, level: StockLevel) -> str:
        return number(level.allocated)

    @display(description=_("reserved"), ordering="reserved")
    def reserved_(self, level: StockLevel) -> str:
        return number(level.reserved)

    @display(description=_("ring-fenced"), ordering="ring_fenced")
    def ring_fenced_(self, level: StockLevel) -> str:
        return number(level.ring_fenced)

    @display(description=_("available"), ordering="units_available")
    def available(self, level: StockLevel) -> str:
        return number(level.available)

    @action(
        description=_("Receive goods"),
        permissions=["move"],
        icon="add_box",
        dialog={"title": _("Receive goods"), "form_class": ReceiptDialog},
    )
    def receive_goods(
        self, request: HttpRequest, form: ReceiptDialog, object_id: str
    ) -> HttpResponse:
        said = form.cleaned_data
        return self._moved(
            request,
            object_id,
            stock.receive,
            form,
            reference=said["reason"],
            batch=said["batch"],
            expires_on=said["expires_on"],
        )

    @action(
        description=_("Adjust"),
        permissions=["move"],
        icon="exposure",
        dialog={"title": _("Adjust with a reason"), "form_class": AdjustmentDialog},
    )
    def adjust_stock(
        self, request: HttpRequest, form: AdjustmentDialog, object_id: str
    ) -> HttpResponse:
        said = form.cleaned_data
        return self._moved(
            request, object_id, stock.adjust, form, reason=said["reason"], batch=said["batch"]
        )

    @action(
        description=_("Enter a count"),
        permissions=["move"],
        icon="fact_check",
        dialog={"title": _("What was counted on the shelf"), "form_class": CountDialog},
    )
    def enter_count(self, request: HttpRequest, form: CountDialog, object_id: str) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        return self._moved(request, object_id, stock.count_stock, form, reason=reason)

    @action(
        description=_("Transfer"),
        permissions=["move"],
        icon="move_down",
        dialog={"title": _("Transfer to another warehouse"), "form_class": TransferDialog},
    )
    def transfer_goods(
        self, request: HttpRequest, form: TransferDialog, object_id: str
    ) -> HttpResponse:
        said = {name: form.cleaned_data[name] for name in ("target", "batch", "reason")}
        return self._moved(request, object_id, transfer, form, place="source", **said)

    @action(
        description=_("Set aside"),
        permissions=["fence"],
        icon="fence",
        dialog={"title": _("Set aside for a sale"), "form_class": RingFenceDialog},
    )
    def set_aside(
        self, request: HttpRequest, form: RingFenceDialog, object_id: str
    ) -> HttpResponse:
        said = {name: form.cleaned_data[name] for name in ("purpose", "ends_at")}
        return self._moved(request, object_id, ring_fence, form, **said)

    def _moved(
        self,
        request: HttpRequest,
        level_pk: str,
        verb: Callable[..., Any],
        form: KeyedDialog,
        *,
        place: str = "warehouse",
        **said: Any,
    ) -> HttpResponse:
        levels = StockLevel.objects.select_related("variant", "warehouse")
        level = get_object_or_404(levels, pk=level_pk)
        said |= {place: level.warehouse, "key": form.cleaned_data["key"], "by": request.user}
        try:
            verb(level.variant, form.cleaned_data["units"], **said)
            messages.success(request, _("The ledger has it."))
        except stock.StockError as refusal:
            messages.error(request, str(refusal))
        return back_to(level, level.pk)


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    list_display = ["occurred_at", "sku", "warehouse", "kind_", "on_hand", "allocated"]
    list_display += ["reserved", "reference", "reason", "actor"]
    list_select_related = ["variant", "warehouse", "actor"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("warehouse", RelatedDropdownFilter),
        ("variant", AutocompleteSelectFilter),
        ("occurred_at", RangeDateTimeFilter),
    ]
    search_fields = ["variant__sku", "reference"]

    @display(description=_("SKU"), ordering="variant__sku")
    def sku(self, movement: StockMovement) -> str:
        return link(movement.variant)

    @display(description=_("movement"), ordering="kind", label=KIND_COLOURS)
    def kind_(self, movement: StockMovement) -> tuple[str, str]:
        return movement.kind, movement.get_kind_display()

    @display(description=_("on hand"), ordering="on_hand_delta")
    def on_hand(self, movement: StockMovement) -> str:
        return _signed(movement.on_hand_delta)

    @display(description=_("allocated"), ordering="allocated_delta")
    def allocated(self, movement: StockMovement) -> str:
        return _signed(movement.allocated_delta)

    @display(description=_("reserved"), ordering="reserved_delta")
    def reserved(self, movement: StockMovement) -> str:
        return _signed(movement.reserved_delta)


def _signed(delta: int) -> str:
    return number(None) if delta == 0 else number(delta)


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ["cart", "sku", "units_", "warehouse", "state_", "expires_at", "created_at"]
    list_select_related = ["variant", "warehouse"]
    list_filter = [("state", ChoicesDropdownFilter), ("expires_at", RangeDateTimeFilter)]
    search_fields = ["cart", "variant__sku"]
    actions = ["give_back"]

    def has_move_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_MOVE)

    @admin.action(description=_("Give the units back"), permissions=["move"])
    def give_back(self, request: HttpRequest, chosen: QuerySet[Reservation]) -> None:
        refusals, done = [], 0
        for reservation in chosen.order_by("pk"):
            try:
                stock.release(reservation)
                done += 1
            except stock.StockError as refusal:
                refusals.append(refusal)
        tell_refusals(request, refusals, done, str(_("given back")))

    @display(description=_("SKU"), ordering="variant__sku")
    def sku(self, reservation: Reservation) -> str:
        return link(reservation.variant)

    @display(description=_("units"), ordering="units")
    def units_(self, reservation: Reservation) -> str:
        return number(reservation.units)

    @display(
        description=_("state"),
        ordering="state",
        label={"held": "warning", "ordered": "success", "expired": "info", "released": "info"},
    )
    def state_(self, reservation: Reservation) -> tuple[str, str]:
        return reservation.state, reservation.get_state_display()


@admin.register(SellingHold)
class SellingHoldAdmin(ShopAdmin):
    list_display = ["sku", "reason", "began_at", "ended_at", "created_by"]
    list_select_related = ["variant", "created_by"]
    search_fields = ["variant__sku", "reason"]
    autocomplete_fields = ["variant"]
    fields = ["variant", "reason"]
    actions = ["let_the_sale_go_on"]

    def has_change_permission(self, request: HttpRequest, obj: SellingHold | None = None) -> bool:
        """A hold is ended by its action and otherwise stays what it was."""
        return super().has_change_permission(request, obj) if obj is None else False

    def has_delete_permission(self, request: HttpRequest, obj: SellingHold | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        made = hold(obj.variant, obj.reason, by=request.user)
        obj.__dict__.update(made.__dict__)

    @admin.action(description=_("Let the sale go on"), permissions=["change"])
    def let_the_sale_go_on(self, request: HttpRequest, chosen: QuerySet[SellingHold]) -> None:
        done = sum(lift(one.variant) for one in chosen.filter(ended_at=None).order_by("pk"))
        tell_refusals(request, [], done, str(_("on sale again")))

    @display(description=_("SKU"), ordering="variant__sku")
    def sku(self, held: SellingHold) -> str:
        return link(held.variant)


@admin.register(Warehouse)
class WarehouseAdmin(ShopAdmin):
    list_display = ["name", "code", "country", "priority"]
    search_fields = ["code", "name"]
