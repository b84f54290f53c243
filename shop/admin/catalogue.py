"""What the shop sells."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
)
from unfold.decorators import display

from shop.admin.base import Inline, NewestInline, ShopAdmin, header, link, money, number
from shop.admin.exports import Exported
from shop.api.rows import image_addresses
from shop.models import (
    Attribute,
    Brand,
    Category,
    Channel,
    KitComponent,
    Price,
    Product,
    ProductImage,
    SellingHold,
    StockLevel,
    Variant,
)
from shop.money import format_money
from shop.services.announcements import announce_product
from shop.services.prices import price_at, prices_at
from shop.services.prior_prices import reduction_of

STATE_COLOURS = {"active": "success", "draft": "warning", "archived": "info"}


class VariantInline(Inline):
    model = Variant
    fields = ["sku", "name", "cost_minor", "is_active", "tracks_stock"]
    show_change_link = True


class ImageInline(Inline):
    model = ProductImage
    fields = ["file", "url", "alt", "position"]


@admin.register(Product)
class ProductAdmin(Exported, ShopAdmin):
    export_kind = "products"
    list_display = ["what", "brand", "category", "state_", "skus", "price_from", "available"]
    list_select_related = ["brand", "category"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("category", AutocompleteSelectFilter),
        ("brand", AutocompleteSelectFilter),
    ]
    search_fields = ["code", "name", "name_zh", "variants__sku"]
    autocomplete_fields = ["brand", "category"]
    readonly_fields = ["created_at", "updated_at"]
    inlines = [VariantInline, ImageInline]
    fieldsets = [
        (None, {"fields": [("code", "state"), ("name", "name_zh"), ("brand", "category")]}),
        (_("Description"), {"fields": ["description", "description_zh", "attributes"]}),
        (_("History"), {"fields": [("created_at", "updated_at")]}),
    ]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        announce_product(form.instance)

    def prepare_page(self, page: list[Product]) -> None:
        images = image_addresses([product.pk for product in page])
        variants = Variant.objects.filter(product__in=page).annotate_available()
        by_product: dict[int, list[dict[str, Any]]] = defaultdict(list)
        rows = list(variants.values("pk", "product_id", "available_units", "tracks_stock"))
        for row in rows:
            by_product[row["product_id"]].append(row)
        prices = prices_at([row["pk"] for row in rows], timezone.now())
        for product in page:
            product.shown_image = next(iter(images[product.pk]), "")
            product.shown_variants = by_product[product.pk]
            asked = [prices[v["pk"]] for v in by_product[product.pk] if v["pk"] in prices]
            product.shown_price = min(asked, key=lambda price: price.amount_minor, default=None)

    @display(description=_("product"), ordering="name", header=True)
    def what(self, product: Product) -> list[Any]:
        return header(str(product), product.code, product.shown_image)

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def state_(self, product: Product) -> tuple[str, str]:
        return product.state, product.get_state_display()

    @display(description=_("SKUs"))
    def skus(self, product: Product) -> str:
        return number(len(product.shown_variants))

    @display(description=_("price from"))
    def price_from(self, product: Product) -> str:
        price = product.shown_price
        return money(price.amount_minor, price.currency) if price else money(None)

    @display(description=_("available"))
    def available(self, product: Product) -> str:
        """An en dash for what was never counted: unknown is not 0."""
        counted = [v["available_units"] for v in product.shown_variants if v["tracks_stock"]]
        return number(sum(counted) if counted else None)


class PriceInline(NewestInline):
    model = Price
    verbose_name_plural = _("price ledger")
    newest_by = ("-valid_from", "-pk")
    fields = ["amount", "kind", "channel", "valid_from", "valid_until", "source"]
    readonly_fields = ["amount"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("channel")

    @admin.display(description=_("price"))
    def amount(self, price: Price) -> str:
        return money(price.amount_minor, price.currency)


class StockInline(NewestInline):
    model = StockLevel
    verbose_name_plural = _("stock by warehouse")
    fields = ["warehouse", "on_hand", "allocated", "reserved", "ring_fenced", "units_available"]
    readonly_fields = ["units_available"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("warehouse")

    @admin.display(description=_("available"))
    def units_available(self, level: StockLevel) -> str:
        return number(level.available)


class KitInline(Inline):
    model = KitComponent
    fk_name = "kit"
    verbose_name_plural = _("made of")
    autocomplete_fields = ["component"]
    fields = ["component", "units"]


class HoldInline(NewestInline):
    model = SellingHold
    fields = ["reason", "began_at", "ended_at", "created_by"]


@admin.register(Variant)
class VariantAdmin(ShopAdmin):
    list_display = ["what", "price", "cost", "on_hand", "promised", "available", "sale"]
    list_select_related = ["product"]
    list_filter = [
        ("is_active", BooleanRadioFilter),
        ("tracks_stock", BooleanRadioFilter),
        ("product__category", AutocompleteSelectFilter),
    ]
    search_fields = ["sku", "name", "barcode", "product__name", "product__name_zh"]
    autocomplete_fields = ["product"]
    inlines = [StockInline, PriceInline, KitInline, HoldInline]
    fieldsets = [
        (None, {"fields": [("product", "sku"), ("name", "barcode"), "attributes"]}),
        (_("Now"), {"fields": [("price_now", "sale_now"), "available_now"]}),
        (_("Stock"), {"fields": [("cost_minor", "weight_g"), ("is_active", "tracks_stock")]}),
    ]
    readonly_fields = ["price_now", "sale_now", "available_now"]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        announce_product(form.instance.product)

    def prepare_page(self, page: list[Variant]) -> None:
        pks = [variant.pk for variant in page]
        now = timezone.now()
        images = image_addresses({variant.product_id for variant in page})
        prices = prices_at(pks, now)
        held = set(Variant.objects.held(now).filter(pk__in=pks).values_list("pk", flat=True))
        taken = F("allocated") + F("reserved") + F("ring_fenced")
        sums = StockLevel.objects.filter(variant__in=pks).order_by().values_list("variant_id")
        levels = {
            pk: (on_hand, promised)
            for pk, on_hand, promised in sums.annotate(h=Sum("on_hand"), p=Sum(taken))
        }
        for variant in page:
            variant.shown_image = next(iter(images[variant.product_id]), "")
            variant.shown_price = prices.get(variant.pk)
            variant.shown_level = levels.get(variant.pk)
            variant.is_held = variant.pk in held

    @display(description=_("SKU"), ordering="sku", header=True)
    def what(self, variant: Variant) -> list[Any]:
        return header(variant.sku, f"{variant.product} {variant.name}", variant.shown_image)

    @display(description=_("price"))
    def price(self, variant: Variant) -> str:
        price = variant.shown_price
        return money(price.amount_minor, price.currency) if price else money(None)

    @display(description=_("unit cost"), ordering="cost_minor")
    def cost(self, variant: Variant) -> str:
        return money(variant.cost_minor)

    @display(description=_("on hand"))
    def on_hand(self, variant: Variant) -> str:
        return number(variant.shown_level[0] if variant.shown_level else None)

    @display(description=_("promised"))
    def promised(self, variant: Variant) -> str:
        return number(variant.shown_level[1] if variant.shown_level else None)

    @display(description=_("available"))
    def available(self, variant: Variant) -> str:
        level = variant.shown_level
        return number(level[0] - level[1] if level else None)

    @display(
        description=_("sale"),
        label={"held": "danger", "off": "info", "uncounted": "warning", "on": "success"},
    )
    def sale(self, variant: Variant) -> tuple[str, Any]:
        if variant.is_held:
            return "held", _("stopped")
        if not variant.is_active:
            return "off", _("not listed")
        if not variant.tracks_stock:
            return "uncounted", _("never counted")
        return "on", _("on sale")

    @display(description=_("price"))
    def price_now(self, variant: Variant) -> str:
        price = price_at(variant, timezone.now()) if variant.pk else None
        if price is None:
            return "–"
        parts = [format_money(price.amount_minor, price.currency), price.get_kind_display()]
        return " · ".join([*parts, *_reduction_words(variant)])

    @display(description=_("sale"))
    def sale_now(self, variant: Variant) -> Any:
        variant.is_held = Variant.objects.held(timezone.now()).filter(pk=variant.pk).exists()
        return self.sale(variant)[1]

    @display(description=_("available"))
    def available_now(self, variant: Variant) -> Any:
        """The sum spelled out, so that nobody has to guess which number this is."""
        sums = StockLevel.objects.filter(variant=variant.pk).aggregate(
            **{name: Sum(name) for name in ("on_hand", "allocated", "reserved", "ring_fenced")}
        )
        if sums["on_hand"] is None:
            return _("never counted")
        left = sums["on_hand"] - sums["allocated"] - sums["reserved"] - sums["ring_fenced"]
        return _(
            "%(left)d = %(on_hand)d on hand − %(allocated)d allocated − %(reserved)d reserved"
            " − %(ring_fenced)d ring-fenced"
        ) % (sums | {"left": left})


@admin.register(KitComponent)
class KitComponentAdmin(ShopAdmin):
    list_display = ["kit_", "component_", "units_"]
    list_select_related = ["kit", "component"]
    search_fields = ["kit__sku", "component__sku"]
    autocomplete_fields = ["kit", "component"]
    fields = [("kit", "component"), "units"]

    @display(description=_("kit"), ordering="kit__sku")
    def kit_(self, row: KitComponent) -> str:
        return row.kit.sku

    @display(description=_("made of"), ordering="component__sku")
    def component_(self, row: KitComponent) -> str:
        return link(row.component)

    @display(description=_("units in one kit"), ordering="units")
    def units_(self, row: KitComponent) -> str:
        return number(row.units)


def _reduction_words(variant: Variant) -> list[str]:
    """What customers see struck through, so that nobody computes it on paper."""
    found = reduction_of(variant)
    if found is None:
        return []
    prior = format_money(found.prior_amount_minor, found.prior.currency)
    words = [_("struck through: %s") % prior]
    return [*words, f"−{found.percent} %"] if found.percent else words


@admin.register(Category)
class CategoryAdmin(ShopAdmin):
    list_display = ["__str__", "code", "parent", "products"]
    list_select_related = ["parent"]
    search_fields = ["code", "name", "name_zh"]
    autocomplete_fields = ["parent"]
    fields = ["code", ("name", "name_zh"), "parent"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        active = Q(products__state=Product.State.ACTIVE)
        return super().get_queryset(request).annotate(n=Count("products", filter=active))

    @display(description=_("products on sale"), ordering="n")
    def products(self, category: Category) -> str:
        return number(category.n)


@admin.register(Brand)
class BrandAdmin(ShopAdmin):
    list_display = ["name", "code", "products_"]
    search_fields = ["code", "name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(n=Count("products"))

    @display(description=_("products"), ordering="n")
    def products_(self, brand: Brand) -> str:
        return number(brand.n)


@admin.register(Attribute)
class AttributeAdmin(ShopAdmin):
    list_display = ["__str__", "code", "kind", "unit"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    search_fields = ["code", "name", "name_zh"]
    fields = ["code", ("name", "name_zh"), ("kind", "unit"), "choices"]


@admin.register(Channel)
class ChannelAdmin(ShopAdmin):
    list_display = ["name", "code"]
    search_fields = ["code", "name"]


@admin.register(ProductImage)
class ProductImageAdmin(ShopAdmin):
    list_display = ["what", "of", "position"]
    list_select_related = ["product"]
    search_fields = ["alt", "product__code", "product__name"]
    autocomplete_fields = ["product"]

    @display(description=_("picture"), header=True)
    def what(self, image: ProductImage) -> list[Any]:
        return header(
            image.alt or image.product.code, "", image.file.url if image.file else image.url
        )

    @display(description=_("product"), ordering="product__name")
    def of(self, image: ProductImage) -> str:
        return link(image.product)
