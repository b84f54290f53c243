"""What was ordered, as demand: kits by their components, without cancelled rests and bulk orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from shop.models import SOLD_UNITS, KitComponent, OrderLine


@dataclass
class Ordered:
    """units: (variant, local day) → units wanted. bulk: variant → units of one-off bulk orders left
    out of them. row_count: order lines behind it."""

    units: dict[tuple[int, date], int]
    row_count: int
    bulk: dict[int, int] = field(default_factory=dict)


def between(first: date, until: date, name: str) -> dict[str, datetime]:
    """Filter of the local days first … until, both included."""
    return {
        f"{name}__gte": timezone.make_aware(datetime.combine(first, time())),
        f"{name}__lt": timezone.make_aware(datetime.combine(until + timedelta(days=1), time())),
    }


def ordered(first: date, until: date, *, variant_id: int | None = None) -> Ordered:
    """Item lines of orders that were not cancelled, by local day of the order. Two queries.

    1. A kit counts as its components, as many as are in one.
    2. Units of a cancelled rest were given up before they were shipped: no demand.
    3. One-off bulk orders (ml/bulk.py) are kept apart. A kit's bulk order is its components'.
    """
    parts = _kit_parts()
    sizes: dict[tuple[int, date, int], int] = defaultdict(int)
    rows = 0
    for variant, day, units, times in _lines(first, until, variant_id, parts):
        rows += times
        for part, each in parts.get(variant, [(variant, 1)]):
            if variant_id in (None, part):
                sizes[part, day, units * each] += times
    bulk = _bulk(sizes)
    found: dict[tuple[int, date], int] = defaultdict(int)
    left_out: dict[int, int] = defaultdict(int)
    for (variant, day, units), times in sizes.items():
        found[variant, day] += 0 if (variant, day, units) in bulk else units * times
        if (variant, day, units) in bulk:
            left_out[variant] += units * times
    return Ordered(dict(found), rows, dict(left_out))


def _kit_parts() -> dict[int, list[tuple[int, int]]]:
    """kit → its components with their units."""
    parts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for kit, component, units in KitComponent.objects.values_list("kit", "component", "units"):
        parts[kit].append((component, units))
    return parts


def _lines(
    first: date, until: date, variant_id: int | None, parts: dict[int, list[tuple[int, int]]]
) -> Iterator[tuple]:
    """(variant, local day, units of a line that stand, how many lines)."""
    lines = OrderLine.objects.sold().filter(
        variant__isnull=False, **between(first, until, "order__placed_at")
    )
    if variant_id is not None:
        kits = [kit for kit, of in parts.items() if variant_id in dict(of)]
        lines = lines.filter(Q(variant=variant_id) | Q(variant__in=kits))
    return (
        lines.annotate(day=TruncDate("order__placed_at"), sold=SOLD_UNITS)
        .order_by()
        .values_list("variant_id", "day", "sold")
        .annotate(times=Count("pk"))
        .iterator()
    )


def _bulk(sizes: dict[tuple[int, date, int], int]) -> set[tuple[int, date, int]]:
    import numpy as np

    from inventory.ml.bulk import bulk_lines

    if not sizes:
        return set()
    keys = list(sizes)
    flags = bulk_lines(
        np.array([variant for variant, _day, _units in keys]),
        np.array([units for _variant, _day, units in keys], dtype=float),
        np.array([sizes[key] for key in keys]),
    )
    return {key for key, flag in zip(keys, flags, strict=True) if flag}
