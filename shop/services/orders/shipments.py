"""Parcels: what was allocated leaves a warehouse, whole or in parts; the rest may be cancelled."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop.models import Allocation, MovementKind, Order, OrderState, Shipment, ShipmentLine
from shop.services.orders.line_progress import progress_of
from shop.services.orders.order_states import OrderError, OrderStateError, enter, lock, no_way
from shop.services.orders.payment_records import put_payment_on_record
from shop.services.orders.refunds import NewRefund, write_refund
from shop.services.stock.allocations import allocations_of, give_back_open
from shop.services.stock.balances import balance_of
from shop.services.stock.movements import Change, in_lock_order, post


class ShipmentKeyReusedError(OrderError):
    """The number already stands for another parcel."""


class KitHalfShippedError(OrderError):
    """Some parts of a kit have left and others have not."""


@dataclass(frozen=True)
class Parcel:
    """Units per allocation (by key) that leave one warehouse together. The number is the key."""

    number: str
    pieces: Mapping[int, int]
    carrier: str = ""
    tracking_code: str = ""


def ship(order: Order, *, by: Any = None, note: str = "") -> Order:
    """Everything that is still open leaves: one parcel per warehouse."""
    with transaction.atomic():
        lock(order)
        if order.state == OrderState.SHIPPED:
            return order
        if not order.can_become(OrderState.SHIPPED):
            raise no_way(order, OrderState.SHIPPED)
        if not order.is_history:
            _leave(order, _whole_parcels(order), by)
        enter(order, OrderState.SHIPPED, by=by, note=note)
    return order


def ship_part(order: Order, parcel: Parcel, *, by: Any = None, note: str = "") -> Shipment:
    """One parcel leaves. The last open unit makes the order shipped, any other partly shipped.

    Raises OrderStateError before payment, OrderError for more than is open, and
    ShipmentKeyReusedError when the number stands for another parcel.
    """
    with transaction.atomic():
        lock(order)
        if first := Shipment.objects.filter(number=parcel.number).first():
            return _same_parcel(first, order, parcel)
        if order.state not in (OrderState.PAID, OrderState.PART_SHIPPED) or order.is_history:
            raise no_way(order, OrderState.PART_SHIPPED)
        [made] = _leave(order, [(parcel, _pieces(order, parcel))], by)
        is_last = not any(one.open_units for one in allocations_of(order))
        to = OrderState.SHIPPED if is_last else OrderState.PART_SHIPPED
        enter(order, to, by=by, note=note or parcel.tracking_code)
    return made


def cancel_rest(order: Order, *, by: Any = None, note: str = "") -> Order:
    """What has not left will not: its units may be sold again and its money goes back.

    Raises OrderStateError unless the order is partly shipped, KitHalfShippedError when only a
    part of a kit has left.
    """
    with transaction.atomic():
        lock(order)
        if order.state == OrderState.SHIPPED:
            return order
        if order.state != OrderState.PART_SHIPPED:
            raise OrderStateError(_("Only of a partly shipped order can the rest be cancelled."))
        put_payment_on_record(order)
        _refund_rest(order, by)
        give_back_open(order, by)
        enter(order, OrderState.SHIPPED, by=by, note=note or gettext("The rest was cancelled."))
    return order


def _refund_rest(order: Order, by: Any) -> None:
    lines = [one for one in progress_of(order).values() if one.open_units]
    if broken := [one.line.text for one in lines if not one.is_whole]:
        message = _("{kit}: some of its parts have left; ship the others too.")
        raise KitHalfShippedError(format_lazy(message, kit=broken[0]))
    worth = [one.worth(one.open_units) for one in lines]
    amount = min(sum(one.paid_minor for one in worth), balance_of(order).refundable_minor)
    if amount:
        tax, reason = sum(one.tax_minor for one in worth), gettext("The rest was cancelled.")
        write_refund(order, NewRefund(f"{order.number}-R", amount, tax, reason=reason, by=by))


def _whole_parcels(order: Order) -> list[tuple[Parcel, list[Allocation]]]:
    by_place: dict[int, list[Allocation]] = defaultdict(list)
    for one in allocations_of(order):
        if one.open_units:
            by_place[one.warehouse_id].append(one)
    numbers = _free_numbers(order)
    return [
        (Parcel(next(numbers), {one.pk: one.open_units for one in found}), found)
        for found in by_place.values()
    ]


def _free_numbers(order: Order) -> Iterator[str]:
    """The order's number and a counter; somebody may have given such a number to a parcel."""
    ours = f"{order.number}-"
    known = set(Shipment.objects.filter(number__startswith=ours).values_list("number", flat=True))
    return (number for count in itertools.count(1) if (number := f"{ours}{count}") not in known)


def _pieces(order: Order, parcel: Parcel) -> list[Allocation]:
    """The allocations of a parcel. Raises OrderError unless all are open in one warehouse."""
    if not parcel.pieces or any(units <= 0 for units in parcel.pieces.values()):
        raise OrderError(_("A parcel has lines, and each line has units above zero."))
    found = [one for one in allocations_of(order) if one.pk in parcel.pieces]
    if len(found) != len(parcel.pieces):
        raise OrderError(_("This order has no such line."))
    if len({one.warehouse_id for one in found}) > 1:
        raise OrderError(_("A parcel leaves one warehouse."))
    for one in found:
        if parcel.pieces[one.pk] > one.open_units:
            message = _("{sku}: {left} units are still to be shipped.")
            raise OrderError(format_lazy(message, sku=one.variant.sku, left=one.open_units))
    return found


def _leave(order: Order, parcels: list[tuple[Parcel, list[Allocation]]], by: Any) -> list[Shipment]:
    """Rows of the parcels, then all counters at once, in lock order."""
    made, changes = [], []
    for parcel, pieces in parcels:
        shipment = Shipment.objects.create(
            order=order,
            number=parcel.number,
            warehouse_id=pieces[0].warehouse_id,
            carrier=parcel.carrier[:60],
            tracking_code=parcel.tracking_code[:100],
            shipped_by=by,
        )
        made.append(shipment)
        for one in pieces:
            units = parcel.pieces[one.pk]
            one.shipped_units += units
            ShipmentLine.objects.create(shipment=shipment, allocation=one, units=units)
            changes.append(_consumed(shipment, one, units, by))
        Allocation.objects.bulk_update(pieces, ["shipped_units"])
    for change in in_lock_order(changes):
        post(change)
    return made


def _consumed(shipment: Shipment, one: Allocation, units: int, by: Any) -> Change:
    return Change(
        one.variant_id,
        one.warehouse_id,
        MovementKind.CONSUME,
        f"shipment:{shipment.pk}:{one.pk}",
        on_hand=-units,
        allocated=-units,
        reference=f"order:{shipment.order.number}",
        by=by,
    )


def _same_parcel(first: Shipment, order: Order, parcel: Parcel) -> Shipment:
    before = dict(first.lines.values_list("allocation_id", "units"))
    if first.order_id != order.pk or before != dict(parcel.pieces):
        raise ShipmentKeyReusedError(_("This number already stands for another parcel."))
    return first
