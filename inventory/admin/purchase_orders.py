"""Purchase orders: the worklist, the lines a buyer edits, and the buttons that move an order on."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, F, Q, QuerySet, Sum, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from access.read_only import ReadOnly
from decisions.services.receipts import DecisionClosedError
from inventory.admin import worklist_page
from inventory.models import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderState,
    PurchaseOrderTransition,
    Receipt,
)
from inventory.services import purchase_orders as service
from shop.money import format_money
from shop.services.stock.stock import StockError

STATE_COLOURS = {
    "suggested": "warning",
    "approved": "info",
    "sent": "info",
    "partly_received": "info",
    "received": "success",
    "cancelled": "",
}
MOST_DIGITS = 9  # of a row or of units; more is a slip that no column holds
REFUSALS = (service.PurchaseOrderError, DecisionClosedError, StockError)


def _dialog(title: Any, text: Any) -> dict[str, Any]:
    """A step is a POST with a token: a link in somebody's mail must not order goods."""
    return {"title": title, "description": text, "form_class": None, "form_submit_text": title}


class LineInline(TabularInline):
    model = PurchaseOrderLine
    extra = 0
    can_delete = False
    fields = ["sku", "inventory_position", "reorder_point", "order_up_to_level"]
    fields += [
        "suggested_units",
        "units",
        "received_units",
        "cost",
        "worth",
        "order_by_on",
        "notes",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        lines = super().get_queryset(request)
        return lines.select_related("variant__product", "order", "edited_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        editable = obj is not None and obj.is_editable
        return [name for name in self.fields if name != "units" or not editable]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("SKU"))
    def sku(self, line: PurchaseOrderLine) -> str:
        return f"{line.variant.sku} · {line.variant.product}"

    @display(description=_("cost"))
    def cost(self, line: PurchaseOrderLine) -> str:
        return format_money(line.total_minor, line.order.currency)

    @display(description=_("margin saved (worst and best fifth)"))
    def worth(self, line: PurchaseOrderLine) -> str:
        if line.expected_minor is None:
            return "–"
        low, high = format_money(line.expected_low_minor), format_money(line.expected_high_minor)
        return f"{format_money(line.expected_minor)} ({low} – {high})"

    @display(description=_("notes"))
    def notes(self, line: PurchaseOrderLine) -> str:
        texts = [*line.binding_texts, *line.assumption_texts]
        if line.edited_by:
            texts = [gettext("Changed by %(who)s.") % {"who": line.edited_by}, *texts]
        return format_html_join("", "<div>{}</div>", ((text,) for text in texts)) or "–"


class TransitionInline(TabularInline):
    model = PurchaseOrderTransition
    extra = 0
    tab = True
    can_delete = False
    fields = readonly_fields = ["at", "from_state", "to_state", "by", "note"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("by")


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(ModelAdmin):
    list_display = ["number", "supplier_or_none", "warehouse", "state_label", "line_count"]
    list_display += ["units_total", "value", "worth", "order_by_on", "created_at"]
    list_filter = ["state", "supplier", "warehouse"]
    list_filter_submit = True
    search_fields = ["number", "supplier__name", "supplier__code", "lines__variant__sku"]
    list_select_related = ["supplier", "warehouse", "decision"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    fields = [
        ("number", "state", "warehouse"),
        ("supplier", "currency"),
        ("cycle_on", "order_by_on", "expected_on"),
        "receipt",
        "note",
    ]
    readonly_fields = ["number", "state", "warehouse", "currency", "cycle_on", "order_by_on"]
    readonly_fields += ["expected_on", "receipt"]
    autocomplete_fields = ["supplier"]
    inlines = [LineInline, TransitionInline]
    actions = ["approve_orders"]
    actions_detail = ["approve_order", "send_order", "receive_order", "cancel_order"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        cost = F("lines__units") * F("lines__unit_cost_minor")
        unknown = Q(lines__unit_cost_minor__isnull=True, lines__units__gt=0)
        return (
            super()
            .get_queryset(request)
            .annotate(
                lines_total=Count("lines"),
                units_sum=Sum("lines__units"),
                unknown_costs=Count("lines", filter=unknown),
                cost_sum=Sum(Case(When(lines__unit_cost_minor__isnull=False, then=cost))),
            )
        )

    def get_urls(self) -> list:
        page = self.admin_site.admin_view(self.receive_page)
        name = "inventory_purchaseorder_receive"
        view = self.admin_site.admin_view
        return [
            path("plan/", view(worklist_page.page), name="inventory_plan_worklist"),
            path("plan/csv/", view(worklist_page.as_csv), name="inventory_plan_csv"),
            path(
                "plan/lines/<int:pk>/units/",
                view(require_POST(worklist_page.set_units)),
                name="inventory_plan_units",
            ),
            path("<int:pk>/receive/", page, name=name),
            *super().get_urls(),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        open_for_supplier = obj is not None and obj.supplier_id is None and obj.is_editable
        return [*self.readonly_fields, *([] if open_for_supplier else ["supplier"])]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: PurchaseOrder, form: Any, change: bool) -> None:
        """The note is free text; a supplier is assigned by its service."""
        chosen = obj.supplier if "supplier" in form.changed_data else None
        PurchaseOrder.objects.filter(pk=obj.pk).update(note=obj.note)
        if chosen is not None:
            self._told(request, service.assign_supplier, obj, chosen)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for line in formset.save(commit=False):
            self._told(request, service.set_line_units, line, line.units)

    @display(description=_("supplier"), ordering="supplier__name")
    def supplier_or_none(self, order: PurchaseOrder) -> str:
        return str(order.supplier) if order.supplier else gettext("no supplier yet")

    @display(description=_("state"), label=STATE_COLOURS, ordering="state")
    def state_label(self, order: PurchaseOrder) -> tuple[str, str]:
        return order.state, order.get_state_display()

    @display(description=_("lines"), ordering="lines_total")
    def line_count(self, order: Any) -> int:
        return order.lines_total

    @display(description=_("units"), ordering="units_sum")
    def units_total(self, order: Any) -> int:
        return order.units_sum or 0

    @display(description=_("order value"), ordering="cost_sum")
    def value(self, order: Any) -> str:
        """No total while a line's cost is unknown: half a sum is no sum."""
        return format_money(None if order.unknown_costs else order.cost_sum, order.currency)

    @display(description=_("margin saved"), ordering="decision__expected_minor")
    def worth(self, order: PurchaseOrder) -> str:
        return format_money(order.decision.expected_minor) if order.decision else "–"

    @display(description=_("why"))
    def receipt(self, order: PurchaseOrder) -> str:
        if order.decision is None:
            return "–"
        url = reverse("admin:decisions_decision_change", args=[order.decision_id])
        return format_html('<a href="{}">{}</a>', url, order.decision.why_text)

    @admin.action(description=_("Approve"), permissions=["change"])
    def approve_orders(self, request: HttpRequest, orders: QuerySet[PurchaseOrder]) -> None:
        for order in orders.select_related("decision"):
            self._told(request, service.approve_purchase_order, order)

    @action(
        description=_("Approve"),
        permissions=["change"],
        icon="check",
        dialog=_dialog(_("Approve"), _("It may then be sent to the supplier.")),
    )
    def approve_order(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._step(request, object_id, service.approve_purchase_order)

    @action(
        description=_("Send to the supplier"),
        permissions=["change"],
        icon="send",
        dialog=_dialog(_("Send to the supplier"), _("The order is mailed to the supplier.")),
    )
    def send_order(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._step(request, object_id, service.send_purchase_order)

    @action(description=_("Receive goods"), permissions=["receive"], icon="add_box")
    def receive_order(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:inventory_purchaseorder_receive", pk=object_id)

    @action(
        description=_("Cancel"),
        permissions=["change"],
        icon="cancel",
        dialog=_dialog(_("Cancel the purchase order"), _("Nothing more will come on it.")),
    )
    def cancel_order(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._step(request, object_id, service.cancel_purchase_order)

    def has_receive_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("inventory.add_receipt")

    def receive_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What arrived, line by line. The key is made with the form: sent twice, booked once."""
        if not self.has_receive_permission(request):
            raise PermissionDenied
        order = get_object_or_404(PurchaseOrder, pk=pk)
        if request.method == "POST":
            arrived = _arrived(request)
            key = f"admin:{request.POST.get('key', '')}"
            if self._told(request, service.receive_purchase_order, order, arrived, key=key):
                return redirect("admin:inventory_purchaseorder_change", pk)
        lines = order.lines.filter(received_units__lt=F("units")).select_related("variant__product")
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Receive goods"),
            "order": order,
            "lines": lines,
            "key": uuid.uuid4(),
        }
        return TemplateResponse(request, "inventory/receive.html", context)

    def _step(self, request: HttpRequest, pk: str, verb: Callable[..., Any]) -> HttpResponse:
        order = get_object_or_404(PurchaseOrder.objects.select_related("decision"), pk=pk)
        if self._told(request, verb, order):
            state = PurchaseOrderState(order.state).label
            said = gettext("%(number)s is %(state)s.") % {"number": order.number, "state": state}
            messages.success(request, said)
        # Ends the dialog: the page behind it is read again.
        address = reverse("admin:inventory_purchaseorder_change", args=[pk])
        return HttpResponse(headers={"HX-Redirect": address})

    def _told(
        self, request: HttpRequest, verb: Callable[..., Any], *given: Any, **named: Any
    ) -> bool:
        """Call a service as this user; its refusal becomes a message."""
        try:
            verb(*given, by=request.user, **named)
        except REFUSALS as refusal:
            messages.error(request, str(refusal))
            return False
        return True


@admin.register(Receipt)
class ReceiptAdmin(ReadOnly, ModelAdmin):
    list_display = ["received_at", "order", "sku", "units", "by"]
    search_fields = ["line__order__number", "line__variant__sku"]
    list_select_related = ["line__order", "line__variant", "by"]
    date_hierarchy = "received_at"
    show_full_result_count = False

    @display(description=_("purchase order"))
    def order(self, receipt: Receipt) -> str:
        return receipt.line.order.number

    @display(description=_("SKU"))
    def sku(self, receipt: Receipt) -> str:
        return receipt.line.variant.sku


def _arrived(request: HttpRequest) -> dict[int, int]:
    """Line id → units of the fields `line-ID`; empty fields and zeros are left out."""
    said = {
        name.removeprefix("line-"): value
        for name, value in request.POST.items()
        if name.startswith("line-")
    }
    return {
        int(line): int(units)
        for line, units in said.items()
        if _is_number(line) and _is_number(units.strip()) and int(units)
    }


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= MOST_DIGITS
