"""What a unit costs the shop today, for everybody who weighs money."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from inventory.models import SupplierItem
from shop.models import Variant
from shop.services.events.event_rows import among


def unit_costs_minor(variant_ids: Iterable[int]) -> dict[int, int]:
    """SKU key → unit cost in the shop's currency; what nobody has entered is absent, never 0.

    The preferred supplier's price where it is in the shop's currency, else the SKU's own cost:
    the rule of the purchase plan.
    """
    wanted = list(variant_ids)
    if not wanted:
        return {}
    own = Variant.objects.filter(pk__in=among(wanted), cost_minor__isnull=False)
    found = {
        pk: cost for pk, cost in own.order_by().values_list("pk", "cost_minor") if cost is not None
    }
    preferred = SupplierItem.objects.filter(
        variant__in=among(wanted),
        is_preferred=True,
        unit_cost_minor__isnull=False,
        supplier__currency=settings.SHOP_CURRENCY,
    )
    theirs = preferred.order_by().values_list("variant_id", "unit_cost_minor")
    return found | {pk: cost for pk, cost in theirs if cost is not None}
