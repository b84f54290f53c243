"""Who owes whom: what an order costs now against what was paid and paid back."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import (
    BigIntegerField,
    Case,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest

from shop.models import Order, OrderState, Payment, Refund
from shop.services.orders.order_states import been, states_after


@dataclass(frozen=True)
class Balance:
    """Minor units of one order. Rules in prose: docs/ledgers.md, "Who owes whom"."""

    total_minor: int
    authorised_minor: int  # promised by the customer's bank and not voided
    paid_minor: int
    paid_back_minor: int
    refunded_minor: int  # promised back: sum of the refunds
    refunded_tax_minor: int
    is_cancelled: bool

    @property
    def refundable_minor(self) -> int:
        """Nobody gets back more than was paid."""
        return max(0, self.paid_minor - self.refunded_minor)

    @property
    def claim_minor(self) -> int:
        """What the order costs the customer after refunds; those give back an overpayment first."""
        if self.is_cancelled:
            return 0
        overpaid = max(0, self.paid_minor - self.total_minor)
        return self.total_minor - max(0, self.refunded_minor - overpaid)

    @property
    def customer_owes_minor(self) -> int:
        return max(0, self.claim_minor - (self.paid_minor - self.paid_back_minor))

    @property
    def shop_owes_minor(self) -> int:
        return max(0, (self.paid_minor - self.paid_back_minor) - self.claim_minor)


def balance_of(order: Order) -> Balance:
    """Two queries: the sums of the payments and of the refunds."""
    sums = Payment.objects.filter(order=order).aggregate(
        authorised=Sum("authorised_minor", default=0),
        voided=Sum("voided_minor", default=0),
        captured=Sum("captured_minor", default=0),
        refunded=Sum("refunded_minor", default=0),
    )
    back = Refund.objects.filter(order=order).aggregate(
        amount=Sum("amount_minor", default=0), tax=Sum("tax_minor", default=0)
    )
    return Balance(
        total_minor=order.total_minor,
        authorised_minor=sums["authorised"] - sums["voided"],
        paid_minor=sums["captured"] or paid_unrecorded(order),
        paid_back_minor=sums["refunded"],
        refunded_minor=back["amount"],
        refunded_tax_minor=back["tax"],
        is_cancelled=order.state == OrderState.CANCELLED,
    )


def paid_unrecorded(order: Order) -> int:
    """An order that was paid elsewhere, or before payments were kept, names no payment."""
    return order.total_minor if been(order, OrderState.PAID) else 0


def refund_due(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Those for which `balance_of` says that the shop owes: the same rule, in the database."""
    unrecorded = Case(
        When(state__in=[OrderState.PAID, *states_after(OrderState.PAID)], then=F("total_minor")),
        default=0,
    )
    captured = _sum_of(Payment, "captured_minor")
    paid = Case(When(_captured__gt=0, then=F("_captured")), default=unrecorded)
    overpaid = Greatest(F("_paid") - F("total_minor"), Value(0))
    claim = Case(
        When(state=OrderState.CANCELLED, then=Value(0)),
        default=F("total_minor") - Greatest(_sum_of(Refund, "amount_minor") - overpaid, Value(0)),
        output_field=BigIntegerField(),
    )
    known = orders.alias(_captured=captured).alias(_paid=paid).alias(_claim=claim)
    return known.filter(_paid__gt=F("_claim") + _sum_of(Payment, "refunded_minor"))


def _sum_of(model: type[Payment | Refund], column: str) -> Coalesce:
    rows = model.objects.filter(order=OuterRef("pk")).order_by().values("order")
    total = Subquery(rows.annotate(total=Sum(column)).values("total"))
    return Coalesce(total, Value(0), output_field=BigIntegerField())
