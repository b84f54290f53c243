"""Who waits for what is sold out, and who can be served now."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import action, display

from shop.admin.base import ReadOnlyAdmin, link, number, tell_refusals
from shop.models import WaitlistEntry
from shop.services import waitlist

LABELS = {
    "waiting": "info",
    "notified": "warning",
    "bought": "success",
}


class ServableFilter(admin.SimpleListFilter):
    title = _("can be served now")
    parameter_name = "servable"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() != "yes":
            return queryset
        return queryset.filter(pk__in=[one.entry.pk for one in waitlist.can_be_served()])


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "wants", "units_", "who", "state_", "servable", "channel"]
    list_select_related = ["variant", "product", "customer", "channel"]
    list_filter = [
        ServableFilter,
        ("state", ChoicesDropdownFilter),
        ("created_at", RangeDateTimeFilter),
        ("variant", AutocompleteSelectFilter),
    ]
    search_fields = ["variant__sku", "product__code", "customer__code", "contact__exact"]
    search_help_text = _("SKU, product or customer code, or a guest's address in full.")
    fields = [("variant", "product"), ("customer", "contact"), ("units", "state")]
    fields += [("consent", "source"), "channel", ("created_at", "expires_at", "closed_at")]
    actions = ["cancel_entries"]

    def prepare_page(self, page: list[WaitlistEntry]) -> None:
        targets = [entry.variant_id for entry in page if entry.variant_id and entry.is_open]
        products = {entry.product_id for entry in page if entry.product_id and entry.is_open}
        found = waitlist.can_be_served(variant_ids=targets, product_ids=list(products))
        units = {one.entry.pk: one.units for one in found}
        for entry in page:
            entry.servable_units = units.get(entry.pk)  # type: ignore[attr-defined]

    @display(description=_("wants"), ordering="variant__sku")
    def wants(self, entry: WaitlistEntry) -> str:
        if entry.variant:
            return link(entry.variant)
        return link(entry.product, gettext("any SKU of %(product)s") % {"product": entry.product})

    @display(description=_("units"), ordering="units")
    def units_(self, entry: WaitlistEntry) -> str:
        return number(entry.units)

    @display(description=_("who"))
    def who(self, entry: WaitlistEntry) -> str:
        return link(entry.customer) if entry.customer else entry.contact or "–"

    @display(description=_("state"), ordering="state", label=LABELS)
    def state_(self, entry: WaitlistEntry) -> tuple[str, Any]:
        return entry.state, entry.get_state_display()

    @display(description=_("can be served now"))
    def servable(self, entry: WaitlistEntry) -> str:
        return number(entry.servable_units)  # type: ignore[attr-defined]

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shop.change_waitlistentry")

    @action(description=_("Cancel these entries"), permissions=["close"])
    def cancel_entries(self, request: HttpRequest, entries: QuerySet) -> None:
        """On the person's own word, given to support."""
        done = sum(waitlist.leave(entry) for entry in entries)
        tell_refusals(request, [], done, gettext("entries cancelled"))
