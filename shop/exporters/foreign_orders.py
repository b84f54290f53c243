"""What orders of other systems tell on their first row, from lines of ours."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from shop.models import LineKind, Order, OrderLine, Return


@dataclass(frozen=True)
class Sums:
    """Whole minor units; subtotal + shipping + other (+ tax where it is on top) = total."""

    items: int
    shipping: int
    discount: int
    other: int

    @property
    def subtotal(self) -> int:
        return self.items + self.discount


def sums_of(order: Order) -> Sums:
    by_kind = dict.fromkeys(LineKind.values, 0)
    for line in order.lines.all():
        by_kind[line.kind] += line.total_minor
    return Sums(
        by_kind[LineKind.ITEM],
        by_kind[LineKind.SHIPPING],
        by_kind[LineKind.DISCOUNT],
        by_kind[LineKind.FEE],
    )


def goods_of(order: Order) -> list[OrderLine | None]:
    """The lines that get a row; an order without goods has one row all the same."""
    goods: list[OrderLine | None] = [
        line for line in order.lines.all() if line.kind == LineKind.ITEM
    ]
    return goods or [None]


def discount_text(order: Order) -> str:
    named = (line.text for line in order.lines.all() if line.kind == LineKind.DISCOUNT)
    return next(named, "")


def orders() -> QuerySet[Order]:
    lines = OrderLine.objects.select_related("variant").order_by("position")
    back = Return.objects.filter(order=OuterRef("pk")).order_by().values("order")
    refunded = Subquery(back.annotate(units=Sum("refund_minor")).values("units"))
    return (
        Order.objects.select_related("customer", "channel")
        .prefetch_related(Prefetch("lines", lines))
        .annotate(refunded_minor=Coalesce(refunded, 0))
    )


def left_out() -> list[str]:
    orphans = Return.objects.filter(order=None).count()
    strangers = Order.objects.filter(customer__email="").count()
    always = "fractions of a second, which line was taxed how, the texts of shipping and fees"
    return [
        always,
        *([f"{orphans} returns of no known order"] if orphans else []),
        *([f"whose {strangers} orders are: their customers have no e-mail"] if strangers else []),
    ]
