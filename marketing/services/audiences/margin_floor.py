"""No campaign features a reduction that leaves less than the least margin, and what cannot be judged
is said. The same sum as a coupon's: docs/coupons.md."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from access.figures import significant
from decisions.text import sentence
from inventory.services.costs import unit_costs_minor
from marketing.models import Campaign
from marketing.services.audiences.targeting import TargetingError
from marketing.services.campaigns.message_costs import cost_per_message_minor
from shop.models import Variant
from shop.services.coupons.worth import least_of_line
from shop.services.orders.taxes import STANDARD, rates_at
from shop.services.prices import prices_at
from shop.services.prior_prices import reductions_of

BELOW_FLOOR = gettext_noop(
    "%(sku)s sells at %(price)s and costs %(cost)s (minor units): with tax and the least margin of "
    "%(floor)s %% it may not sell below %(least)s. Raise the price, or take it out of the campaign."
)
COST_UNKNOWN = gettext_noop(
    "%(sku)s is reduced and nobody has entered what it costs, so that the least margin of %(floor)s %% "
    "cannot be shown to hold. Enter its cost, or take it out of the campaign."
)


def refuse_below_floor(campaign: Campaign, at: datetime) -> None:
    """Raises TargetingError where a featured SKU on reduction leaves less than the margin floor, after
    tax where prices include it; and, where the shop has set a floor, where its cost is unknown.

    A clearance sale has a floor of its own, which stands on its receipt.
    """
    reduced = _reduced(campaign, at)
    costs, prices = unit_costs_minor(reduced), prices_at(list(reduced), at)
    rates = _highest_rates(reduced.values(), at)
    floor_rate = settings.MARKETING_MARGIN_FLOOR_RATE
    floor = significant(100 * floor_rate)
    for pk, variant in reduced.items():
        if pk not in prices:
            continue
        if pk not in costs:
            if floor_rate > 0:
                raise TargetingError(sentence(COST_UNKNOWN, sku=variant.sku, floor=floor))
            continue
        price, cost = prices[pk].amount_minor, costs[pk]
        least = least_of_line(
            1,
            cost,
            floor_rate=floor_rate,
            tax_basis_points=rates.get(variant.product.tax_class, 0),
            tax_included=settings.SHOP_PRICES_INCLUDE_TAX,
        )
        if price < least:
            raise TargetingError(
                sentence(
                    BELOW_FLOOR, sku=variant.sku, price=price, cost=cost, floor=floor, least=least
                )
            )


def skus_without_cost(campaign: Campaign, at: datetime) -> list[str]:
    """Featured on reduction, and nobody knows whether below cost: a person decides."""
    reduced = _reduced(campaign, at)
    known = unit_costs_minor(reduced)
    return sorted(variant.sku for pk, variant in reduced.items() if pk not in known)


def money_inputs(campaign: Campaign, at: datetime) -> dict[str, Any]:
    """For its receipt; SKUs without a cost only where there are any: older receipts stay as they were."""
    unknown = skus_without_cost(campaign, at)
    found: dict[str, Any] = {"send_cost_minor": cost_per_message_minor(campaign, at)}
    return found | ({"skus_without_cost": unknown} if unknown else {})


def _reduced(campaign: Campaign, at: datetime) -> dict[int, Variant]:
    if (campaign.key or "").startswith("clearance:"):
        return {}
    featured = Variant.objects.filter(pk__in=campaign.items.values("variant"))
    found = {one.pk: one for one in featured.select_related("product").order_by("pk")}
    on_reduction = reductions_of(found, at) if found else {}
    return {pk: one for pk, one in found.items() if pk in on_reduction}


def _highest_rates(variants: Iterable[Variant], at: datetime) -> dict[str, int]:
    """Basis points per class of goods: recipients may order from every country the shop sells to."""
    classes = {one.product.tax_class for one in variants} | {STANDARD}
    found: dict[str, int] = {}
    for country in settings.SHOP_COUNTRIES:
        for tax_class, rate in rates_at(country, classes, timezone.localdate(at)).items():
            found[tax_class] = max(rate, found.get(tax_class, 0))
    return found
