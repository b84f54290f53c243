"""Shops in which a write to stock, carts, orders or purchase orders can be carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inventory.models import PurchaseOrder
from inventory.services import purchase_orders
from inventory.services.replenishment import plan_replenishment
from shop.models import Order, Variant
from shop.services import waitlist
from shop.services.orders import orders
from shop.services.orders.orders import NewOrder, Parcel, WantedLine
from shop.services.orders.parcels import Piece, pieces_of
from shop.services.stock import holds, stock
from shop.services.stock.ring_fences import ring_fence
from tests.access.writes import NUMBERS, Write
from tests.factories import make_customer, make_variant, make_warehouse
from tests.factories_inventory import AS_OF, Silent, make_forecast, make_item, make_supplier


def stocked_sku(units: int = 100) -> str:
    sku = f"W-{next(NUMBERS)}"
    stock.receive(make_variant(sku), units, warehouse=make_warehouse(), key=f"po:{sku}")
    return sku


def placed_order(*steps: Callable[[Order], Order]) -> Order:
    sku = stocked_sku()
    order = orders.place_order(NewOrder((WantedLine(sku, 2),)), key=f"order:{sku}")
    for step in steps:
        order = step(order)
    return order


def purchase_line(order: PurchaseOrder, units: int) -> dict[str, Any]:
    return {"lines": [{"sku": order.lines.get().variant.sku, "units": units}]}


def reservation(cart: str) -> dict[str, Any]:
    stock.reserve(Variant.objects.get(sku=stocked_sku()), 2, cart=cart, key=f"held:{cart}")
    return {"cart": cart}


def stock_body(name: str, units: int, **other: Any) -> Write:
    body = {"sku": stocked_sku(), "warehouse": make_warehouse().code, name: units} | other
    return Write({}, body, body | {name: units + 1})


def prices() -> Write:
    body = {"sku": stocked_sku(), "amount_minor": 900}
    return Write({}, body, body | {"amount_minor": 800})


def reserve() -> Write:
    body = {"sku": stocked_sku(), "units": 2, "minutes": 20}
    return Write({"cart": f"cart-{next(NUMBERS)}"}, body, body | {"units": 3})


def place() -> Write:
    sku = stocked_sku()
    return Write({}, {"lines": [{"sku": sku, "units": 2}]}, {"lines": [{"sku": sku, "units": 3}]})


def part_shipped(order: Order) -> Order:
    pieces = pieces_of(order, [Piece(0, 1, "")], "")
    orders.ship_part(order, Parcel(f"part-{next(NUMBERS)}", pieces))
    return order


def returned() -> Write:
    order = placed_order(orders.pay, orders.ship)
    body = {"number": f"R-{next(NUMBERS)}", "lines": [{"position": 0, "units": 1}]}
    return Write({"number": order.number}, body, body | {"lines": [{"position": 0, "units": 2}]})


def of_order(body: dict[str, Any], other: dict[str, Any], *steps: Any) -> Write:
    """Each of these writes has a number of its own beside the key."""
    number = {"number": f"O-{next(NUMBERS)}"}
    return Write({"number": placed_order(*steps).number}, number | body, number | other)


def exchange() -> Write:
    body = {"lines": [{"position": 0, "units": 1}], "wanted": [{"sku": stocked_sku(), "units": 1}]}
    return of_order(body, body | {"restock": False}, orders.pay, orders.ship)


def parcel() -> Write:
    line = {"position": 0, "units": 1}
    return of_order({"lines": [line]}, {"lines": [line | {"units": 2}]}, orders.pay)


def arrival() -> Write:
    order = purchase_order(
        purchase_orders.approve_purchase_order, purchase_orders.send_purchase_order
    )
    return Write({"number": order.number}, purchase_line(order, 1), purchase_line(order, 2))


def edit() -> Write:
    order = purchase_order()
    return Write({"number": order.number}, purchase_line(order, 3), purchase_line(order, 4))


def purchase_order(*steps: Callable[[PurchaseOrder], Any]) -> PurchaseOrder:
    variant, number = make_variant(f"P-{next(NUMBERS)}"), next(NUMBERS)
    make_item(variant, make_supplier(f"S-{number}"))
    make_forecast(variant)
    make_warehouse()
    plan_replenishment(AS_OF, seed=1, progress=Silent())
    made = PurchaseOrder.objects.get(supplier__code=f"S-{number}")
    for step in steps:
        step(made)
        made.refresh_from_db()
    return made


def held_sku() -> dict[str, Any]:
    sku = stocked_sku()
    holds.hold(Variant.objects.get(sku=sku), "A defect.")
    return {"sku": sku}


def fence_body() -> Write:
    body = {"sku": stocked_sku(), "warehouse": make_warehouse().code, "units": 4, "purpose": "sale"}
    return Write({}, body, body | {"units": 5})


def fence() -> Write:
    sku = stocked_sku()
    terms = {"warehouse": make_warehouse(), "purpose": "sale", "key": f"fence:{sku}"}
    made = ring_fence(Variant.objects.get(sku=sku), 4, **terms)
    return Write({"id": made.pk}, {"units": 1}, {"units": 2})


def transfer() -> Write:
    body = {"sku": stocked_sku(), "source": make_warehouse().code, "units": 4}
    body["target"] = make_warehouse("SECOND").code
    return Write({}, body, body | {"units": 5})


def write_off() -> Write:
    sku, place = stocked_sku(), make_warehouse()
    variant = Variant.objects.get(sku=sku)
    stock.receive(variant, 5, warehouse=place, key=f"lot:{sku}", batch="LOT-1")
    body = {"sku": sku, "warehouse": place.code, "batch": "LOT-1", "reason": "Too old."}
    return Write({}, body, body | {"reason": "Broken."})


def wait() -> Write:
    body = {"sku": stocked_sku(), "customer": make_customer(f"C-{next(NUMBERS)}").code, "units": 2}
    return Write({}, body, body | {"units": 3})


def place_in_line() -> dict[str, Any]:
    variant, person = Variant.objects.get(sku=stocked_sku()), make_customer(f"C-{next(NUMBERS)}")
    wish = waitlist.Wish(2, "test", consent=True, variant=variant, customer=person)
    return {"id": waitlist.join(wish).public_id}
