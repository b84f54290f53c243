"""What the shop's own site reads and writes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import Http404
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.idempotency import service_key
from access.api.views import StorefrontView
from shop.api import order_serializers as order_shapes
from shop.api import rows
from shop.api import serializers as shapes
from shop.api.problems import refusals_as_problems
from shop.models import Channel, Customer, Order, Product, Variant
from shop.services.customers import Person, ensure_customer, record_consent
from shop.services.orders import orders
from shop.services.prices import price_at

LANGUAGES = {"en": "en", "zh": "zh-hans"}


def reader_language(chosen: dict[str, Any]) -> AbstractContextManager:
    """`?language=` goes before the Accept-Language header."""
    asked = chosen.get("language")
    return translation.override(LANGUAGES[asked] if asked else translation.get_language())


class Products(StorefrontView):
    @extend_schema(parameters=[shapes.ProductFilter], responses=shapes.ProductOut(many=True))
    def get(self, request: Request) -> Response:
        """What is on sale, newest first, with price and availability."""
        chosen = self.checked(shapes.ProductFilter, request.query_params)
        on_sale = Variant.objects.on_sale().filter(product=OuterRef("pk"))
        found = Product.objects.filter(Exists(on_sale), state=Product.State.ACTIVE)
        for name in ("category", "brand"):
            if name in chosen:
                found = found.filter(**{f"{name}__code": chosen[name]})
        if "search" in chosen:
            words = chosen["search"]
            found = found.filter(Q(name__icontains=words) | Q(name_zh__icontains=words))
        with reader_language(chosen):
            return self.page(found.values(*rows.PRODUCT_COLUMNS), rows.product_rows)


class ProductDetail(StorefrontView):
    @extend_schema(parameters=[shapes.LanguageChoice], responses=shapes.ProductDetailOut)
    def get(self, request: Request, sku: str) -> Response:
        """One SKU: price, legal prior price, availability."""
        chosen = self.checked(shapes.LanguageChoice, request.query_params)
        variant = sellable_or_404(sku)
        with reader_language(chosen):
            return Response(_detail(variant))


def sellable_or_404(sku: str) -> Variant:
    found = Variant.objects.on_sale().filter(sku=sku).annotate_available()
    held = Variant.objects.held(timezone.now()).filter(pk=OuterRef("pk"))
    related = found.select_related("product__brand", "product__category")
    variant = related.annotate(is_held=Exists(held)).first()
    if variant is None:
        raise Http404
    return variant


def _detail(variant: Variant) -> dict[str, Any]:
    product = variant.product
    price = price_at(variant, timezone.now())
    columns = ("sku", "name", "attributes", "tracks_stock", "available_units", "is_held")
    row = rows.variant_row({name: getattr(variant, name) for name in columns}, price)
    if price:
        row["price"] |= rows.reduction_row(variant)
    others = product.variants.filter(is_active=True).exclude(pk=variant.pk)
    return row | {
        "name": f"{product} {variant.name}".strip(),
        "product": product.code,
        "description": rows.in_reader_language(product.description, product.description_zh),
        "attributes": product.attributes | variant.attributes,
        "brand": product.brand.name if product.brand else None,
        "category": str(product.category) if product.category else None,
        "images": rows.image_addresses([product.pk])[product.pk],
        "other_skus": list(others.order_by("sku").values_list("sku", flat=True)[:200]),
    }


class Orders(StorefrontView):
    needs_idempotency_key = ("POST",)

    @extend_schema(request=order_shapes.NewOrderIn, responses={201: order_shapes.OrderOut})
    def post(self, request: Request) -> Response:
        """Place an order: prices come from the ledger, units are allocated, or nothing happens."""
        wanted = self.checked(order_shapes.NewOrderIn, request.data)
        with refusals_as_problems():
            order = orders.place_order(_new_order(wanted), key=service_key(request))
        return Response(rows.order_row(order), status=201)


def _new_order(wanted: dict[str, Any]) -> orders.NewOrder:
    person = wanted["customer"]
    return orders.NewOrder(
        lines=tuple(orders.WantedLine(line["sku"], line["units"]) for line in wanted["lines"]),
        customer=ensure_customer(Person(**person)) if person else None,
        channel=channel_of(wanted["channel"]),
        cart=wanted["cart"],
        country=wanted["country"],
        discount_minor=wanted["discount_minor"],
        discount_text=wanted["discount_text"],
        coupon=wanted["coupon"],
        shipping_minor=wanted["shipping_minor"],
        visitor=wanted["visitor"],
        session=wanted["session"],
        expected_total_minor=wanted["expected_total_minor"],
    )


def channel_of(code: str) -> Channel | None:
    if not code:
        return None
    found = Channel.objects.filter(code=code).first()
    if found is None:
        raise ValidationError({"channel": [_("There is none with this name.")]})
    return found


class OrderDetail(StorefrontView):
    @extend_schema(responses=order_shapes.OrderOut)
    def get(self, request: Request, number: str) -> Response:
        """Where an order is. No personal data: the number is all that is asked.

        Imported orders are not found here: other systems number them one after the other, so
        that anybody could count through them. Our own numbers cannot be guessed.
        """
        order = Order.objects.filter(number=number, is_history=False).first()
        if order is None:
            raise Http404
        return Response(rows.order_row(order))


class Consents(StorefrontView):
    @extend_schema(request=shapes.ConsentIn, responses={201: shapes.ConsentOut})
    def post(self, request: Request) -> Response:
        """What a customer agrees to, or no longer. The latest word for a purpose counts."""
        said = self.checked(shapes.ConsentIn, request.data)
        customer = Customer.objects.filter(code=said["customer"]).first()
        if customer is None:
            raise ValidationError({"customer": [_("There is none with this name.")]})
        word = record_consent(
            customer, said["purpose"], granted=said["granted"], source=said["source"]
        )
        body = {name: getattr(word, name) for name in ("purpose", "granted", "source")}
        return Response(
            {"customer": customer.code, **body, "recorded_at": word.recorded_at}, status=201
        )
