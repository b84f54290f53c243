"""The stock ledger: append-only movements and the counters they prove."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .catalogue import CODE


class Warehouse(models.Model):
    code = models.CharField(max_length=32, unique=True, validators=[CODE])
    name = models.CharField(max_length=100)
    country = models.CharField(max_length=2, blank=True)
    priority = models.PositiveSmallIntegerField(default=0, help_text=_("Lowest ships first."))

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        ordering = ["priority", "code"]

    def __str__(self) -> str:
        return self.name


class StockLevel(models.Model):
    """Counters of one SKU in one warehouse. Changed only by shop.services.stock.stock."""

    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.PROTECT, related_name="stock_levels"
    )
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="stock_levels")
    on_hand = models.BigIntegerField(default=0)
    allocated = models.BigIntegerField(default=0, help_text=_("Ordered, not yet shipped."))
    reserved = models.BigIntegerField(default=0, help_text=_("In carts, expires."))
    ring_fenced = models.BigIntegerField(default=0, help_text=_("Set aside for a sale."))

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        ordering = ["variant__sku", "warehouse__priority"]
        constraints = [
            models.UniqueConstraint(fields=["variant", "warehouse"], name="one_level_per_place"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0) & Q(reserved__gte=0) & Q(ring_fenced__gte=0),
                name="stock_counters_not_negative",
            ),
            # Never oversold: the last guard, below every service.
            models.CheckConstraint(
                condition=Q(on_hand__gte=F("allocated") + F("reserved") + F("ring_fenced")),
                name="stock_available_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id}@{self.warehouse_id}"

    @property
    def available(self) -> int:
        return self.on_hand - self.allocated - self.reserved - self.ring_fenced


class Batch(models.Model):
    """Units of one SKU in one warehouse that share an expiry date. Part of `on_hand`, not beside it.

    Goods without a batch are simply the rest of the level's `on_hand`.
    """

    variant = models.ForeignKey("shop.Variant", on_delete=models.PROTECT, related_name="batches")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="batches")
    code = models.CharField(max_length=64, validators=[CODE])
    expires_on = models.DateField(null=True, blank=True)
    on_hand = models.BigIntegerField(default=0)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["expires_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "warehouse", "code"], name="one_batch_per_code_and_place"
            ),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="batch_on_hand_not_negative"),
        ]
        indexes = [
            # First expired, first out: the batches of a level that still hold units.
            models.Index(
                fields=["variant", "warehouse", "expires_on"],
                condition=Q(on_hand__gt=0),
                name="batch_first_expired",
            ),
        ]

    def __str__(self) -> str:
        return self.code


FLASH_SALE = "flash-sale:"  # how the purpose of a fence begins whose units a flash sale sells


class RingFenceQuerySet(models.QuerySet["RingFence"]):
    def for_flash_sale(self, at: datetime) -> RingFenceQuerySet:
        """Quotas that a flash sale may sell from at that time, the largest first."""
        standing = Q(ends_at__isnull=True) | Q(ends_at__gt=at)
        theirs = self.filter(standing, released_at__isnull=True, purpose__startswith=FLASH_SALE)
        return theirs.filter(units_left__gt=0).order_by("-units_left", "id")


class RingFence(models.Model):
    """A quota of a level that is set aside for a purpose: a sale, an expired batch.

    Its units count in the level's `ring_fenced` and can be sold only by whoever names the fence.
    """

    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.PROTECT, related_name="ring_fences"
    )
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="ring_fences")
    purpose = models.CharField(max_length=120, help_text=_("flash-sale:7, expired:LOT-9 …"))
    units = models.PositiveIntegerField(help_text=_("Set aside at the beginning."))
    units_left = models.BigIntegerField(help_text=_("Neither sold nor given back yet."))
    key = models.CharField(max_length=200, unique=True, help_text=_("Same key, same fence."))
    ends_at = models.DateTimeField(null=True, blank=True, help_text=_("Given back from then on."))
    released_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = RingFenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("ring fence")
        verbose_name_plural = _("ring fences")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gt=0) & Q(units_left__gte=0), name="ring_fence_units_left"
            ),
        ]
        indexes = [
            # Fences whose time is over; nearly all rows are closed.
            models.Index(
                fields=["ends_at"], condition=Q(released_at__isnull=True), name="ring_fence_to_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.units_left} × {self.variant_id}"

    def is_open(self, at: datetime) -> bool:
        """Its units may still be sold; later they go back to everybody."""
        return self.released_at is None and (self.ends_at is None or self.ends_at > at)


class MovementKind(models.TextChoices):
    RECEIVE = "receive", _("received")
    ADJUST = "adjust", _("adjusted")
    COUNT = "count", _("counted")
    RESERVE = "reserve", _("reserved")
    RELEASE = "release", _("released")
    EXPIRE = "expire", _("expired")
    ALLOCATE = "allocate", _("allocated")
    CANCEL = "cancel", _("allocation cancelled")
    CONSUME = "consume", _("shipped")
    RETURN = "return", _("returned")
    TRANSFER = "transfer", _("transferred")
    RING_FENCE = "ring_fence", _("set aside")
    UNFENCE = "unfence", _("given back from a sale")


class StockMovement(models.Model):
    """One change of the counters. Never edited, never deleted (trigger in migration 0002)."""

    variant = models.ForeignKey("shop.Variant", on_delete=models.PROTECT, related_name="movements")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=10, choices=MovementKind)
    on_hand_delta = models.BigIntegerField(default=0)
    allocated_delta = models.BigIntegerField(default=0)
    reserved_delta = models.BigIntegerField(default=0)
    ring_fenced_delta = models.BigIntegerField(default=0)
    batch = models.ForeignKey(
        Batch, null=True, blank=True, on_delete=models.PROTECT, related_name="movements"
    )
    ring_fence = models.ForeignKey(
        RingFence, null=True, blank=True, on_delete=models.PROTECT, related_name="movements"
    )
    reference = models.CharField(max_length=120, blank=True, help_text=_("order:1001, po:7 …"))
    reason = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=200, unique=True, help_text=_("Same key, same movement."))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    occurred_at = models.DateTimeField(default=timezone.now)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ["-id"]
        indexes = [
            # A SKU's ledger page and the days it was out of stock.
            models.Index(fields=["variant", "warehouse", "occurred_at"], name="movement_ledger"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.variant_id}@{self.warehouse_id}"


class Reservation(models.Model):
    """Units of one SKU held for a cart until a time."""

    class State(models.TextChoices):
        HELD = "held", _("held")
        ORDERED = "ordered", _("ordered")
        RELEASED = "released", _("released")
        EXPIRED = "expired", _("expired")

    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.PROTECT, related_name="reservations"
    )
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="reservations")
    ring_fence = models.ForeignKey(
        RingFence, null=True, blank=True, on_delete=models.PROTECT, related_name="reservations"
    )
    kit = models.ForeignKey(
        "shop.Variant", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cart = models.CharField(max_length=64)
    units = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.HELD)
    key = models.CharField(max_length=200, unique=True)
    request_sha256 = models.CharField(
        max_length=64, blank=True, help_text=_("What was asked under the key.")
    )
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="reservation_units_positive")
        ]
        indexes = [
            # Expiry looks for held rows past their time; nearly all rows are closed.
            models.Index(
                fields=["expires_at"], condition=Q(state="held"), name="reservation_to_expire"
            ),
            # A cart's own lines.
            models.Index(fields=["cart"], name="reservation_cart"),
        ]

    def __str__(self) -> str:
        return f"{self.cart}: {self.units} × {self.variant_id}"


class SellingHoldQuerySet(models.QuerySet["SellingHold"]):
    def in_force(self, at: datetime) -> SellingHoldQuerySet:
        return self.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at), began_at__lte=at)


class SellingHold(models.Model):
    """Somebody stopped the sale of a SKU (a defect, a recall), with a reason, until lifted."""

    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="selling_holds"
    )
    reason = models.CharField(max_length=200)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = SellingHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("selling hold")
        verbose_name_plural = _("selling holds")
        ordering = ["-began_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["variant"], condition=Q(ended_at__isnull=True), name="one_open_hold_per_sku"
            )
        ]

    def __str__(self) -> str:
        return f"{self.variant_id}: {self.reason}"
