"""How one flash sale stands: units left, sold, its revenue against what the units cost before."""

from __future__ import annotations

from dataclasses import dataclass, field

from inventory.flash_sale_frames import Quota, Sold, available_units, quotas_of, sold_in
from inventory.models import FlashSale, FlashSaleLine, PlannedDemand
from inventory.services.flash_sale_expected import KIND, prices_before
from inventory.services.flash_sale_rules import why_not
from inventory.services.planned_needs import Need, needs_of


@dataclass(frozen=True)
class LineReport:
    """left and in_carts: of the units set aside; None before the approval. available: of a draft."""

    line: FlashSaleLine
    before_minor: int | None
    available: int | None
    left: int | None
    in_carts: int | None

    @property
    def percent(self) -> float | None:
        """By how much it is reduced, 0 to 1."""
        if not self.before_minor:
            return None
        return 1 - self.line.price_minor / self.before_minor

    @property
    def from_quota(self) -> int | None:
        """Ordered out of the units set aside."""
        if self.left is None or self.in_carts is None:
            return None
        return self.line.units - self.left - self.in_carts


@dataclass(frozen=True)
class SkuReport:
    """Everything of a SKU that was ordered in the window, from the quota or not."""

    sku: str
    units: int
    revenue_minor: int
    before_minor: int | None  # the same units at the price before


@dataclass(frozen=True)
class SaleReport:
    lines: list[LineReport]
    skus: list[SkuReport]
    reasons: list[str]
    source: PlannedDemand | None
    needs: list[Need] = field(default_factory=list)

    @property
    def units(self) -> int:
        return sum(one.line.units for one in self.lines)

    @property
    def left(self) -> int | None:
        if any(one.left is None for one in self.lines):
            return None
        return sum(one.left or 0 for one in self.lines)

    @property
    def sold(self) -> int:
        return sum(one.units for one in self.skus)

    @property
    def revenue_minor(self) -> int:
        return sum(one.revenue_minor for one in self.skus)

    @property
    def at_former_price_minor(self) -> int | None:
        found = [one.before_minor for one in self.skus]
        return None if None in found else sum(one or 0 for one in found)

    @property
    def is_too_late(self) -> bool:
        return any(one.is_too_late for one in self.needs)


def report_of(sale: FlashSale) -> SaleReport:
    """Everything that its page shows, in a fixed number of queries; nothing is written."""
    lines = list(
        sale.lines.select_related("variant__product", "warehouse").order_by(
            "variant__sku", "warehouse__priority", "pk"
        )
    )
    skus = {line.variant_id: line.variant.sku for line in lines}
    before = {pk: price[0] for pk, price in prices_before(sale, lines).items()}
    quotas = quotas_of(sale) if not sale.is_draft else {}
    available = available_units(lines) if sale.is_draft else {}
    told = PlannedDemand.objects.filter(kind=KIND, source_id=str(sale.pk))
    source = told.prefetch_related("items__variant").first()
    return SaleReport(
        lines=[_line(line, before, available, quotas) for line in lines],
        skus=[] if sale.is_draft else _skus(skus, before, sold_in(sale, list(skus))),
        reasons=why_not(sale, lines) if sale.is_draft else [],
        source=source,
        needs=needs_of(source) if source and source.measured_at is None else [],
    )


def _line(
    line: FlashSaleLine,
    before: dict[int, int],
    available: dict[tuple[int, int], int],
    quotas: dict[tuple[int, int], Quota],
) -> LineReport:
    place = line.variant_id, line.warehouse_id
    quota = quotas.get(place)
    return LineReport(
        line=line,
        before_minor=before.get(line.variant_id),
        available=available.get(place, 0) if line.sale.is_draft else None,
        left=quota.left if quota else None,
        in_carts=quota.in_carts if quota else None,
    )


def _skus(skus: dict[int, str], before: dict[int, int], sold: dict[int, Sold]) -> list[SkuReport]:
    found = []
    for pk, sku in skus.items():
        one, price = sold.get(pk, Sold()), before.get(pk)
        found.append(
            SkuReport(
                sku, one.units, one.revenue_minor, None if price is None else price * one.units
            )
        )
    return found
