"""Payments, refunds and parcels are read here; tax rates are kept here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from access.figures import significant
from shop.admin.base import NewestInline, ReadOnlyAdmin, ShopAdmin, link, money, number
from shop.models import (
    Allocation,
    Payment,
    PaymentEvent,
    Refund,
    Shipment,
    ShipmentLine,
    TaxRate,
)


class OfOrder:
    """Columns of rows that belong to an order."""

    @display(description=_("order"))
    def of(self, row: Any) -> str:
        return link(row.order)


class PaymentCells:
    @display(description=_("authorised"), ordering="authorised_minor")
    def authorised(self, row: Payment) -> str:
        return money(row.authorised_minor, row.currency)

    @display(description=_("captured"), ordering="captured_minor")
    def captured(self, row: Payment) -> str:
        return money(row.captured_minor, row.currency)

    @display(description=_("paid back"), ordering="refunded_minor")
    def paid_back(self, row: Payment) -> str:
        return money(row.refunded_minor, row.currency)


class RefundCells:
    @display(description=_("amount"), ordering="amount_minor")
    def amount(self, row: Refund) -> str:
        return money(row.amount_minor, row.currency)

    @display(description=_("tax in it"), ordering="tax_minor")
    def tax(self, row: Refund) -> str:
        return money(row.tax_minor, row.currency)


class PaymentInline(PaymentCells, NewestInline):
    model = Payment
    fields = ["provider", "reference", "authorised", "captured", "paid_back", "created_at"]
    readonly_fields = ["authorised", "captured", "paid_back"]
    show_change_link = True


class RefundInline(RefundCells, NewestInline):
    model = Refund
    fields = ["number", "amount", "tax", "reason", "refunded_at", "refunded_by"]
    readonly_fields = ["amount", "tax"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("refunded_by")


class ShipmentInline(NewestInline):
    model = Shipment
    fields = ["number", "warehouse", "carrier", "tracking_code", "shipped_at", "shipped_by"]
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("warehouse", "shipped_by")


class PaymentEventInline(NewestInline):
    model = PaymentEvent
    tab = False
    fields = ["kind", "amount", "occurred_at", "received_at", "event_id"]
    readonly_fields = ["amount"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("payment")

    @admin.display(description=_("amount"))
    def amount(self, event: PaymentEvent) -> str:
        return money(event.amount_minor, event.payment.currency)


@admin.register(Payment)
class PaymentAdmin(OfOrder, PaymentCells, ReadOnlyAdmin):
    list_display = ["reference", "provider", "of", "authorised", "captured", "paid_back"]
    list_select_related = ["order"]
    list_filter = [("created_at", RangeDateTimeFilter)]
    search_fields = ["reference", "order__number"]
    inlines = [PaymentEventInline]
    fields = [("provider", "reference"), ("of", "created_at")]
    fields += [("authorised", "captured", "paid_back")]
    readonly_fields = ["of", "authorised", "captured", "paid_back"]


@admin.register(PaymentEvent)
class PaymentEventAdmin(ReadOnlyAdmin):
    list_display = ["occurred_at", "provider", "event_id", "kind", "amount", "of"]
    list_select_related = ["payment__order"]
    list_filter = [("kind", ChoicesDropdownFilter), ("occurred_at", RangeDateTimeFilter)]
    search_fields = ["event_id", "payment__order__number"]
    ordering = ["-pk"]

    @display(description=_("order"))
    def of(self, event: PaymentEvent) -> str:
        return link(event.payment.order)

    @display(description=_("amount"), ordering="amount_minor")
    def amount(self, event: PaymentEvent) -> str:
        return money(event.amount_minor, event.payment.currency)


@admin.register(Refund)
class RefundAdmin(OfOrder, RefundCells, ReadOnlyAdmin):
    list_display = ["number", "refunded_at", "of", "amount", "tax", "reason", "refunded_by"]
    list_select_related = ["order", "refunded_by"]
    list_filter = [("refunded_at", RangeDateTimeFilter)]
    search_fields = ["number", "order__number"]


class ShipmentLineInline(NewestInline):
    model = ShipmentLine
    tab = False
    fields = ["sku", "units"]
    readonly_fields = ["sku"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("allocation__variant")

    @admin.display(description=_("SKU"))
    def sku(self, line: ShipmentLine) -> str:
        return link(line.allocation.variant)


@admin.register(Shipment)
class ShipmentAdmin(OfOrder, ReadOnlyAdmin):
    list_display = ["number", "shipped_at", "of", "warehouse", "carrier", "tracking_code"]
    list_select_related = ["order", "warehouse"]
    list_filter = [("shipped_at", RangeDateTimeFilter)]
    search_fields = ["number", "tracking_code", "order__number"]
    inlines = [ShipmentLineInline]


@admin.register(ShipmentLine)
class ShipmentLineAdmin(ReadOnlyAdmin):
    list_display = ["parcel", "sku", "units"]
    list_select_related = ["shipment", "allocation__variant"]
    search_fields = ["shipment__number", "allocation__variant__sku"]
    ordering = ["-pk"]

    @display(description=_("shipment"))
    def parcel(self, line: ShipmentLine) -> str:
        return link(line.shipment)

    @display(description=_("SKU"))
    def sku(self, line: ShipmentLine) -> str:
        return link(line.allocation.variant)


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    list_display = ["of", "sku", "warehouse", "units_", "shipped", "cancelled", "returned"]
    list_select_related = ["order_line__order", "variant", "warehouse"]
    search_fields = ["order_line__order__number", "variant__sku"]
    ordering = ["-pk"]

    @display(description=_("order"))
    def of(self, row: Allocation) -> str:
        return link(row.order_line.order)

    @display(description=_("SKU"))
    def sku(self, row: Allocation) -> str:
        return link(row.variant)

    @display(description=_("units"), ordering="units")
    def units_(self, row: Allocation) -> str:
        return number(row.units)

    @display(description=_("shipped"), ordering="shipped_units")
    def shipped(self, row: Allocation) -> str:
        return number(row.shipped_units)

    @display(description=_("cancelled"), ordering="cancelled_units")
    def cancelled(self, row: Allocation) -> str:
        return number(row.cancelled_units)

    @display(description=_("returned"), ordering="returned_units")
    def returned(self, row: Allocation) -> str:
        return number(row.returned_units)


@admin.register(TaxRate)
class TaxRateAdmin(ShopAdmin):
    list_display = ["country", "tax_class", "percent", "valid_from"]
    search_fields = ["country", "tax_class"]

    @display(description=_("rate"), ordering="basis_points")
    def percent(self, rate: TaxRate) -> str:
        return f"{significant(rate.basis_points / 100)} %"
