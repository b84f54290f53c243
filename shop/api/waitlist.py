"""Waiting for what is sold out: the storefront joins and leaves, staff read who waits for what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import MerchantView, StorefrontView
from shop.api import waitlist_shapes as shapes
from shop.api.listing import Listing, variant_of
from shop.api.problems import refusals_as_problems
from shop.api.storefront import channel_of
from shop.models import Customer, Product, WaitlistEntry
from shop.services import waitlist

COLUMNS = ("public_id", "variant__sku", "product__code", "units", "state", "consent")
TIMES = ("created_at", "expires_at", "closed_at")


class Waitlist(StorefrontView):
    needs_idempotency_key = ("POST",)

    @extend_schema(parameters=[shapes.OwnWaitlist], responses=shapes.WaitlistOut(many=True))
    def get(self, request: Request) -> Response:
        """What one customer, or one guest by e-mail, waits for."""
        whose = self.checked(shapes.OwnWaitlist, request.query_params)
        found = WaitlistEntry.objects.filter(contact=whose["email"].lower()).exclude(contact="")
        if whose["customer"]:
            found = WaitlistEntry.objects.filter(customer__code=whose["customer"])
        return self.page(found.values("pk", *COLUMNS, *TIMES), _rows)

    @extend_schema(request=shapes.WaitlistIn, responses={201: shapes.WaitlistOut})
    def post(self, request: Request) -> Response:
        """Wait for a SKU, or for any SKU of a product. Again: the same place, the new units."""
        said = self.checked(shapes.WaitlistIn, request.data)
        with refusals_as_problems():
            entry = waitlist.join(_wish(said))
        return Response(_row_of(entry.public_id), status=201)


class WaitlistPlace(StorefrontView):
    @extend_schema(responses=shapes.WaitlistOut)
    def get(self, request: Request, id: UUID) -> Response:
        """One entry; its id cannot be guessed."""
        return Response(_row_of(id))

    @extend_schema(request=None, responses={200: shapes.WaitlistOut})
    def delete(self, request: Request, id: UUID) -> Response:
        """Stop waiting. A closed entry stays as it is."""
        entry = WaitlistEntry.objects.filter(public_id=id).first()
        if entry is None:
            raise Http404
        waitlist.leave(entry)
        return Response(_row_of(id))


def _wish(said: dict[str, Any]) -> waitlist.Wish:
    return waitlist.Wish(
        units=said["units"],
        source=said["source"],
        consent=said["consent"],
        variant=variant_of(said["sku"]) if said["sku"] else None,
        product=_named(Product, "product", said["product"]),
        customer=_named(Customer, "customer", said["customer"]),
        contact=said["email"],
        channel=channel_of(said["channel"]),
    )


def _named(model: Any, field: str, code: str) -> Any:
    if not code:
        return None
    found = model.objects.filter(code=code).first()
    if found is None:
        raise ValidationError({field: [_("There is none with this name.")]})
    return found


def _row_of(public_id: UUID) -> dict[str, Any]:
    found = WaitlistEntry.objects.filter(public_id=public_id).values(*COLUMNS, *TIMES).first()
    if found is None:
        raise Http404
    return _row(found)


def _rows(page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_row(row) for row in page]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "sku", "product", "units", "state", "consent")
    shown = {name: row[column] for name, column in zip(names, COLUMNS, strict=True)}
    return shown | {name: row[name] for name in TIMES}


class WaitlistEntries(Listing):
    needs = {"GET": "shop.view_waitlistentry"}
    filters = shapes.WaitlistFilter
    lookups = {
        "sku": "variant__sku",
        "product": "product__code",
        "customer": "customer__code",
        "state": "state",
        "since": "created_at__gte",
        "until": "created_at__lt",
    }
    columns = {
        "id": "public_id",
        "sku": "variant__sku",
        "product": "product__code",
        "customer": "customer__code",
        "channel": "channel__code",
        **{name: name for name in ("contact", "units", "state", "consent", "source", *TIMES)},
    }

    def rows(self) -> QuerySet:
        return WaitlistEntry.objects.all()

    @extend_schema(
        parameters=[shapes.WaitlistFilter], responses=shapes.MerchantWaitlistOut(many=True)
    )
    def get(self, request: Request) -> Response:
        """Who waits for what, newest first."""
        return self.listed(request)


class WaitlistServable(MerchantView):
    needs = {"GET": "shop.view_waitlistentry"}

    @extend_schema(parameters=[shapes.ServableFilter], responses=shapes.ServableOut(many=True))
    def get(self, request: Request) -> Response:
        """Who can be served now, oldest first, never more units than there are; 1,000 at most."""
        sku = self.checked(shapes.ServableFilter, request.query_params).get("sku")
        wanted = [variant_of(sku).pk] if sku else None
        rows = [_servable_row(one) for one in waitlist.can_be_served(variant_ids=wanted)]
        return Response({"next": None, "previous": None, "results": rows})


def _servable_row(one: waitlist.Servable) -> dict[str, Any]:
    entry = one.entry
    return {
        "id": entry.public_id,
        "sku": one.variant.sku,
        "units": one.units,
        "wanted_units": entry.units,
        "customer": entry.customer.code if entry.customer else None,
        "contact": entry.contact,
        "consent": entry.consent,
        "created_at": entry.created_at,
    }
