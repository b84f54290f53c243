"""Purchase orders from suggestion to receipt."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from decisions.text import render
from inventory.bindings import text_of


class PurchaseOrderState(models.TextChoices):
    SUGGESTED = "suggested", _("suggested")
    APPROVED = "approved", _("approved")
    SENT = "sent", _("sent")
    PARTLY_RECEIVED = "partly_received", _("partly received")
    RECEIVED = "received", _("received")
    CANCELLED = "cancelled", _("cancelled")


# The whole life of a purchase order; services/purchase_orders.py moves along it and nowhere else.
TRANSITIONS: dict[str, frozenset[str]] = {
    PurchaseOrderState.SUGGESTED: frozenset(
        {PurchaseOrderState.APPROVED, PurchaseOrderState.CANCELLED}
    ),
    PurchaseOrderState.APPROVED: frozenset({PurchaseOrderState.SENT, PurchaseOrderState.CANCELLED}),
    PurchaseOrderState.SENT: frozenset(
        {
            PurchaseOrderState.PARTLY_RECEIVED,
            PurchaseOrderState.RECEIVED,
            PurchaseOrderState.CANCELLED,
        }
    ),
    # Cancelled here: the rest will not come; what arrived stays received.
    PurchaseOrderState.PARTLY_RECEIVED: frozenset(
        {PurchaseOrderState.RECEIVED, PurchaseOrderState.CANCELLED}
    ),
    PurchaseOrderState.RECEIVED: frozenset(),
    PurchaseOrderState.CANCELLED: frozenset(),
}
EDITABLE = (PurchaseOrderState.SUGGESTED, PurchaseOrderState.APPROVED)
# What will still arrive: `on_order` is a sum over these lines, never a counter that can go stale.
INCOMING = (
    PurchaseOrderState.APPROVED,
    PurchaseOrderState.SENT,
    PurchaseOrderState.PARTLY_RECEIVED,
)


class PurchaseOrder(models.Model):
    number = models.CharField(max_length=40, unique=True)
    key = models.CharField(
        max_length=200, unique=True, help_text=_("Supplier, warehouse and cycle: one order each.")
    )
    supplier = models.ForeignKey(
        "inventory.Supplier",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="purchase_orders",
        help_text=_("Empty: choose one before the order can be sent."),
    )
    warehouse = models.ForeignKey(
        "shop.Warehouse", on_delete=models.PROTECT, related_name="purchase_orders"
    )
    state = models.CharField(
        max_length=16, choices=PurchaseOrderState, default=PurchaseOrderState.SUGGESTED
    )
    currency = models.CharField(max_length=3)
    cycle_on = models.DateField(
        _("cycle"), help_text=_("First day of the review period it belongs to.")
    )
    order_by_on = models.DateField(
        _("order by"), null=True, blank=True, help_text=_("Last safe day to order.")
    )
    expected_on = models.DateField(_("expected arrival"), null=True, blank=True)
    decision = models.ForeignKey(
        "decisions.Decision",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="purchase_orders",
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("purchase order")
        verbose_name_plural = _("purchase orders")
        ordering = ["-created_at", "-id"]
        indexes = [
            # The worklist by state, newest first, and on_order over the open states.
            models.Index(fields=["state", "-created_at"], name="po_state_newest"),
        ]

    def __str__(self) -> str:
        return self.number

    def can_become(self, state: str) -> bool:
        return state in TRANSITIONS[PurchaseOrderState(self.state)]

    @property
    def is_editable(self) -> bool:
        return self.state in EDITABLE

    @property
    def is_late(self) -> bool:
        """Past its last safe order date and not sent."""
        today: date = timezone.localdate()
        return self.is_editable and self.order_by_on is not None and self.order_by_on < today


class PurchaseOrderTransition(models.Model):
    """Who moved a purchase order from state to state, and when. Append-only."""

    order = models.ForeignKey(PurchaseOrder, on_delete=models.CASCADE, related_name="transitions")
    from_state = models.CharField(max_length=16, choices=PurchaseOrderState)
    to_state = models.CharField(max_length=16, choices=PurchaseOrderState)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("purchase order transition")
        verbose_name_plural = _("purchase order transitions")
        ordering = ["at", "id"]
        constraints = [
            # The machine has no loops, so each step happens once; a rival's second step fails here.
            models.UniqueConstraint(fields=["order", "to_state"], name="po_enters_state_once")
        ]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class PurchaseOrderLine(models.Model):
    order = models.ForeignKey(PurchaseOrder, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.PROTECT, related_name="purchase_order_lines"
    )
    suggested_units = models.PositiveIntegerField(
        _("suggested"), help_text=_("What the plan says.")
    )
    units = models.PositiveIntegerField(_("to order"), help_text=_("What will be ordered."))
    received_units = models.PositiveIntegerField(_("received"), default=0)
    unit_cost_minor = models.BigIntegerField(
        null=True, blank=True, help_text=_("In the order's currency; empty where unknown.")
    )
    moq = models.PositiveIntegerField(default=1)
    pack_size = models.PositiveIntegerField(default=1)
    inventory_position = models.IntegerField(
        pgettext_lazy("stock", "position"), null=True, blank=True
    )
    reorder_point = models.PositiveIntegerField(null=True, blank=True)
    order_up_to_level = models.PositiveIntegerField(null=True, blank=True)
    safety_stock = models.IntegerField(null=True, blank=True)
    order_by_on = models.DateField(_("order by"), null=True, blank=True)
    expected_minor = models.BigIntegerField(null=True, blank=True)
    expected_low_minor = models.BigIntegerField(null=True, blank=True)
    expected_high_minor = models.BigIntegerField(null=True, blank=True)
    next_unit_minor = models.BigIntegerField(
        _("next unit earns"), null=True, blank=True, help_text=_("Expected money of one unit more.")
    )
    without_units = models.FloatField(
        _("lost without it"), null=True, blank=True, help_text=_("Units lost if nothing is done.")
    )
    without_minor = models.BigIntegerField(
        null=True, blank=True, help_text=_("Margin lost if nothing is done.")
    )
    service_class = models.CharField(max_length=2, blank=True, help_text=_("ABC and XYZ."))
    bindings = models.JSONField(
        default=list, blank=True, help_text=_("What held the plan's number, with its price.")
    )
    assumptions = models.JSONField(
        default=list, blank=True, help_text=_("What was not known: sentences.")
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    edited_at = models.DateTimeField(null=True, blank=True)
    edit_until = models.DateField(
        null=True,
        blank=True,
        help_text=_("Last day on which a buyer's number replaces the plan's."),
    )

    class Meta:
        verbose_name = _("purchase order line")
        verbose_name_plural = _("purchase order lines")
        ordering = ["order_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "variant"], name="po_line_once_per_sku"),
            # Too much is refused by the service; this is the last guard below it.
            models.CheckConstraint(
                condition=Q(received_units__lte=F("units")), name="po_line_not_over_received"
            ),
        ]
        indexes = [
            # What is on order for a SKU.
            models.Index(fields=["variant", "order"], name="po_line_variant"),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.variant_id}"

    @property
    def outstanding_units(self) -> int:
        return self.units - self.received_units

    @property
    def total_minor(self) -> int | None:
        return None if self.unit_cost_minor is None else self.units * self.unit_cost_minor

    @property
    def assumption_texts(self) -> list[str]:
        return [render(text) for text in self.assumptions]

    @property
    def binding_texts(self) -> list[str]:
        return [text_of(binding) for binding in self.bindings]


class Receipt(models.Model):
    """Goods that arrived on one line. The stock ledger holds the same units under the same key."""

    line = models.ForeignKey(PurchaseOrderLine, on_delete=models.PROTECT, related_name="receipts")
    units = models.PositiveIntegerField()
    received_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    key = models.CharField(max_length=200, unique=True, help_text=_("Same key, same receipt."))

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ["-received_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="receipt_units_positive")
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.line_id}"
