"""Ring fences: units that only their sale may take."""

from __future__ import annotations

import uuid

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter, RelatedDropdownFilter
from unfold.decorators import display

from shop.admin.base import ReadOnlyAdmin, link, number, tell_refusals
from shop.models import RingFence
from shop.services.stock.movements import StockError
from shop.services.stock.ring_fences import release_ring_fence


@admin.register(RingFence)
class RingFenceAdmin(ReadOnlyAdmin):
    list_display = ["purpose", "sku", "warehouse", "units_", "left", "ends_at", "released_at"]
    list_display += ["created_by"]
    list_select_related = ["variant", "warehouse", "created_by"]
    list_filter = [("warehouse", RelatedDropdownFilter), ("ends_at", RangeDateTimeFilter)]
    search_fields = ["purpose", "variant__sku"]
    actions = ["put_on_sale"]
    fields = ["purpose", "sku", "warehouse", "units", "units_left", "ends_at", "released_at"]
    fields += ["created_at", "created_by"]
    readonly_fields = ["sku"]

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shop.change_ringfence")

    @admin.action(description=_("Put what is left on sale again"), permissions=["release"])
    def put_on_sale(self, request: HttpRequest, chosen: QuerySet[RingFence]) -> None:
        refusals, done = [], 0
        for fence in chosen.filter(released_at=None).order_by("pk"):
            try:
                release_ring_fence(fence, key=f"admin:{uuid.uuid4()}", by=request.user)
                done += 1
            except StockError as refusal:
                refusals.append(refusal)
        tell_refusals(request, refusals, done, str(_("on sale again")))

    @display(description=_("SKU"), ordering="variant__sku")
    def sku(self, fence: RingFence) -> str:
        return link(fence.variant)

    @display(description=_("set aside"), ordering="units")
    def units_(self, fence: RingFence) -> str:
        return number(fence.units)

    @display(description=_("left"), ordering="units_left")
    def left(self, fence: RingFence) -> str:
        return number(fence.units_left)
