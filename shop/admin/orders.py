"""Orders and returns: read here, moved by the services' verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import action, display

from shop.admin.base import (
    NewestInline,
    ReadOnlyAdmin,
    back_to,
    link,
    money,
    number,
    tell_refusals,
)
from shop.admin.exports import Exported
from shop.admin.order_filters import RefundDueFilter
from shop.admin.order_parts import OrderParts, is_possible
from shop.admin.payments import PaymentInline, RefundInline, ShipmentInline
from shop.models import (
    Allocation,
    LineKind,
    Order,
    OrderLine,
    OrderState,
    OrderTransition,
    Return,
    ReturnLine,
)
from shop.money import format_money
from shop.services.orders import orders
from shop.services.stock.balances import balance_of
from shop.services.stock.movements import StockError

STATE_COLOURS = {
    "placed": "warning",
    "paid": "info",
    "part_shipped": "info",
    "shipped": "primary",
    "delivered": "success",
    "cancelled": "danger",
}

STEPS = {
    "pay": OrderState.PAID,
    "ship": OrderState.SHIPPED,
    "deliver": OrderState.DELIVERED,
    "cancel": OrderState.CANCELLED,
}


class LineCells:
    """Columns that the lines of orders and returns share."""

    @admin.display(description=_("SKU"))
    def sku(self, line: OrderLine | ReturnLine) -> str:
        return link(line.variant)

    @admin.display(description=_("units"), ordering="units")
    def units_(self, line: OrderLine | ReturnLine) -> str:
        return number(line.units)

    @admin.display(description=_("total"), ordering="total_minor")
    def total(self, line: OrderLine | ReturnLine) -> str:
        parent = line.order if isinstance(line, OrderLine) else line.parent
        return money(line.total_minor, parent.currency)


class OrderLineInline(LineCells, NewestInline):
    model = OrderLine
    tab = False
    newest_by = ("position",)
    fields = ["sku", "text", "units_", "unit_price", "total", "discount", "tax", "places"]
    readonly_fields = ["sku", "units_", "unit_price", "total", "discount", "tax", "places"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        lines = super().get_queryset(request).select_related("variant", "order")
        return lines.prefetch_related("allocations__variant", "allocations__warehouse")

    @admin.display(description=_("discount"))
    def discount(self, line: OrderLine) -> str:
        return money(-line.discount_minor if line.discount_minor else None, line.order.currency)

    @admin.display(description=_("tax"))
    def tax(self, line: OrderLine) -> str:
        """A dash where no rate was known: that is not the same as none."""
        known = line.tax_basis_points is not None
        return money(line.tax_minor if known else None, line.order.currency)

    @admin.display(description=_("places"))
    def places(self, line: OrderLine) -> str:
        """`2 × TEA-1 · Main: 1 shipped`, a row for each place and component."""
        rows = ((place_of(one),) for one in line.allocations.all())
        return format_html_join(mark_safe("<br>"), "{}", rows) or "–"

    @admin.display(description=_("unit price"))
    def unit_price(self, line: OrderLine) -> str:
        return money(line.unit_price_minor, line.order.currency)


def place_of(one: Allocation) -> str:
    done = [
        _("%d shipped") % one.shipped_units if one.shipped_units else "",
        _("%d cancelled") % one.cancelled_units if one.cancelled_units else "",
        _("%d returned") % one.returned_units if one.returned_units else "",
    ]
    what = f"{one.units} × {one.variant.sku} · {one.warehouse}"
    return ": ".join([what, *filter(None, [", ".join(filter(None, map(str, done)))])])


class TransitionInline(NewestInline):
    model = OrderTransition
    newest_by = ("at", "pk")
    fields = ["from_state", "to_state", "at", "by", "note"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("by")


class ReturnInline(NewestInline):
    model = Return
    fields = ["number", "refund_", "reason", "returned_at"]
    readonly_fields = ["refund_"]
    show_change_link = True

    @admin.display(description=_("refund"))
    def refund_(self, made: Return) -> str:
        return money(made.refund_minor, made.currency)


def step_dialog(title: Any, text: Any) -> dict[str, Any]:
    return {"title": title, "description": text, "form_class": None, "form_submit_text": title}


@admin.register(Order)
class OrderAdmin(Exported, OrderParts, ReadOnlyAdmin):
    export_kind = "orders"
    list_display = ["number", "placed_at", "buyer", "state_", "units", "total", "channel", "origin"]
    list_select_related = ["customer", "channel"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        RefundDueFilter,
        ("channel", RelatedDropdownFilter),
        ("placed_at", RangeDateTimeFilter),
        ("is_history", BooleanRadioFilter),
        ("customer", AutocompleteSelectFilter),
    ]
    search_fields = ["number", "customer__code", "customer__email", "customer__name"]
    search_help_text = _("Number, or the customer's code, e-mail address or name.")
    ordering = ["-placed_at", "-id"]
    inlines = [OrderLineInline, TransitionInline, ShipmentInline, PaymentInline, RefundInline]
    inlines += [ReturnInline]
    fields = [
        ("number", "state"),
        ("buyer", "channel"),
        ("placed_at", "country"),
        ("owed", "tax"),
        ("paid", "balance"),
        ("pay_by", "origin"),
    ]
    readonly_fields = ["buyer", "owed", "tax", "paid", "balance", "origin"]
    actions = ["mark_paid", "mark_shipped", "mark_delivered", "mark_cancelled"]
    actions_detail = ["pay", "ship", "deliver", "cancel", *OrderParts.parts]

    def has_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("shop.change_order")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only the steps that begin where the order is."""
        order = self.get_object(request, object_id)  # none also for what is no key at all
        return [
            step
            for step in super().get_actions_detail(request, object_id)
            if order and self._is_possible(step.action_name.removeprefix("shop_order_"), order)
        ]

    def _is_possible(self, name: str, order: Order) -> bool:
        return order.can_become(STEPS[name]) if name in STEPS else is_possible(name, order)

    def prepare_page(self, page: list[Order]) -> None:
        lines = OrderLine.objects.filter(order__in=page, kind=LineKind.ITEM).order_by()
        units = dict(lines.values_list("order_id").annotate(units=Sum("units")))
        for order in page:
            order.shown_units = units.get(order.pk, 0)

    @display(description=_("customer"), ordering="customer__name")
    def buyer(self, order: Order) -> str:
        return link(order.customer)

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def state_(self, order: Order) -> tuple[str, str]:
        return order.state, order.get_state_display()

    @display(description=_("units"))
    def units(self, order: Order) -> str:
        return number(order.shown_units)

    @display(description=_("total"))
    def owed(self, order: Order) -> str:
        return format_money(order.total_minor, order.currency)

    @display(description=_("tax"))
    def tax(self, order: Order) -> str:
        words = _("%s in it") if order.prices_include_tax else _("%s on top")
        return words % format_money(order.tax_minor, order.currency)

    @display(description=_("paid"))
    def paid(self, order: Order) -> str:
        balance = balance_of(order)
        paid = format_money(balance.paid_minor, order.currency)
        if not balance.paid_back_minor:
            return paid
        back = format_money(balance.paid_back_minor, order.currency)
        return _("%(paid)s, of which %(back)s paid back") % {"paid": paid, "back": back}

    @display(description=_("still owed"))
    def balance(self, order: Order) -> str:
        """By whom, in words: nobody should have to reckon it."""
        balance = balance_of(order)
        if balance.customer_owes_minor:
            owed = format_money(balance.customer_owes_minor, order.currency)
            return _("%s by the customer") % owed
        if balance.shop_owes_minor:
            return _("%s by the shop") % format_money(balance.shop_owes_minor, order.currency)
        return str(_("nothing"))

    @display(description=_("total"), ordering="total_minor")
    def total(self, order: Order) -> str:
        return money(order.total_minor, order.currency)

    @display(description=_("origin"), ordering="is_history")
    def origin(self, order: Order) -> str:
        return _("imported") if order.is_history else _("placed here")

    @admin.action(description=_("Mark as paid"), permissions=["move"])
    def mark_paid(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        self._move_all(request, chosen, orders.pay, str(_("paid")))

    @admin.action(description=_("Mark as shipped"), permissions=["move"])
    def mark_shipped(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        self._move_all(request, chosen, orders.ship, str(_("shipped")))

    @admin.action(description=_("Mark as delivered"), permissions=["move"])
    def mark_delivered(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        self._move_all(request, chosen, orders.deliver, str(_("delivered")))

    @admin.action(description=_("Cancel"), permissions=["move"])
    def mark_cancelled(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        self._move_all(request, chosen, orders.cancel, str(_("cancelled")))

    @action(
        description=_("Mark as paid"),
        permissions=["move"],
        icon="payments",
        dialog=step_dialog(_("Mark as paid"), _("The customer's money has arrived.")),
    )
    def pay(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._move_one(request, object_id, orders.pay, str(_("paid")))

    @action(
        description=_("Mark as shipped"),
        permissions=["move"],
        icon="local_shipping",
        dialog=step_dialog(
            _("Mark as shipped"), _("The goods leave the stock. This cannot be undone.")
        ),
    )
    def ship(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._move_one(request, object_id, orders.ship, str(_("shipped")))

    @action(
        description=_("Mark as delivered"),
        permissions=["move"],
        icon="task_alt",
        dialog=step_dialog(_("Mark as delivered"), _("The customer has the goods.")),
    )
    def deliver(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._move_one(request, object_id, orders.deliver, str(_("delivered")))

    @action(
        description=_("Cancel"),
        permissions=["move"],
        icon="cancel",
        dialog=step_dialog(
            _("Cancel the order"), _("Its units may be sold again. This cannot be undone.")
        ),
    )
    def cancel(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._move_one(request, object_id, orders.cancel, str(_("cancelled")))

    def _move_one(
        self, request: HttpRequest, pk: str, verb: Callable[..., Order], what: str
    ) -> HttpResponse:
        self._move_all(request, Order.objects.filter(pk=pk), verb, what)
        return back_to(Order, pk)

    def _move_all(
        self, request: HttpRequest, chosen: QuerySet[Order], verb: Callable[..., Order], what: str
    ) -> None:
        """One transaction an order: one that cannot go is named and stops no other."""
        refusals, done = [], 0
        for order in chosen.order_by("pk"):
            try:
                verb(order, by=request.user)
                done += 1
            except (orders.OrderError, StockError) as refusal:
                refusals.append(refusal)
        tell_refusals(request, refusals, done, what)


@admin.register(OrderLine)
class OrderLineAdmin(LineCells, ReadOnlyAdmin):
    list_display = ["of", "sku", "text", "units_", "total"]
    list_select_related = ["order", "variant"]
    list_filter = [("kind", ChoicesDropdownFilter), ("variant", AutocompleteSelectFilter)]
    search_fields = ["order__number", "variant__sku"]
    ordering = ["-pk"]

    @display(description=_("order"))
    def of(self, line: OrderLine) -> str:
        return link(line.order)


@admin.register(OrderTransition)
class OrderTransitionAdmin(ReadOnlyAdmin):
    list_display = ["at", "of", "from_state", "to_state", "by", "note"]
    list_select_related = ["order", "by"]
    list_filter = [("to_state", ChoicesDropdownFilter), ("at", RangeDateTimeFilter)]
    search_fields = ["order__number"]
    ordering = ["-pk"]

    @display(description=_("order"))
    def of(self, step: OrderTransition) -> str:
        return link(step.order)


class ReturnLineInline(LineCells, NewestInline):
    model = ReturnLine
    tab = False
    newest_by = ("position",)
    fields = ["sku", "text", "units_", "total"]
    readonly_fields = ["sku", "units_", "total"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("variant", "parent")


@admin.register(Return)
class ReturnAdmin(ReadOnlyAdmin):
    list_display = ["number", "returned_at", "of", "buyer", "refund_", "reason"]
    list_select_related = ["order", "customer"]
    list_filter = [("returned_at", RangeDateTimeFilter), ("is_history", BooleanRadioFilter)]
    search_fields = ["number", "order__number", "customer__code", "customer__email"]
    inlines = [ReturnLineInline]

    @display(description=_("order"))
    def of(self, made: Return) -> str:
        return link(made.order)

    @display(description=_("customer"))
    def buyer(self, made: Return) -> str:
        return link(made.customer)

    @display(description=_("refund"), ordering="refund_minor")
    def refund_(self, made: Return) -> str:
        return money(made.refund_minor, made.currency)


@admin.register(ReturnLine)
class ReturnLineAdmin(LineCells, ReadOnlyAdmin):
    list_display = ["of", "sku", "text", "units_", "total"]
    list_select_related = ["parent", "variant"]
    search_fields = ["parent__number", "variant__sku"]
    ordering = ["-pk"]

    @display(description=_("return"))
    def of(self, line: ReturnLine) -> str:
        return link(line.parent)
