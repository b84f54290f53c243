"""Orders, their lines and their way through the shop; returns."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class OrderState(models.TextChoices):
    PLACED = "placed", _("placed")
    PAID = "paid", _("paid")
    SHIPPED = "shipped", _("shipped")
    DELIVERED = "delivered", _("delivered")
    CANCELLED = "cancelled", _("cancelled")


# Every way through the shop stands here; services/orders.py moves along it and nowhere else.
TRANSITIONS: dict[str, frozenset[str]] = {
    OrderState.PLACED: frozenset({OrderState.PAID, OrderState.CANCELLED}),
    OrderState.PAID: frozenset({OrderState.SHIPPED, OrderState.CANCELLED}),
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
    state = models.CharField(max_length=10, choices=OrderState, default=OrderState.PLACED)
    currency = models.CharField(max_length=3)
    items_minor = models.BigIntegerField(help_text=_("Sum of the lines."))
    total_minor = models.BigIntegerField(help_text=_("What the customer owes."))
    country = models.CharField(max_length=60, blank=True)
    placed_at = models.DateTimeField()
    is_history = models.BooleanField(
        default=False, help_text=_("Imported: it never moved the stock ledger.")
    )
    idempotency_key = models.CharField(max_length=200, unique=True, null=True, blank=True)
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
        ]

    def __str__(self) -> str:
        return self.number

    def can_become(self, state: str) -> bool:
        return state in TRANSITIONS[OrderState(self.state)]


class OrderTransition(models.Model):
    """Who moved an order from state to state, and when. Append-only."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="transitions")
    from_state = models.CharField(max_length=10, choices=OrderState)
    to_state = models.CharField(max_length=10, choices=OrderState)
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

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class LineKind(models.TextChoices):
    ITEM = "item", _("item")
    SHIPPING = "shipping", _("shipping")
    DISCOUNT = "discount", _("discount")
    FEE = "fee", _("fee")


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=LineKind, default=LineKind.ITEM)
    variant = models.ForeignKey(
        "shop.Variant", null=True, blank=True, on_delete=models.PROTECT, related_name="order_lines"
    )
    warehouse = models.ForeignKey(
        "shop.Warehouse", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    text = models.CharField(max_length=300, blank=True, help_text=_("As it stood on the order."))
    units = models.IntegerField()
    unit_price_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()

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
        ]
        indexes = [
            # Units sold of a SKU.
            models.Index(fields=["variant", "order"], name="line_variant_order"),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.text or self.variant_id}"


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
                condition=Q(total_minor=F("units") * F("unit_refund_minor")),
                name="return_line_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.text or self.variant_id}"
