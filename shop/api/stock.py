"""Stock for staff and their programs: counters, ledger, batches, fences, and every verb that moves."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.idempotency import service_key
from access.api.views import MerchantView
from shop.api import stock_shapes as shapes
from shop.api.listing import Listing, variant_of, warehouse_of
from shop.api.problems import refusals_as_problems
from shop.models import Batch, RingFence, StockLevel, StockMovement, Variant, Warehouse
from shop.services.stock import batches, ring_fences, stock
from shop.services.stock.transfers import transfer


class Stock(Listing):
    needs = {"GET": "shop.view_stocklevel"}
    filters = shapes.StockFilter
    lookups = {"sku": "variant__sku", "warehouse": "warehouse__code"}
    columns = {
        "sku": "variant__sku",
        "warehouse": "warehouse__code",
        **{name: name for name in ("on_hand", "allocated", "reserved", "ring_fenced")},
        "available": "available_units",
    }

    def rows(self) -> QuerySet:
        taken = F("allocated") + F("reserved") + F("ring_fenced")
        return StockLevel.objects.annotate(available_units=F("on_hand") - taken)

    @extend_schema(parameters=[shapes.StockFilter], responses=shapes.StockOut(many=True))
    def get(self, request: Request) -> Response:
        """Counters per SKU and warehouse."""
        return self.listed(request)


class Movements(Listing):
    needs = {"GET": "shop.view_stockmovement"}
    filters = shapes.MovementFilter
    lookups = {
        "sku": "variant__sku",
        "warehouse": "warehouse__code",
        "kind": "kind",
        "since": "occurred_at__gte",
        "until": "occurred_at__lt",
    }
    columns = {
        "sku": "variant__sku",
        "warehouse": "warehouse__code",
        "actor": "actor__username",
        "batch": "batch__code",
        "ring_fence": "ring_fence",
        **{
            name: name
            for name in (
                "kind",
                "on_hand_delta",
                "allocated_delta",
                "reserved_delta",
                "ring_fenced_delta",
                "reference",
                "reason",
                "occurred_at",
            )
        },
    }

    def rows(self) -> QuerySet:
        return StockMovement.objects.all()

    @extend_schema(parameters=[shapes.MovementFilter], responses=shapes.MovementOut(many=True))
    def get(self, request: Request) -> Response:
        """The stock ledger, newest first."""
        return self.listed(request)


class Batches(Listing):
    needs = {"GET": "shop.view_batch"}
    filters = shapes.StockFilter
    lookups = {"sku": "variant__sku", "warehouse": "warehouse__code"}
    columns = {
        "sku": "variant__sku",
        "warehouse": "warehouse__code",
        **{name: name for name in ("code", "expires_on", "on_hand", "received_at")},
    }

    def rows(self) -> QuerySet:
        return Batch.objects.all()

    @extend_schema(parameters=[shapes.StockFilter], responses=shapes.BatchOut(many=True))
    def get(self, request: Request) -> Response:
        """Batches with what is on hand of them."""
        return self.listed(request)


class StockWrite(MerchantView):
    """A change of the stock ledger; answers with the counters after it."""

    needs = {"POST": "shop.add_stockmovement"}
    needs_idempotency_key = ("POST",)

    def posted(self, request: Request, shape: type, verb: Any, units: str) -> Response:
        said = dict(self.checked(shape, request.data))
        variant, warehouse = variant_of(said.pop("sku")), warehouse_of(said.pop("warehouse"))
        with refusals_as_problems():
            verb(
                variant,
                said.pop(units),
                warehouse=warehouse,
                key=service_key(request),
                by=request.user,
                **said,
            )
        return Response(counters(variant, warehouse), status=201)


class Receipts(StockWrite):
    @extend_schema(request=shapes.ReceiptIn, responses={201: shapes.StockOut})
    def post(self, request: Request) -> Response:
        """Goods arrived."""
        return self.posted(request, shapes.ReceiptIn, stock.receive, "units")


class Adjustments(StockWrite):
    @extend_schema(request=shapes.AdjustmentIn, responses={201: shapes.StockOut})
    def post(self, request: Request) -> Response:
        """Found, broken, stolen: up or down, with a reason."""
        return self.posted(request, shapes.AdjustmentIn, stock.adjust, "delta_units")


class Counts(StockWrite):
    @extend_schema(request=shapes.CountIn, responses={201: shapes.StockOut})
    def post(self, request: Request) -> Response:
        """What somebody counted on the shelf."""
        return self.posted(request, shapes.CountIn, stock.count_stock, "counted_units")


class Transfers(StockWrite):
    @extend_schema(request=shapes.TransferIn, responses={201: shapes.TransferOut})
    def post(self, request: Request) -> Response:
        """Goods moved from one warehouse to another; their batches travel along."""
        said = dict(self.checked(shapes.TransferIn, request.data))
        variant = variant_of(said.pop("sku"))
        places = {name: warehouse_of(said.pop(name), name) for name in ("source", "target")}
        with refusals_as_problems():
            transfer(
                variant,
                said.pop("units"),
                **places,
                key=service_key(request),
                by=request.user,
                **said,
            )
        sides = {name: counters(variant, place) for name, place in places.items()}
        return Response(sides, status=201)


class WriteOffs(StockWrite):
    @extend_schema(request=shapes.WriteOffIn, responses={201: shapes.WriteOffOut})
    def post(self, request: Request) -> Response:
        """What is set aside of a batch, and what else of it is not promised, leaves the books."""
        said = self.checked(shapes.WriteOffIn, request.data)
        variant, warehouse = variant_of(said["sku"]), warehouse_of(said["warehouse"])
        key, by = service_key(request), request.user
        with refusals_as_problems():
            batch = batches.the_batch(variant, warehouse, said["batch"])
            units = batches.write_off_batch(batch, key=key, reason=said["reason"], by=by)
        return Response(counters(variant, warehouse) | {"written_off_units": units}, status=201)


class RingFences(Listing):
    needs = {"GET": "shop.view_ringfence", "POST": "shop.add_ringfence"}
    needs_idempotency_key = ("POST",)
    filters = shapes.StockFilter
    lookups = {"sku": "variant__sku", "warehouse": "warehouse__code"}
    columns = {
        "id": "id",
        "sku": "variant__sku",
        "warehouse": "warehouse__code",
        **{name: name for name in ("purpose", "units", "units_left", "ends_at", "released_at")},
    }

    def rows(self) -> QuerySet:
        return RingFence.objects.all()

    @extend_schema(parameters=[shapes.StockFilter], responses=shapes.RingFenceOut(many=True))
    def get(self, request: Request) -> Response:
        """Units set aside, newest first."""
        return self.listed(request)

    @extend_schema(request=shapes.RingFenceIn, responses={201: shapes.RingFenceOut})
    def post(self, request: Request) -> Response:
        """Set units aside for a sale."""
        said = dict(self.checked(shapes.RingFenceIn, request.data))
        place = {"warehouse": warehouse_of(said.pop("warehouse")), "key": service_key(request)}
        variant, units = variant_of(said.pop("sku")), said.pop("units")
        with refusals_as_problems():
            fence = ring_fences.ring_fence(variant, units, by=request.user, **place, **said)
        return Response(_fence_row(fence), status=201)


class Releases(MerchantView):
    needs = {"POST": "shop.change_ringfence"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=shapes.ReleaseIn, responses=shapes.RingFenceOut)
    def post(self, request: Request, pk: int) -> Response:
        """Put units of a fence on sale again; without a number all that are left, which ends it."""
        units = self.checked(shapes.ReleaseIn, request.data)["units"]
        fence = RingFence.objects.filter(pk=pk).first()
        if fence is None:
            raise Http404
        key, by = service_key(request), request.user
        with refusals_as_problems():
            left = ring_fences.release_ring_fence(fence, units=units, key=key, by=by)
        return Response(_fence_row(left))


def counters(variant: Variant, warehouse: Warehouse) -> dict[str, Any]:
    level = StockLevel.objects.get(variant=variant, warehouse=warehouse)
    names = ("on_hand", "allocated", "reserved", "ring_fenced", "available")
    units = {name: getattr(level, name) for name in names}
    return {"sku": variant.sku, "warehouse": warehouse.code, **units}


def _fence_row(fence: RingFence) -> dict[str, Any]:
    names = ("id", "purpose", "units", "units_left", "ends_at", "released_at")
    place = {"sku": fence.variant.sku, "warehouse": fence.warehouse.code}
    return place | {name: getattr(fence, name) for name in names}
