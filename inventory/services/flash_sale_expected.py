"""What a flash sale is expected to sell beyond the forecast, told to purchasing; never a made-up figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from access.figures import significant
from decisions.text import sentence
from inventory.flash_sale_frames import day_shares, measured_sales
from inventory.models import (
    FlashSale,
    FlashSaleLine,
    FlashSaleState,
    PlannedDemand,
    PriceElasticity,
)
from inventory.services import planned_demand
from inventory.services.planned_demand import Extra, Source, Window
from shop.models import PriceKind
from shop.services.prices import prices_at

KIND = "flash_sale"
MOST_SALES = 200
NO_PROMOTION = [0.0, 0.0, 0.0]
MEASURED = gettext_noop(
    "From %(sales)s measured sales at a reduced price, for %(known)s of %(skus)s SKUs: %(mean)s "
    "extra units in all (80 %%: %(low)s to %(high)s), at most what is set aside."
)
ESTIMATED = gettext_noop(
    "No sale has been measured yet. From how demand answers the price, for %(known)s of %(skus)s "
    "SKUs: %(mean)s extra units in all (80 %%: %(low)s to %(high)s), at most what is set aside."
)
TOO_LITTLE = gettext_noop(
    "Too little is known, so nothing is planned for: no sale has been measured yet, and how demand "
    "answers the price has not been learned for these SKUs, or they have no forecast or no price."
)


@dataclass(frozen=True)
class Known:
    """What is read once for a sale. lines: SKU → what ml.sale_response.expected_extra computes from;
    a SKU of which too little is known is absent. sales: how many measured ones it rests on."""

    lines: dict[int, dict[str, Any]]
    sales: int


def publish_expected(sale: FlashSale) -> PlannedDemand:
    """Tell purchasing what a sale that is to come will sell. Telling the same twice changes nothing.

    A SKU of which too little is known is told with 0, so that afterwards its effect is measured.
    """
    source = Source(KIND, str(sale.pk), sale.name, sale.name_zh)
    lines = list(sale.lines.all())
    return planned_demand.tell_planned_demand(source, *_expected(sale, lines, read(sale, lines)))


def withdraw_expected(sale: FlashSale, now: datetime) -> None:
    """A draft, or not begun: as if it had never been told. Begun: it ended today."""
    if sale.is_draft or now < sale.starts_at:
        planned_demand.forget_planned_demand(KIND, str(sale.pk))
    else:
        planned_demand.end_planned_demand(KIND, str(sale.pk), timezone.localtime(now).date())


def refresh_expected(as_of: datetime) -> dict[str, int]:
    """The night: expect anew what has not begun; a guess is not changed under way. A draft whose
    window went by unapproved sells nothing."""
    today = timezone.localtime(as_of).date()
    told = stale = 0
    open_ones = FlashSale.objects.filter(state__in=[FlashSaleState.DRAFT, FlashSaleState.APPROVED])
    for sale in open_ones.prefetch_related("lines").order_by("pk")[:MOST_SALES]:
        if sale.starts_on >= today:
            publish_expected(sale)
            told += 1
        elif sale.is_draft:
            stale += planned_demand.forget_planned_demand(KIND, str(sale.pk))
    return {"expected": told, "dropped": stale}


def read(sale: FlashSale, lines: Sequence[FlashSaleLine]) -> Known:
    """Forecast, price and response of each SKU; nine queries and one per measured campaign."""
    from inventory.ml.sale_response import pooled_response

    quotas: dict[int, int] = {}
    for line in lines:
        quotas[line.variant_id] = quotas.get(line.variant_id, 0) + line.units
    of_sku = {line.variant_id: line for line in lines}
    days = (sale.ends_on - sale.starts_on).days + 1
    base = planned_demand.base_units(list(of_sku), sale.starts_on, days)
    before = prices_before(sale, lines)
    measured = measured_sales(exclude=sale.pk)
    pooled = pooled_response(measured)
    estimated = {} if pooled else _elasticities(list(of_sku))
    shares = day_shares(sale.starts_at, sale.ends_at)
    found = {}
    for variant, line in sorted(of_sku.items()):
        response = (pooled, NO_PROMOTION) if pooled else estimated.get(variant)
        usual, is_list = before.get(variant) or (0, False)
        if variant not in base or response is None or not (usual and line.price_minor):
            continue
        found[variant] = {
            "base_units": [round(units, 3) for units in base[variant]],
            "day_shares": shares,
            "price_ratio": line.price_minor / usual,
            "promotion_change": int(is_list),
            "elasticity": response[0],
            "promotion_log": response[1],
            "quota": quotas[variant],
        }
    return Known(found, len(measured) if pooled else 0)


def prices_before(sale: FlashSale, lines: Sequence[FlashSaleLine]) -> dict[int, tuple[int, bool]]:
    """SKU → the price that the sale replaces as it begins, and whether it is a list price.

    Of a draft as the ledger has it; once approved, as it was noted then."""
    if not sale.is_draft:
        return {
            line.variant_id: (line.before_minor, line.before_is_list)
            for line in lines
            if line.before_minor is not None
        }
    standing = prices_at([line.variant_id for line in lines], sale.starts_at)
    return {
        variant: (price.amount_minor, price.kind == PriceKind.LIST)
        for variant, price in standing.items()
        if price.currency == settings.SHOP_CURRENCY
    }


def _elasticities(variants: list[int]) -> dict[int, tuple[list[float], list[float]]]:
    """SKU → elasticity and effect of a promotion [low, middle, high], as the nights learned them.

    Where no price of the shop ever moved they are what is published of other shops: not known here.
    """
    if not PriceElasticity.objects.filter(priced_days__gt=0).exists():
        return {}
    return {
        row.variant_id: (
            [row.low, row.elasticity, row.high],
            [row.promotion_low, row.promotion_log, row.promotion_high],
        )
        for row in PriceElasticity.objects.filter(variant__in=variants)
    }


def _expected(
    sale: FlashSale, lines: Sequence[FlashSaleLine], known: Known
) -> tuple[Window, list[Extra]]:
    from inventory.ml.sale_response import expected_extra

    window = Window(sale.starts_on, sale.ends_on, bool(known.lines))
    nothing = [0.0] * window.days
    extras = []
    for variant in sorted({line.variant_id for line in lines}):
        found = {"mean": nothing, "low": nothing, "high": nothing}
        if variant in known.lines:
            found = expected_extra(known.lines[variant])
        extras.append(Extra(variant, found["mean"], found["low"], found["high"]))
    basis = _basis(known, extras) if known.lines else sentence(TOO_LITTLE)
    return Window(sale.starts_on, sale.ends_on, bool(known.lines), basis), extras


def _basis(known: Known, extras: list[Extra]) -> dict:
    totals = {
        name: significant(round(sum(sum(getattr(one, name)) for one in extras)))
        for name in ("mean", "low", "high")
    }
    counts = {"known": len(known.lines), "skus": len(extras)}
    if known.sales:
        return sentence(MEASURED, sales=known.sales, **counts, **totals)
    return sentence(ESTIMATED, **counts, **totals)
