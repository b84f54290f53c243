"""Coupons: the storefront asks what a code takes off; staff make offers and look codes up."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import MerchantView, StorefrontView
from shop.api import coupon_shapes as shapes
from shop.api.listing import Listing
from shop.api.problems import refusals_as_problems
from shop.api.storefront import channel_of
from shop.models import (
    Category,
    Coupon,
    CouponOffer,
    CouponState,
    Customer,
    OfferState,
    Product,
    Variant,
)
from shop.services.coupons import ledger, offers, redeeming
from shop.services.orders import orders

MOST_MOVEMENTS = 100


class CouponQuote(StorefrontView):
    @extend_schema(request=shapes.QuoteIn, responses={200: shapes.QuoteOut})
    def post(self, request: Request) -> Response:
        """What a code would take off this cart now, line by line. Nothing is changed or held."""
        asked = self.checked(shapes.QuoteIn, request.data)
        wanted = orders.NewOrder(
            lines=tuple(orders.WantedLine(line["sku"], line["units"]) for line in asked["lines"]),
            customer=_customer(asked),
            channel=channel_of(asked["channel"]),
            country=asked["country"],
            coupon=asked["code"],
        )
        with refusals_as_problems():
            quoted = orders.quote_coupon(wanted)
        return Response(_quote_row(quoted))


def _customer(asked: dict[str, Any]) -> Customer | None:
    if asked["customer"]:
        return Customer.objects.filter(code=asked["customer"]).first()
    return Customer.objects.filter(email__iexact=asked["email"]).first()


def _quote_row(quoted: orders.Quoted) -> dict[str, Any]:
    quote = quoted.quote
    return {
        "code": quote.code,
        "usable": quote.reason is None,
        "reason": quote.reason,
        "message": str(quote.reason.label) if quote.reason else "",
        "currency": quoted.currency,
        "goods_minor": sum(one.total_minor for one in quoted.goods),
        "discount_minor": quote.discount_minor,
        "valid_until": quote.coupon.valid_until if quote.coupon else None,
        "lines": [
            {
                "sku": one.variant.sku,
                "units": one.units,
                "total_minor": one.total_minor,
                "discount_minor": line.minor,
                "note": line.note,
            }
            for one, line in zip(quoted.goods, quote.lines, strict=True)
        ],
    }


OFFER_COLUMNS = {"id": "pk"} | {
    name: name
    for name in (
        *("code", "revision", "name", "state", "percent", "most_minor", "currency"),
        *("least_order_minor", "valid_days", "last_on", "most_uses", "once_per_customer"),
        *("budget_minor", "open_coupons", "redeemed_coupons", "held_minor", "spent_minor"),
        *("decided_at", "stopped_at"),
    )
}


class CouponOffers(Listing):
    needs = {"GET": "shop.view_couponoffer", "POST": "shop.add_couponoffer"}
    filters = shapes.OfferFilter
    lookups = {"code": "code", "state": "state"}
    columns = OFFER_COLUMNS

    def rows(self) -> QuerySet:
        return CouponOffer.objects.all()

    @extend_schema(parameters=[shapes.OfferFilter], responses=shapes.OfferOut(many=True))
    def get(self, request: Request) -> Response:
        """Offers, newest first."""
        return self.listed(request)

    @extend_schema(request=shapes.OfferIn, responses={201: shapes.OfferDetailOut})
    def post(self, request: Request) -> Response:
        """Draft an offer. It issues nothing until a person has put it in force."""
        said = self.checked(shapes.OfferIn, request.data)
        code, named = said.pop("code"), _named(said)
        with refusals_as_problems():
            made = offers.create_offer(code, offers.OfferTerms(**said, **named), by=request.user)
        return Response(_offer_row(made), status=201)


def _named(said: dict[str, Any]) -> dict[str, list[Any]]:
    return {
        "categories": _found(Category, "code", said.pop("categories"), "categories"),
        "products": _found(Product, "code", said.pop("products"), "products"),
        "variants": _found(Variant, "sku", said.pop("skus"), "skus"),
    }


def _found(model: type[Model], column: str, names: list[str], field: str) -> list[Any]:
    """Rows by name. Raises ValidationError naming the first that does not exist."""
    found = list(model._default_manager.filter(**{f"{column}__in": names}))
    known = {getattr(row, column) for row in found}
    for index, name in enumerate(names):
        if name not in known:
            message = _("There is none with this name.")
            raise ValidationError({f"{field}.{index}": [message]})
    return found


class CouponOfferDetail(MerchantView):
    needs = {"GET": "shop.view_couponoffer"}

    @extend_schema(responses=shapes.OfferDetailOut)
    def get(self, request: Request, pk: int) -> Response:
        """One offer: its terms, what it is for, and what became of its coupons."""
        return Response(_offer_row(_offer(pk)))


class OfferDecision(MerchantView):
    needs = {"POST": "shop.decide_couponoffer"}

    @extend_schema(request=shapes.OfferDecisionIn, responses={200: shapes.OfferDetailOut})
    def post(self, request: Request, pk: int) -> Response:
        """Put a draft in force, or stop an offer; what was issued stays valid."""
        to, offer = self.checked(shapes.OfferDecisionIn, request.data)["to"], _offer(pk)
        decide = offers.decide_offer if to == OfferState.LIVE else offers.stop_offer
        with refusals_as_problems():
            done = decide(offer, by=request.user)
        return Response(_offer_row(done))


class OfferRevisions(MerchantView):
    needs = {"POST": "shop.add_couponoffer"}

    @extend_schema(request=None, responses={201: shapes.OfferDetailOut})
    def post(self, request: Request, pk: int) -> Response:
        """A draft with the same terms, to be changed; an open draft of the offer is found again."""
        return Response(_offer_row(offers.revise(_offer(pk), by=request.user)), status=201)


def _offer(pk: int) -> CouponOffer:
    found = CouponOffer.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _offer_row(offer: CouponOffer) -> dict[str, Any]:
    row = {name: getattr(offer, path) for name, path in OFFER_COLUMNS.items()}
    count = offer.coupons.filter
    return row | {
        "categories": list(offer.categories.order_by("code").values_list("code", flat=True)),
        "products": list(offer.products.order_by("code").values_list("code", flat=True)),
        "skus": list(offer.variants.order_by("sku").values_list("sku", flat=True)),
        "left_coupons": offer.left_coupons,
        "expired_coupons": count(state=CouponState.EXPIRED).count(),
        "revoked_coupons": count(state=CouponState.REVOKED).count(),
    }


COUPON_COLUMNS = {
    "offer": "offer__code",
    "revision": "offer__revision",
    "customer": "customer__code",
    "order": "order__number",
    **{
        name: name
        for name in ("code", "state", "occasion", "issued_at", "valid_until", "discount_minor")
    },
}


class Coupons(Listing):
    needs = {"GET": "shop.view_coupon"}
    filters = shapes.CouponFilter
    lookups = {
        "customer": "customer__code",
        "offer": "offer__code",
        "state": "state",
        "order": "order__number",
    }
    columns = COUPON_COLUMNS

    def rows(self) -> QuerySet:
        return Coupon.objects.all()

    @extend_schema(parameters=[shapes.CouponFilter], responses=shapes.CouponOut(many=True))
    def get(self, request: Request) -> Response:
        """Coupons, newest first; `customer` shows one customer's."""
        return self.listed(request)


class CouponDetail(MerchantView):
    needs = {"GET": "shop.view_coupon"}

    @extend_schema(responses=shapes.CouponDetailOut)
    def get(self, request: Request, code: str) -> Response:
        """For support: whose code it is, what became of it, and each step with its time."""
        return Response(_coupon_row(code))


class Revocation(MerchantView):
    needs = {"POST": "shop.change_coupon"}

    @extend_schema(request=shapes.RevocationIn, responses={200: shapes.CouponDetailOut})
    def post(self, request: Request, code: str) -> Response:
        """Take back a coupon that nobody has used; a used or expired one stays as it is."""
        said = self.checked(shapes.RevocationIn, request.data)
        coupon = Coupon.objects.select_related("offer").filter(code=redeeming.normal(code)).first()
        if coupon is None:
            raise Http404
        ledger.revoke(coupon, by=request.user, note=said["note"])
        return Response(_coupon_row(code))


def _coupon_row(code: str) -> dict[str, Any]:
    found = Coupon.objects.filter(code=redeeming.normal(code))
    row = found.values("pk", *COUPON_COLUMNS.values()).first()
    if row is None:
        raise Http404
    columns = {"order": "order__number", "by": "by__username"}
    columns |= {name: name for name in ("kind", "at", "spent_minor_delta", "note")}
    moves = found.get().movements.order_by("at", "pk").values(*columns.values())
    return {name: row[path] for name, path in COUPON_COLUMNS.items()} | {
        "movements": [
            {name: move[path] for name, path in columns.items()} for move in moves[:MOST_MOVEMENTS]
        ]
    }
