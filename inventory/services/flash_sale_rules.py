"""What speaks against a flash sale, each reason with its SKU: asked before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from access.figures import points
from inventory.flash_sale_frames import (
    available_units,
    cannot_be_struck_through,
    other_flash_prices,
)
from inventory.models import FlashSale, FlashSaleLine
from inventory.services.costs import unit_costs_minor
from inventory.services.flash_sale_expected import prices_before
from shop.money import format_money
from shop.services.prices import LATE

MOST_REASONS = 30


def why_not(sale: FlashSale, lines: Sequence[FlashSaleLine]) -> list[str]:
    """In the reader's language, the first 30; empty: nothing speaks against it. Six queries."""
    if not lines:
        return [_("It has no lines.")]
    reasons = []
    if sale.starts_at < timezone.now() - LATE:
        reasons.append(_("Its beginning has passed: choose a later one."))
    checks: tuple[Callable[[FlashSale, Sequence[FlashSaleLine]], Iterable[str]], ...] = (
        _price_reasons,
        _margin_reasons,
        _quota_reasons,
        _overlap_reasons,
    )
    for check in checks:
        reasons += check(sale, lines)
    return reasons[:MOST_REASONS]


def _price_reasons(sale: FlashSale, lines: Sequence[FlashSaleLine]) -> list[str]:
    before = prices_before(sale, lines)
    reasons, lower = [], {}
    for line in _one_a_sku(lines):
        said = {"sku": line.variant.sku}
        if line.variant_id not in before:
            reasons.append(_("%(sku)s: it has no price then in the shop's currency.") % said)
        elif line.price_minor >= before[line.variant_id][0]:
            standing = format_money(before[line.variant_id][0])
            reasons.append(
                _("%(sku)s: %(price)s is not below the price then in force, %(standing)s.")
                % (said | {"price": format_money(line.price_minor), "standing": standing})
            )
        else:
            lower[line.variant_id] = line
    prices = {pk: line.price_minor for pk, line in lower.items()}
    for variant in sorted(cannot_be_struck_through(prices, sale.starts_at)):
        reasons.append(
            _(
                "%(sku)s: as little was asked within %(days)s days before, so that no reduction may "
                "be announced."
            )
            % {"sku": lower[variant].variant.sku, "days": settings.PRIOR_PRICE_DAYS}
        )
    return reasons


def _margin_reasons(sale: FlashSale, lines: Sequence[FlashSaleLine]) -> list[str]:
    """A SKU without a cost cannot be judged and is not."""
    floor = settings.MARKETING_MARGIN_FLOOR_RATE
    costs = unit_costs_minor([line.variant_id for line in lines])
    return [
        _("%(sku)s: %(price)s less its cost of %(cost)s is below the margin floor of %(floor)s %%.")
        % {
            "sku": line.variant.sku,
            "price": format_money(line.price_minor),
            "cost": format_money(costs[line.variant_id]),
            "floor": points(floor),
        }
        for line in _one_a_sku(lines)
        if line.variant_id in costs
        and line.price_minor - costs[line.variant_id] < floor * line.price_minor
    ]


def _quota_reasons(sale: FlashSale, lines: Sequence[FlashSaleLine]) -> list[str]:
    available = available_units(lines)
    return [
        _("%(sku)s: %(units)s units in %(warehouse)s, of which %(available)s are available.")
        % {
            "sku": line.variant.sku,
            "units": line.units,
            "warehouse": line.warehouse.code,
            "available": available.get((line.variant_id, line.warehouse_id), 0),
        }
        for line in lines
        if line.units > available.get((line.variant_id, line.warehouse_id), 0)
    ]


def _overlap_reasons(sale: FlashSale, lines: Sequence[FlashSaleLine]) -> list[str]:
    rivals = other_flash_prices(sale, {line.variant_id for line in lines})
    return [
        _("%(sku)s: it has another flash price from %(start)s to %(end)s.")
        % {
            "sku": line.variant.sku,
            "start": _moment(rivals[line.variant_id].valid_from),
            "end": _moment(rivals[line.variant_id].valid_until),
        }
        for line in _one_a_sku(lines)
        if line.variant_id in rivals
    ]


def _one_a_sku(lines: Sequence[FlashSaleLine]) -> list[FlashSaleLine]:
    return list({line.variant_id: line for line in lines}.values())


def _moment(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else "–"
