"""What the shop sells."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

CODE = RegexValidator(r"^[^\s/]{1,64}$", _("A code has no spaces and no slashes."))


class Channel(models.Model):
    code = models.CharField(max_length=32, unique=True, validators=[CODE])
    name = models.CharField(max_length=100)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    code = models.CharField(max_length=64, unique=True, validators=[CODE])
    name = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    code = models.CharField(max_length=64, unique=True, validators=[CODE])
    name = models.CharField(max_length=200)
    name_zh = models.CharField(max_length=200, blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="category_not_own_parent",
            )
        ]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)


class Attribute(models.Model):
    """What a product can be described by; values live on the product under the code."""

    class Kind(models.TextChoices):
        TEXT = "text", pgettext_lazy("kind of attribute", "text")
        NUMBER = "number", pgettext_lazy("kind of attribute", "number")
        CHOICE = "choice", _("choice")
        YES_NO = "yes_no", _("yes or no")

    code = models.CharField(max_length=64, unique=True, validators=[CODE])
    name = models.CharField(max_length=100)
    name_zh = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TEXT)
    unit = models.CharField(max_length=20, blank=True)
    choices = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        ordering = ["code"]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)


class Product(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        ACTIVE = "active", _("on sale")
        ARCHIVED = "archived", _("archived")

    code = models.CharField(max_length=64, unique=True, validators=[CODE])
    name = models.CharField(max_length=300)
    name_zh = models.CharField(max_length=300, blank=True)
    description = models.TextField(blank=True)
    description_zh = models.TextField(blank=True)
    brand = models.ForeignKey(
        Brand, null=True, blank=True, on_delete=models.PROTECT, related_name="products"
    )
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.PROTECT, related_name="products"
    )
    attributes = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    tax_class = models.CharField(
        max_length=20, default="standard", help_text=_("Which of the tax rates applies.")
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["code"]
        indexes = [
            # The storefront lists what is on sale, by code.
            models.Index(fields=["state", "code"], name="product_state_code"),
        ]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh) or self.code


class ProductImage(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    file = models.FileField(upload_to="products/", blank=True)
    url = models.URLField(blank=True)
    alt = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("product image")
        verbose_name_plural = _("product images")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(file="") | ~Q(url=""), name="image_has_file_or_url")
        ]

    def __str__(self) -> str:
        return self.alt or self.url or self.file.name or ""


class VariantQuerySet(models.QuerySet["Variant"]):
    def on_sale(self) -> VariantQuerySet:
        """Listed for sale; says nothing of stock."""
        return self.filter(is_active=True, product__state=Product.State.ACTIVE)

    def annotate_available(self) -> VariantQuerySet:
        """`available_units` summed over warehouses: 0 without a stock row. One subquery."""
        from .stock import StockLevel  # StockLevel points at Variant; both are in this package

        per_variant = (
            StockLevel.objects.filter(variant=OuterRef("pk"))
            .order_by()
            .values("variant")
            .annotate(units=Sum(F("on_hand") - F("allocated") - F("reserved") - F("ring_fenced")))
            .values("units")
        )
        return self.annotate(available_units=Coalesce(Subquery(per_variant), Value(0)))

    def held(self, at: datetime) -> VariantQuerySet:
        """Under a selling hold at that time. Asks the few holds, not the many variants."""
        from .stock import SellingHold

        return self.filter(pk__in=SellingHold.objects.in_force(at).values("variant_id"))

    def sellable(self, at: datetime) -> VariantQuerySet:
        """On sale, not held, and available (or not stock-keeping at all)."""
        from .stock import SellingHold

        held = SellingHold.objects.in_force(at).values("variant_id")
        return (
            self.on_sale()
            .annotate_available()
            .exclude(pk__in=held)
            .filter(Q(available_units__gt=0) | Q(tracks_stock=False))
        )


class Variant(models.Model):
    """One stock-keeping unit: what is counted, priced and sold."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="variants")
    sku = models.CharField(_("SKU"), max_length=64, unique=True, validators=[CODE])
    name = models.CharField(max_length=200, blank=True, help_text=_("Size, colour …"))
    attributes = models.JSONField(default=dict, blank=True)
    barcode = models.CharField(max_length=64, blank=True)
    cost_minor = models.BigIntegerField(
        null=True, blank=True, help_text=_("Unit cost in minor units.")
    )
    weight_g = models.PositiveIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    tracks_stock = models.BooleanField(
        default=True,
        help_text=_("No: never counted (imported history, downloads); sold without a stock check."),
    )
    min_shelf_life_days = models.PositiveSmallIntegerField(
        default=0, help_text=_("Not sold within so many days of expiry.")
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = VariantQuerySet.as_manager()

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["sku"]
        constraints = [
            models.CheckConstraint(
                condition=Q(cost_minor__isnull=True) | Q(cost_minor__gte=0),
                name="variant_cost_not_negative",
            )
        ]

    def __str__(self) -> str:
        return self.sku


class KitComponent(models.Model):
    """A kit is a variant made of so many units of others; only its components are counted."""

    kit = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="components")
    component = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="used_in")
    units = models.PositiveIntegerField(help_text=_("In one kit."))

    class Meta:
        verbose_name = _("kit component")
        verbose_name_plural = _("kit components")
        ordering = ["kit_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["kit", "component"], name="kit_component_once"),
            models.CheckConstraint(
                condition=Q(units__gt=0) & ~Q(kit=F("component")), name="kit_component_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.component_id}"


def in_reader_language(text: str, text_zh: str) -> str:
    """The Chinese text for a Chinese reader where there is one, else the other."""
    if (get_language() or "").startswith("zh"):
        return text_zh or text
    return text or text_zh
