"""What happened in the shop."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import display

from shop.admin.base import ReadOnlyAdmin, link, number
from shop.models import Event, EventKey
from shop.models.announcements import AnnouncedAvailability


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["occurred_at", "kind", "sku", "units_", "who", "query", "consent"]
    list_select_related = ["variant", "customer"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("occurred_at", RangeDateTimeFilter),
        ("variant", AutocompleteSelectFilter),
        ("consent", BooleanRadioFilter),
    ]
    # Exact words only: a pattern would read a log of millions from end to end.
    search_fields = ["visitor__exact", "customer__code__exact"]
    search_help_text = _("Visitor or customer code, in full.")
    ordering = ["-pk"]

    @display(description=_("SKU"))
    def sku(self, event: Event) -> str:
        return link(event.variant)

    @display(description=_("units"), ordering="units")
    def units_(self, event: Event) -> str:
        return number(event.units)

    @display(description=_("who"))
    def who(self, event: Event) -> str:
        return link(event.customer) if event.customer else event.visitor or "–"


@admin.register(EventKey)
class EventKeyAdmin(ReadOnlyAdmin):
    """Answers whether an event has landed."""

    list_display = ["event_id"]
    search_fields = ["pk__exact"]
    search_help_text = _("Event id, in full.")
    ordering = ["pk"]


@admin.register(AnnouncedAvailability)
class AnnouncedAvailabilityAdmin(ReadOnlyAdmin):
    """What the webhooks were told last of each SKU."""

    list_display = ["sku", "is_available", "changed_at"]
    list_select_related = ["variant"]
    list_filter = [("is_available", BooleanRadioFilter)]
    search_fields = ["variant__sku"]
    ordering = ["pk"]

    @display(description=_("SKU"))
    def sku(self, announced: AnnouncedAvailability) -> str:
        return link(announced.variant)
