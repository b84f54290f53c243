"""Kits: what is counted when a variant is made of units of others. The one place that asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import KitComponent, Variant
from shop.services.stock.movements import StockError

Components = dict[int, dict[int, int]]


class KitNotCountedError(StockError):
    """A kit is on no shelf: only what it is made of is counted."""


def components_of(variant_ids: Iterable[int]) -> Components:
    """Per variant, the units of each counted item in one of it. One query.

    A variant that is no kit maps to one unit of itself. A component that is never counted is left
    out: a kit of nothing else maps to {}.
    """
    wanted = list(dict.fromkeys(variant_ids))
    rows = KitComponent.objects.filter(kit__in=wanted).order_by("kit_id", "component_id")
    found: Components = {}
    for kit, item, units, counted in rows.values_list(
        "kit_id", "component_id", "units", "component__tracks_stock"
    ):
        items = found.setdefault(kit, {})
        if counted:
            items[item] = units
    return {pk: found.get(pk, {pk: 1}) for pk in wanted}


def items_of(wanted_units: Mapping[int, int], components: Components) -> dict[int, int]:
    """Units of each counted item that the wanted variants need together.

    Two lines that need the same item are added up: each alone might fit where both do not.
    """
    items: dict[int, int] = defaultdict(int)
    for variant_id, units in wanted_units.items():
        for item, in_one in components[variant_id].items():
            items[item] += units * in_one
    return dict(items)


def refuse_kit(variant: Variant) -> None:
    """Raises KitNotCountedError: goods arrive, are counted and set aside as what they are."""
    if KitComponent.objects.filter(kit=variant).exists():
        raise KitNotCountedError(
            format_lazy(_("{sku} is a kit: move the SKUs it is made of."), sku=variant.sku)
        )
