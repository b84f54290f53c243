"""Reorder suggestions as the brief and the receipt page see them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from decisions.kinds import DecisionKind, register
from decisions.models import Decision
from inventory.models import PurchaseOrder, PurchaseOrderState
from inventory.services import clearance, flash_sales
from inventory.services.purchase_orders import cancel_purchase_order, carry_out_approval
from inventory.services.replenishment import KIND


def _order_of(decision: Decision) -> PurchaseOrder:
    return PurchaseOrder.objects.get(pk=int(decision.subject.removeprefix("po:")))


def _compute(inputs: dict) -> dict:
    from inventory.ml.reorder import plan_order

    return plan_order(inputs)


def _approve(decision: Decision, by: Any) -> None:
    carry_out_approval(_order_of(decision), by=by)


def _refuse(decision: Decision, by: Any) -> None:
    decision.refresh_from_db(fields=["decision_note"])
    order = _order_of(decision)
    if order.state == PurchaseOrderState.SUGGESTED:
        cancel_purchase_order(order, by=by, note=decision.decision_note)


def _edit_url(decision: Decision) -> str:
    order_id = decision.subject.removeprefix("po:")
    return reverse("admin:inventory_purchaseorder_change", args=[order_id])


register(
    DecisionKind(
        name=KIND,
        label=_("Reorder"),
        compute=_compute,
        approve=_approve,
        refuse=_refuse,
        edit_url=_edit_url,
        permission="inventory.change_purchaseorder",
    )
)


def _compute_clearance(inputs: dict) -> dict:
    from inventory.ml.clearance import plan_clearance

    return plan_clearance(inputs["line"])


register(
    DecisionKind(
        name=clearance.KIND,
        label=_("Clearance"),
        compute=_compute_clearance,
        approve=clearance.carry_out,
        refuse=clearance.refuse,
        permission="inventory.change_clearancedraft",
    )
)


def _compute_flash_sale(inputs: dict) -> dict:
    from inventory.ml.sale_response import expected_of_sale

    return expected_of_sale(inputs)


register(
    DecisionKind(
        name=flash_sales.KIND,
        label=_("Flash sale"),
        compute=_compute_flash_sale,
        approve=flash_sales.carry_out,
        permission=flash_sales.PERMISSION,
    )
)
