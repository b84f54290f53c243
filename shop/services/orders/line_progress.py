"""How far each line of an order is: shipped, cancelled, come back. A kit counts as a whole."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from django.db.models import Sum

from shop.models import Allocation, LineKind, Order, OrderLine, OrderState, ReturnLine
from shop.services.orders.order_lines import Amount, amounts_of
from shop.services.orders.order_states import been
from shop.services.stock.allocations import allocations_of
from shop.shares import part_of


@dataclass(frozen=True)
class Progress:
    """Units of one line and what they were paid with."""

    line: OrderLine
    amount: Amount
    shipped_units: int
    cancelled_units: int
    returned_units: int
    is_whole: bool  # no kit of which a part has left and a part has not

    @property
    def returnable_units(self) -> int:
        return self.shipped_units - self.returned_units

    @property
    def open_units(self) -> int:
        return self.line.units - self.shipped_units - self.cancelled_units

    def worth(self, units: int) -> Amount:
        """What the next units to go back were paid with; the last ones get the remainder."""
        settled = self.returned_units + self.cancelled_units
        return Amount(
            *(part_of(minor, self.line.units, before=settled, taken=units) for minor in self.amount)
        )


def progress_of(order: Order) -> dict[int, Progress]:
    """Line → how far it is, for every line that was paid for (a discount was not). 4 queries."""
    amounts = amounts_of(order)
    back = _returned(order)
    by_line: dict[int, list[Allocation]] = defaultdict(list)
    for one in allocations_of(order):
        by_line[one.order_line_id].append(one)
    return {
        line.pk: _progress(order, line, amounts[line.pk], by_line[line.pk], back.get(line.pk, 0))
        for line in order.lines.exclude(kind=LineKind.DISCOUNT)
    }


def _returned(order: Order) -> dict[int, int]:
    rows = ReturnLine.objects.filter(order_line__order=order).order_by()
    return dict(rows.values_list("order_line_id").annotate(units=Sum("units")))


def _progress(
    order: Order, line: OrderLine, amount: Amount, pieces: list[Allocation], back: int
) -> Progress:
    if not pieces:
        # Nothing is counted of it (a charge, a download, imported goods): it goes with the rest.
        gone = order.state == OrderState.PART_SHIPPED or been(order, OrderState.SHIPPED)
        return Progress(line, amount, line.units if gone else 0, 0, back, True)
    shipped = _units_gone(line, pieces, "shipped_units")
    cancelled = _units_gone(line, pieces, "cancelled_units")
    return Progress(
        line,
        amount,
        shipped_units=floor(min(shipped)),
        cancelled_units=floor(min(cancelled)),
        returned_units=back,
        is_whole=all(
            len(set(gone)) == 1 and gone[0].denominator == 1 for gone in (shipped, cancelled)
        ),
    )


def _units_gone(line: OrderLine, pieces: list[Allocation], column: str) -> list[Fraction]:
    """Per component: of how many units of the line it is gone; a fraction where one is broken."""
    promised: dict[int, int] = defaultdict(int)
    gone: dict[int, int] = defaultdict(int)
    for one in pieces:
        promised[one.variant_id] += one.units
        gone[one.variant_id] += getattr(one, column)
    return [Fraction(gone[item] * line.units, promised[item]) for item in promised]
