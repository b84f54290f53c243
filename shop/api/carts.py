"""What a cart holds: the busiest write of a sale, so it does no more than it must."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.idempotency import service_key
from access.api.views import StorefrontView
from shop.api import rows
from shop.api import serializers as shapes
from shop.api.problems import refusals_as_problems
from shop.models import Reservation, RingFence
from shop.services.stock import stock

MAX_CART_ROWS = 200
# Made once: a serializer copies its fields whenever it is made, which costs more than its checks.
NEW_RESERVATION = shapes.NewReservation()


class CartReservations(StorefrontView):
    needs_idempotency_key = ("POST",)
    known_by_their_rows = ("POST",)

    @extend_schema(responses={200: shapes.CartOut})
    def get(self, request: Request, cart: str) -> Response:
        """What the cart holds now."""
        return self._cart_as_it_is(_checked(cart))

    @extend_schema(request=shapes.NewReservation, responses={201: shapes.CartOut})
    def post(self, request: Request, cart: str) -> Response:
        """Hold units for the cart until a time, all of them or none; the answer is what was held.

        The same key and request again: the same reservations, as they are now.
        """
        asked = NEW_RESERVATION.run_validation(request.data)
        wish = stock.Wish(
            sku=asked["sku"],
            units=asked["units"],
            cart=_checked(cart),
            key=service_key(request),
            held_for=timedelta(minutes=asked["minutes"]),
            only_on_sale=True,
            ring_fence=RingFence(pk=asked["ring_fence"]) if "ring_fence" in asked else None,
        )
        with refusals_as_problems():
            try:
                held = stock.reserve_wish(wish)
            except stock.SkuUnknownError as error:
                raise Http404 from error
        answer = Response(rows.cart_row(cart, _held_rows(wish.sku, held.reservations)), status=201)
        if held.is_repeat:
            answer["Idempotency-Replayed"] = "true"
        return answer

    @extend_schema(request=shapes.LongerReservations, responses={200: shapes.CartOut})
    def patch(self, request: Request, cart: str) -> Response:
        """Hold what the cart holds for longer: so many minutes from now, 24 hours in all at most."""
        asked = self.checked(shapes.LongerReservations, request.data)
        stock.extend(_checked(cart), held_for=timedelta(minutes=asked["minutes"]))
        return self._cart_as_it_is(cart)

    @extend_schema(parameters=[shapes.CartFilter], responses={200: shapes.ReleasedOut})
    def delete(self, request: Request, cart: str) -> Response:
        """Give back what the cart holds, or one SKU of it."""
        chosen = self.checked(shapes.CartFilter, request.query_params)
        with refusals_as_problems():
            released = stock.release_cart(_checked(cart), sku=chosen.get("sku", ""))
        return Response({"cart": cart, "released": released})

    def _cart_as_it_is(self, cart: str) -> Response:
        held = Reservation.objects.filter(cart=cart, state=Reservation.State.HELD)
        return Response(rows.cart_row(cart, _named(held.order_by("pk")[:MAX_CART_ROWS])))


def _checked(cart: str) -> str:
    if len(cart) > 64 or not cart.isprintable():
        raise ValidationError({"cart": [_("Text of 1 to %d characters.") % 64]})
    return cart


def _held_rows(sku: str, held: list[Reservation]) -> Iterable[dict[str, Any]]:
    if any(one.kit_id for one in held):  # the names of the components have to be read
        return _named(Reservation.objects.filter(pk__in=[one.pk for one in held]).order_by("pk"))
    return [rows.reservation_row(one, sku) for one in held]


def _named(held: Any) -> Iterable[dict[str, Any]]:
    return [
        rows.reservation_row(one, one.variant.sku, one.kit.sku if one.kit else None)
        for one in held.select_related("variant", "kit")
    ]
