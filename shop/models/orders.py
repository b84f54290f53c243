"""Orders, their lines and their way through the shop; returns."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class OrderState(models.TextChoices):
    PLACED = "placed", _("placed")
    PAID = "paid", _("paid")
    PART_SHIPPED = "part_shipped", _("partly shipped")
    SHIPPED = "shipped", _("shipped")
    DELIVERED = "delivered", _("delivered")
    CANCELLED = "cancelled", _("cancelled")


# Every way through the shop stands here; services/orders.py moves along it and nowhere else.
TRANSITIONS: dict[str, frozenset[str]] = {
    OrderState.PLACED: frozenset({OrderState.PAID, OrderState.CANCELLED}),
    OrderState.PAID: frozenset({OrderState.PART_SHIPPED, OrderState.SHIPPED, OrderState.CANCELLED}),
    OrderState.PART_SHIPPED: frozenset({OrderState.SHIPPED}),
    OrderState.SHIPPED: frozenset({OrderState.DELIVERED}),
    OrderState.DELIVERED: frozenset(),
    OrderState.CANCELLED: frozenset(),
}


class Order(models.Model):
    number = models.CharField(max_length=64, unique=True)
    customer = models.ForeignKey(
        "shop.Customer", null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    channel = models.ForeignKey(
        "shop.Channel", null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    state = models.CharField(max_length=12, choices=OrderState, default=OrderState.PLACED)
    currency = models.CharField(max_length=3)
    items_minor = models.BigIntegerField(help_text=_("Sum of the lines."))
    total_minor = models.BigIntegerField(help_text=_("What the customer owes."))
    prices_include_tax = models.BooleanField(default=True)
    tax_minor = models.BigIntegerField(
        default=0, help_text=_("Within the total, or on top where prices are without tax.")
    )
    exchange_of = models.ForeignKey(
        "shop.Return", null=True, blank=True, on_delete=models.PROTECT, related_name="exchanges"
    )
    country = models.CharField(max_length=60, blank=True)
    pay_by = models.DateTimeField(
        null=True, blank=True, help_text=_("Unpaid after this, its stock is released.")
    )
    placed_at = models.DateTimeField()
    is_history = models.BooleanField(
        default=False, help_text=_("Imported: it never moved the stock ledger.")
    )
    idempotency_key = models.CharField(max_length=200, unique=True, null=True, blank=True)
    request_sha256 = models.CharField(
        max_length=64, blank=True, help_text=_("What was asked for under the key.")
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-placed_at", "-id"]
        indexes = [
            # Sales by day and every "as of" read.
            models.Index(fields=["placed_at"], name="order_placed"),
            # A customer's history, newest first.
            models.Index(fields=["customer", "-placed_at"], name="order_customer"),
            # The admin's default list.
            models.Index(fields=["-placed_at", "-id"], name="order_newest"),
            # Unpaid orders whose time is over; nearly all orders have left this state.
            models.Index(fields=["pay_by"], condition=Q(state="placed"), name="order_to_be_paid"),
        ]

    def __str__(self) -> str:
        return self.number

    def can_become(self, state: str) -> bool:
        return state in TRANSITIONS[OrderState(self.state)]


class OrderTransition(models.Model):
    """Who moved an order from state to state, and when. Append-only."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="transitions")
    from_state = models.CharField(max_length=12, choices=OrderState)
    to_state = models.CharField(max_length=12, choices=OrderState)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("order transition")
        verbose_name_plural = _("order transitions")
        ordering = ["at", "id"]
        constraints = [
            # The machine has no loops, so each step happens once; a rival's second step fails here.
            models.UniqueConstraint(fields=["order", "to_state"], name="order_enters_state_once")
        ]
        indexes = [
            # What was delivered within a time: asked every minute.
            models.Index(fields=["to_state", "at"], name="transition_state_at")
        ]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class LineKind(models.TextChoices):
    ITEM = "item", _("item")
    SHIPPING = "shipping", _("shipping")
    DISCOUNT = "discount", _("discount")
    FEE = "fee", _("fee")


# What a sum over lines adds up: units of a cancelled rest were given up before they left.
SOLD_UNITS = F("units") - F("cancelled_units")


def given_up_minor() -> Combinable:
    """Of what was paid for a line, the share of its cancelled units.

    It is what was refunded, or a minor unit less where other units had come back before.
    """
    return _of_cancelled(_paid_minor())


def sold_net_minor() -> Combinable:
    """What the units of a line that stand brought, after discounts and without tax."""
    tax = F("tax_minor")
    return _paid_minor() - _of_cancelled(_paid_minor()) - (tax - _of_cancelled(tax))


def _paid_minor() -> Combinable:
    on_top = Case(
        When(order__prices_include_tax=True, then=Value(0)),
        default=F("tax_minor"),
        output_field=models.BigIntegerField(),
    )
    return F("total_minor") - F("discount_minor") + on_top


def _of_cancelled(minor: Combinable) -> Combinable:
    """Rounded down, as `part_of` in shop/shares.py does it for the refund of the first units."""
    return minor * F("cancelled_units") / F("units")


class OrderLineQuerySet(models.QuerySet["OrderLine"]):
    def sold(self) -> OrderLineQuerySet:
        """Goods of orders that stand; a line of which every unit was cancelled was not sold."""
        return self.sold_units().exclude(order__state=OrderState.CANCELLED)

    def sold_units(self) -> OrderLineQuerySet:
        """The same of orders of which the reader knows already that they stand."""
        return self.filter(kind=LineKind.ITEM, units__gt=F("cancelled_units"))

    def sold_as_of(self, at: datetime) -> OrderLineQuerySet:
        """Goods of orders that were placed before a moment and stood then, with `units_then` and
        `given_up_then` (minor units of money). What was cancelled later was not cancelled yet."""
        later = OrderTransition.objects.filter(order=OuterRef("order"), at__gte=at)
        to_come = Exists(later.filter(to_state=OrderState.CANCELLED))
        # The rest of a part-shipped order is cancelled with the step that makes it shipped.
        is_whole = to_come | Exists(
            later.filter(from_state=OrderState.PART_SHIPPED, to_state=OrderState.SHIPPED)
        )
        return self.filter(
            ~Q(order__state=OrderState.CANCELLED) | Q(to_come),
            kind=LineKind.ITEM,
            order__placed_at__lt=at,
        ).annotate(
            units_then=Case(When(is_whole, then=F("units")), default=SOLD_UNITS),
            given_up_then=Case(
                When(is_whole, then=Value(0)),
                default=given_up_minor(),
                output_field=models.BigIntegerField(),
            ),
        )


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=LineKind, default=LineKind.ITEM)
    variant = models.ForeignKey(
        "shop.Variant", null=True, blank=True, on_delete=models.PROTECT, related_name="order_lines"
    )
    text = models.CharField(max_length=300, blank=True, help_text=_("As it stood on the order."))
    units = models.IntegerField(help_text=_("As ordered."))
    cancelled_units = models.PositiveIntegerField(
        default=0, help_text=_("Given up before they left; never sold.")
    )
    unit_price_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField(help_text=_("Before discounts of the whole order."))
    discount_minor = models.BigIntegerField(
        default=0, help_text=_("Its share of the discounts of the whole order.")
    )
    tax_basis_points = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("2000 is 20 %; empty: no rate was known, 0 was taken.")
    )
    tax_minor = models.BigIntegerField(default=0)

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_position"),
            models.CheckConstraint(condition=Q(units__gt=0), name="order_line_units_positive"),
            models.CheckConstraint(
                condition=Q(total_minor=F("units") * F("unit_price_minor")),
                name="order_line_adds_up",
            ),
            models.CheckConstraint(
                condition=~Q(kind="item") | Q(variant__isnull=False), name="order_item_has_variant"
            ),
            models.CheckConstraint(
                condition=Q(units__gte=F("cancelled_units")), name="order_line_cancels_what_it_has"
            ),
        ]
        indexes = [
            # Units sold of a SKU.
            models.Index(fields=["variant", "order"], name="line_variant_order"),
            # What customers spent is less what was cancelled; nearly all lines stand whole.
            models.Index(
                fields=["order"], condition=Q(cancelled_units__gt=0), name="line_partly_cancelled"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.text or self.variant_id}"


class Allocation(models.Model):
    """Units promised to an order line: which SKU (of a kit: which component) from which place."""

    order_line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="allocations")
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.PROTECT, related_name="allocations"
    )
    warehouse = models.ForeignKey(
        "shop.Warehouse", on_delete=models.PROTECT, related_name="allocations"
    )
    units = models.PositiveIntegerField()
    shipped_units = models.PositiveIntegerField(default=0)
    cancelled_units = models.PositiveIntegerField(default=0)
    returned_units = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        ordering = ["order_line_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order_line", "variant", "warehouse"], name="one_allocation_per_place"
            ),
            models.CheckConstraint(
                condition=Q(units__gt=0) & Q(units__gte=F("shipped_units") + F("cancelled_units")),
                name="allocation_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(shipped_units__gte=F("returned_units")),
                name="allocation_returns_what_was_shipped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.variant_id}@{self.warehouse_id}"

    @property
    def open_units(self) -> int:
        return self.units - self.shipped_units - self.cancelled_units


class Shipment(models.Model):
    """One parcel: what left one warehouse for an order at one time."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    number = models.CharField(max_length=64, unique=True, help_text=_("Same number, same parcel."))
    warehouse = models.ForeignKey(
        "shop.Warehouse", on_delete=models.PROTECT, related_name="shipments"
    )
    carrier = models.CharField(max_length=60, blank=True)
    tracking_code = models.CharField(max_length=100, blank=True)
    shipped_at = models.DateTimeField(default=timezone.now)
    shipped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        ordering = ["-shipped_at", "-id"]

    def __str__(self) -> str:
        return self.number


class ShipmentLine(models.Model):
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="lines")
    allocation = models.ForeignKey(
        Allocation, on_delete=models.PROTECT, related_name="shipment_lines"
    )
    units = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("shipment line")
        verbose_name_plural = _("shipment lines")
        ordering = ["shipment_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["shipment", "allocation"], name="shipped_once_a_parcel"
            ),
            models.CheckConstraint(condition=Q(units__gt=0), name="shipment_line_units_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.allocation_id}"


class Return(models.Model):
    """Goods that came back, or a cancellation after the fact: money out."""

    number = models.CharField(max_length=64, unique=True)
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="returns"
    )
    customer = models.ForeignKey(
        "shop.Customer", null=True, blank=True, on_delete=models.PROTECT, related_name="returns"
    )
    currency = models.CharField(max_length=3)
    refund_minor = models.BigIntegerField()
    reason = models.CharField(max_length=200, blank=True)
    returned_at = models.DateTimeField()
    is_history = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ["-returned_at", "-id"]
        indexes = [models.Index(fields=["returned_at"], name="return_at")]  # returns by day

    def __str__(self) -> str:
        return self.number


class ReturnLine(models.Model):
    parent = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=LineKind, default=LineKind.ITEM)
    variant = models.ForeignKey(
        "shop.Variant", null=True, blank=True, on_delete=models.PROTECT, related_name="return_lines"
    )
    order_line = models.ForeignKey(
        OrderLine, null=True, blank=True, on_delete=models.PROTECT, related_name="returned_in"
    )
    text = models.CharField(max_length=300, blank=True)
    units = models.PositiveIntegerField()
    unit_refund_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()

    class Meta:
        verbose_name = _("return line")
        verbose_name_plural = _("return lines")
        ordering = ["parent_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["parent", "position"], name="return_line_position"),
            models.CheckConstraint(
                # The unit's refund is rounded down; the units left over stand in the total.
                condition=Q(total_minor__gte=F("units") * F("unit_refund_minor"))
                & Q(total_minor__lt=F("units") * (F("unit_refund_minor") + 1)),
                name="return_line_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.text or self.variant_id}"
