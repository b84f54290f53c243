"""What the shop sells."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import (
    Case,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

WHOLE = models.BigIntegerField()
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


def _units_on_sale(variant_id: OuterRef) -> QuerySet:
    """The sum of a variant's levels, as a subquery of one value."""
    from .stock import StockLevel  # StockLevel points at Variant; both are in this package

    levels = StockLevel.objects.filter(variant=variant_id).order_by().values("variant")
    units = Sum(F("on_hand") - F("allocated") - F("reserved") - F("ring_fenced"))
    # PostgreSQL sums bigints to a numeric, whose division would not be a whole number.
    return levels.annotate(units=Cast(units, WHOLE)).values("units")


def _kits_on_sale(kit_id: OuterRef) -> QuerySet:
    """How many kits the components on sale make, as a subquery of one value."""
    on_sale = Coalesce(
        Subquery(_units_on_sale(OuterRef("component"))), Value(0, output_field=WHOLE)
    )
    counted = KitComponent.objects.filter(kit=kit_id, component__tracks_stock=True)
    made = (
        counted.annotate(made=ExpressionWrapper(on_sale / F("units"), output_field=WHOLE))
        .order_by()
        .values("kit")
    )
    return made.annotate(least=models.Min("made")).values("least")


class VariantQuerySet(models.QuerySet["Variant"]):
    def on_sale(self) -> VariantQuerySet:
        """Listed for sale; says nothing of stock."""
        return self.filter(is_active=True, product__state=Product.State.ACTIVE)

    def annotate_available(self) -> VariantQuerySet:
        """`available_units` summed over warehouses: 0 without a stock row.

        Of a kit: as many as its scarcest component allows; one that is never counted allows any.
        """
        own = Coalesce(Subquery(_units_on_sale(OuterRef("pk"))), Value(0, output_field=WHOLE))
        kit = KitComponent.objects.filter(kit=OuterRef("pk"))
        of_components = Coalesce(
            Subquery(_kits_on_sale(OuterRef("pk"))), Value(0, output_field=WHOLE)
        )
        return self.annotate(
            available_units=Case(
                When(Exists(kit), then=of_components), default=own, output_field=WHOLE
            )
        )

    def held(self, at: datetime) -> VariantQuerySet:
        """Under a selling hold at that time, itself or a component of the kit that it is.

        Asks the few holds, not the many variants.
        """
        return self.filter(_held(at))

    def sellable(self, at: datetime) -> VariantQuerySet:
        """On sale, not held, and available (or not stock-keeping at all)."""
        return self._open(at).filter(Q(available_units__gt=0) | Q(tracks_stock=False))

    def sellable_in_flash_sale(self, at: datetime) -> VariantQuerySet:
        """As `sellable`, units set aside for a flash sale included: `sale_fence` is their quota's key."""
        from .stock import RingFence  # RingFence points at Variant; both are in this package

        fences = RingFence.objects.for_flash_sale(at).filter(variant=OuterRef("pk"))
        found = self._open(at).annotate(sale_fence=Subquery(fences.values("pk")[:1]))
        fenced = Q(sale_fence__isnull=False)
        return found.filter(Q(available_units__gt=0) | Q(tracks_stock=False) | fenced)

    def _open(self, at: datetime) -> VariantQuerySet:
        return self.on_sale().annotate_available().exclude(_held(at))


def _held(at: datetime) -> Q:
    """A part that was recalled stops the kits that it is in, else it is sold inside of them."""
    from .stock import SellingHold

    held = SellingHold.objects.in_force(at).values("variant_id")
    return Q(pk__in=held) | Q(pk__in=KitComponent.objects.filter(component__in=held).values("kit"))


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

    def clean(self) -> None:
        """A kit is made of SKUs that are counted themselves, and is on no shelf itself."""
        from .stock import StockLevel

        if self.kit_id is None or self.component_id is None:
            return
        if KitComponent.objects.filter(Q(kit=self.component_id) | Q(component=self.kit_id)):
            raise ValidationError(_("A kit cannot be a part of another kit."))
        if not self.component.tracks_stock:
            raise ValidationError(_("A component has to be counted."))
        if StockLevel.objects.filter(variant=self.kit_id).exclude(on_hand=0).exists():
            raise ValidationError(_("There are units of this SKU on hand: it cannot be a kit."))


def in_reader_language(text: str, text_zh: str) -> str:
    """The Chinese text for a Chinese reader where there is one, else the other."""
    if (get_language() or "").startswith("zh"):
        return text_zh or text
    return text or text_zh
