"""Edit, approve, send, receive, cancel. One transition table (models), one way along it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.spreadsheets import write_rows
from decisions.kinds import CannotCarryOutError
from decisions.models import DecisionState
from decisions.services import receipts as decisions
from inventory.models import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderState,
    PurchaseOrderTransition,
    Receipt,
    Supplier,
    SupplierItem,
)
from inventory.models.purchase_orders import EDITABLE
from shop.models import StockLevel
from shop.money import from_minor
from shop.services.stock import stock

SEND_CLAIM = timedelta(minutes=10)  # longer than any SMTP time-out: then the sender has died
EDIT_HOLDS = timedelta(days=28)  # then the plan's own number counts again
RECEIVABLE = (PurchaseOrderState.SENT, PurchaseOrderState.PARTLY_RECEIVED)


class PurchaseOrderError(CannotCarryOutError):
    """What was asked for is not possible; the message is for the buyer, here and in the brief."""


class WrongStateError(PurchaseOrderError):
    """The order is not in a state from which this step leads on."""


class OverReceiptError(PurchaseOrderError):
    """More arrived than is outstanding. Nothing was booked."""


class NotSendableError(PurchaseOrderError):
    """There is nobody to send it to, or nothing to send."""


def set_line_units(line: PurchaseOrderLine, units: int, *, by: Any) -> PurchaseOrderLine:
    """The buyer's number replaces the plan's and survives the next plan; 0 orders none."""
    if units < 0:
        raise PurchaseOrderError(_("A number of units is not negative."))
    now = timezone.now()
    with transaction.atomic():
        before = PurchaseOrderLine.objects.select_related("order__decision").get(pk=line.pk)
        until = timezone.localdate() + EDIT_HOLDS
        again = _money_of(before, units) | {"edit_until": until}
        changed = PurchaseOrderLine.objects.filter(
            pk=line.pk, order__state__in=EDITABLE, received_units__lte=units
        ).update(units=units, edited_by=by, edited_at=now, **again)
        if not changed:
            raise WrongStateError(_("Only a suggested or approved order can be changed."))
        decision = before.order.decision
        if decision and before.units != units:
            change = {"line": line.pk, "units": units}
            was = {"line": line.pk, "units": before.units}
            decisions.log_change(decision, "edited", by, before=was, after=change)
    line.units, line.edited_by, line.edited_at = units, by, now
    for name, value in again.items():
        setattr(line, name, value)
    return line


def _money_of(line: PurchaseOrderLine, units: int) -> dict[str, Any]:
    """The expected money of another number of units, from what the receipt had read.

    Lines without a receipt keep none: a figure for other units would be wrong.
    """
    from inventory.ml.reorder import plan_line

    names = ("expected_minor", "expected_low_minor", "expected_high_minor", "next_unit_minor")
    decision = line.order.decision
    facts = decision.inputs.get("lines", []) if decision else []
    fact = next((one for one in facts if one.get("variant") == line.variant_id), None)
    if decision is None or fact is None:
        return dict.fromkeys(names)
    found = plan_line(fact | {"planned_units": units}, decision.inputs["terms"])
    return {name: found[name] for name in names}


def assign_supplier(order: PurchaseOrder, supplier: Supplier, *, by: Any) -> PurchaseOrder:
    """Give an order without a supplier one, and remember him for these SKUs."""
    with transaction.atomic():
        changed = PurchaseOrder.objects.filter(
            pk=order.pk, supplier__isnull=True, state__in=EDITABLE
        ).update(supplier=supplier, currency=supplier.currency)
        if not changed:
            raise WrongStateError(_("Only an open order without a supplier can get one."))
        if supplier.currency != order.currency:
            _cost_again(order, supplier)
        variants = order.lines.values_list("variant_id", flat=True)
        taken = SupplierItem.objects.filter(is_preferred=True, variant_id__in=variants)
        free = set(variants) - set(taken.values_list("variant_id", flat=True))
        SupplierItem.objects.bulk_create(
            [SupplierItem(supplier=supplier, variant_id=variant) for variant in sorted(free)],
            ignore_conflicts=True,
        )
    order.refresh_from_db()
    return order


def _cost_again(order: PurchaseOrder, supplier: Supplier) -> None:
    """The same number in another currency is another price: his own cost, or none is known."""
    costs = dict(supplier.items.values_list("variant_id", "unit_cost_minor"))
    for line in order.lines.all():
        order.lines.filter(pk=line.pk).update(unit_cost_minor=costs.get(line.variant_id))


def approve_purchase_order(order: PurchaseOrder, *, by: Any = None) -> PurchaseOrder:
    """Approve it; its open receipt is approved with it, in one transaction.

    Raises WrongStateError unless it is suggested.
    """
    decision = order.decision
    if decision is not None and decision.state == DecisionState.PENDING:
        decisions.approve(decision, by)  # calls carry_out_approval
        order.refresh_from_db()
        return order
    return carry_out_approval(order, by=by)


def carry_out_approval(order: PurchaseOrder, *, by: Any = None) -> PurchaseOrder:
    """What approving means, without the receipt: for the receipt's own approval."""
    if not order.lines.filter(units__gt=0).exists():
        raise PurchaseOrderError(_("The order has no line with units."))
    return _move(order, PurchaseOrderState.APPROVED, by=by)


def cancel_purchase_order(order: PurchaseOrder, *, by: Any = None, note: str = "") -> PurchaseOrder:
    """Nothing more will come on it. What has arrived stays received."""
    return _move(order, PurchaseOrderState.CANCELLED, by=by, note=note)


def send_purchase_order(order: PurchaseOrder, *, by: Any = None) -> PurchaseOrder:
    """Mail it to the supplier and mark it sent. A second call sends nothing.

    Whoever sets `sent_at` first sends. If the sender dies before the order is marked sent, the
    claim runs out after ten minutes and it may be sent again: the number on it tells the supplier
    that it is the same order.
    """
    order.refresh_from_db()
    if order.state in (*RECEIVABLE, PurchaseOrderState.RECEIVED):
        return order
    supplier = _reachable_supplier(order)
    now = timezone.now()
    claimed = PurchaseOrder.objects.filter(
        Q(sent_at__isnull=True) | Q(sent_at__lt=now - SEND_CLAIM),
        pk=order.pk,
        state=PurchaseOrderState.APPROVED,
    ).update(sent_at=now)
    if not claimed:
        raise WrongStateError(_("The order is not approved, or is being sent right now."))
    try:
        _message(order, supplier).send()
    except OSError as error:  # the mail server refused or is away: SMTP errors are OSErrors
        PurchaseOrder.objects.filter(pk=order.pk, sent_at=now).update(sent_at=None)
        raise NotSendableError(
            format_lazy("{} {}", _("The mail could not be sent:"), str(error))
        ) from error
    return _move(order, PurchaseOrderState.SENT, by=by)


def receive_purchase_order(
    order: PurchaseOrder, arrived_units: Mapping[int, int], *, key: str, by: Any = None
) -> list[Receipt]:
    """Book what arrived, per line id, into the stock ledger. The same key books once.

    All lines or none. Raises OverReceiptError when more arrives than is outstanding,
    WrongStateError when the order was not sent, PurchaseOrderError for a line of another order.
    """
    booked = []
    with transaction.atomic():
        order.refresh_from_db()
        if order.state not in RECEIVABLE and not _known(key, arrived_units):
            raise WrongStateError(_("Only an order that was sent can be received."))
        lines = _lines_of(order, arrived_units)
        for line in lines:  # in the order of the counters, as every stock write
            booked.append(_book(order, line, arrived_units[line.pk], (key, by)))
        _move_on_arrival(order, by)
    return booked


def _book(order: PurchaseOrder, line: PurchaseOrderLine, units: int, stamp: tuple) -> Receipt:
    key, by = stamp
    line_key = f"{key}:{line.pk}"
    known = Receipt.objects.filter(key=line_key).first()
    if known:
        return known
    fits = PurchaseOrderLine.objects.filter(pk=line.pk, units__gte=F("received_units") + units)
    if not fits.update(received_units=F("received_units") + units):
        raise OverReceiptError(
            gettext(
                "%(sku)s: %(units)s arrived, but only %(left)s are outstanding. Nothing was booked."
            )
            % {"sku": line.variant.sku, "units": units, "left": line.outstanding_units}
        )
    stock.receive(
        line.variant,
        units,
        warehouse=order.warehouse,
        key=f"receipt:{line_key}",
        reference=f"po:{order.number}",
        by=by,
    )
    return Receipt.objects.create(line=line, units=units, by=by, key=line_key)


def _lines_of(order: PurchaseOrder, arrived_units: Mapping[int, int]) -> list[PurchaseOrderLine]:
    if not arrived_units or min(arrived_units.values()) <= 0:
        raise PurchaseOrderError(_("Say how many units arrived, at least one."))
    found = list(order.lines.filter(pk__in=arrived_units).select_related("variant"))
    if len(found) != len(arrived_units):
        raise PurchaseOrderError(_("A line does not belong to this order."))
    levels = StockLevel.objects.filter(
        warehouse=order.warehouse, variant__in=[line.variant_id for line in found]
    )
    counter = dict(levels.values_list("variant_id", "pk"))
    last = max(counter.values(), default=0) + 1  # a new counter has no row that a rival could hold
    return sorted(found, key=lambda line: (counter.get(line.variant_id, last), line.variant_id))


def _known(key: str, arrived_units: Mapping[int, int]) -> bool:
    """A repeated request after the order was closed by the first one."""
    keys = [f"{key}:{line}" for line in arrived_units]
    return bool(keys) and Receipt.objects.filter(key__in=keys).count() == len(keys)


def _move_on_arrival(order: PurchaseOrder, by: Any) -> None:
    if order.lines.filter(received_units__lt=F("units")).exists():
        state = PurchaseOrderState.PARTLY_RECEIVED
    else:
        state = PurchaseOrderState.RECEIVED
    if order.state in RECEIVABLE and order.state != state:
        _move(order, state, by=by)


def _move(order: PurchaseOrder, state: str, *, by: Any = None, note: str = "") -> PurchaseOrder:
    """Compare-and-set from the state we saw; the transition row says who and when."""
    before = order.state
    if not order.can_become(state):
        raise WrongStateError(
            gettext("An order that is %(before)s cannot become %(after)s.")
            % {"before": order.get_state_display(), "after": PurchaseOrderState(state).label}
        )
    with transaction.atomic():
        moved = PurchaseOrder.objects.filter(pk=order.pk, state=before).update(
            state=state, updated_at=timezone.now()
        )
        if not moved:
            raise WrongStateError(_("Somebody else changed the order in the meantime."))
        PurchaseOrderTransition.objects.create(
            order=order, from_state=before, to_state=state, by=by, note=note[:200]
        )
    order.refresh_from_db()
    return order


def _reachable_supplier(order: PurchaseOrder) -> Supplier:
    if order.supplier is None:
        raise NotSendableError(_("Choose a supplier before the order can be sent."))
    if not order.supplier.email:
        raise NotSendableError(_("The supplier has no e-mail address."))
    if not order.lines.filter(units__gt=0).exists():  # edited down after it was approved
        raise NotSendableError(_("The order has no line with units."))
    return order.supplier


def _message(order: PurchaseOrder, supplier: Supplier) -> EmailMessage:
    lines = list(order.lines.filter(units__gt=0).select_related("variant__product"))
    items = {item.variant_id: item for item in supplier.items.all()}
    rows = [_mail_row(line, items.get(line.variant_id), order.currency) for line in lines]
    text = io.StringIO()
    write_rows(text, [list(rows[0]), *(row.values() for row in rows)])
    listed = "\n".join(f"{row['units']:>6} × {row['sku']}  {row['name']}" for row in rows)
    body = gettext("Please deliver to %(warehouse)s:") % {"warehouse": order.warehouse.name}
    message = EmailMessage(
        subject=gettext("Purchase order %(number)s") % {"number": order.number},
        body=f"{body}\n\n{listed}\n",
        to=[supplier.email],
    )
    message.attach(f"{order.number}.csv", text.getvalue(), "text/csv")
    return message


def _mail_row(line: PurchaseOrderLine, item: SupplierItem | None, currency: str) -> dict:
    cost = line.unit_cost_minor
    return {
        "sku": line.variant.sku,
        "supplier_sku": item.supplier_sku if item else "",
        "name": line.variant.product.name,
        "units": line.units,
        "unit_cost": "" if cost is None else str(from_minor(cost, currency)),
        "currency": currency,
    }
