"""What a unit costs the shop, asked by the floor that sells of the floor that buys.

An app that knows better than the SKU's own row registers in `<app>/cost_sources.py`; the shop knows
no such app. Without one the SKU's own cost is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils.module_loading import autodiscover_modules

from shop.models import Variant

Source = Callable[[Iterable[int]], dict[int, int]]
_sources: list[Source] = []


def register(source: Source) -> Source:
    if source not in _sources:
        _sources.append(source)
    return source


def unit_costs_minor(variant_ids: Iterable[int]) -> dict[int, int]:
    """SKU key → unit cost in the shop's currency; what nobody has entered is absent, never 0."""
    autodiscover_modules("cost_sources")
    wanted = list(variant_ids)
    own = Variant.objects.filter(pk__in=wanted, cost_minor__isnull=False).order_by()
    found = {pk: cost for pk, cost in own.values_list("pk", "cost_minor") if cost is not None}
    for source in _sources:
        found |= source(wanted)
    return found
