"""What people take instead of what is sold out: learned at night, read at any time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from inventory.frames import last_full_day
from inventory.models import SubstituteList

WINDOW_DAYS = 180
MOST = 10
BATCH = 2_000


@dataclass(frozen=True)
class Substitute:
    """One SKU that is taken instead of another.

    taken_rate: extra share of the visits that found the other one out and took this one, drawn to
    what likeness and the whole shop say; low_rate, high_rate: its 80 % interval.
    lost_sessions, taken_sessions: the visits behind it; base_rate: how often it is taken after a
    look at the other one while that is there. source: `seen` in visits, or only `similar`.
    """

    variant_id: int
    product_id: int
    taken_rate: float
    low_rate: float
    high_rate: float
    lost_sessions: int
    taken_sessions: int
    base_rate: float
    source: str


def substitutes_of(variant_ids: Iterable[int], *, most: int = MOST) -> dict[int, list[Substitute]]:
    """Substitutes of each SKU, best first; [] where nothing is known. One query, no gates."""
    wanted = list(variant_ids)
    rows = SubstituteList.objects.filter(pk__in=wanted).values_list("pk", "pairs")
    known = {pk: [Substitute(**pair) for pair in pairs[:most]] for pk, pairs in rows}
    return {pk: known.get(pk, []) for pk in wanted}


def products_instead(skus: Iterable[str]) -> list[int]:
    """Products taken instead of these SKUs, best first, each once. One query, no gates."""
    lists = SubstituteList.objects.filter(variant__sku__in=list(skus)).order_by("pk")
    pairs = [pair for found in lists.values_list("pairs", flat=True) for pair in found]
    pairs.sort(key=lambda pair: -pair["taken_rate"])
    return list(dict.fromkeys(pair["product_id"] for pair in pairs))


def refresh_substitutes(as_of: datetime, *, most: int = MOST) -> dict[str, Any]:
    """Learn all lists again from the last WINDOW_DAYS days; twice equals once."""
    import numpy as np

    from inventory import evidence  # numeric libraries: in the night's own process
    from inventory.ml.substitutes import learn_substitutes

    last = last_full_day(as_of)
    window = evidence.Window(last - timedelta(days=WINDOW_DAYS - 1), last, as_of)
    rows = evidence.all_rows()
    spans = evidence.out_spans(window, rows)
    shelf, products = evidence.shelf_of_rows(rows)
    learned = learn_substitutes(evidence.visits(window, rows, spans), shelf, most=most)
    pairs = learned.pairs
    lists: dict[int, list[dict]] = {}
    for number in range(len(pairs.item)):
        lists.setdefault(int(pairs.item[number]), []).append(_pair(pairs, number, rows, products))
    made = [
        SubstituteList(
            variant_id=int(rows.variant_ids[row]),
            pairs=found,
            lost_sessions=int(learned.lost_visits[row]),
            as_of=as_of,
        )
        for row, found in sorted(lists.items())
    ]
    with transaction.atomic():
        SubstituteList.objects.all().delete()
        SubstituteList.objects.bulk_create(made, BATCH)
    return {
        "skus": len(made),
        "lost_visits": int(np.sum(learned.lost_visits)),
        "seen_pairs": int((pairs.taken_visits > 0).sum()),
    }


def _pair(pairs: Any, number: int, rows: Any, products: Any) -> dict[str, Any]:
    other = int(pairs.other[number])
    return asdict(
        Substitute(
            variant_id=int(rows.variant_ids[other]),
            product_id=int(products[other]),
            taken_rate=_short(pairs.taken_rate[number]),
            low_rate=_short(pairs.low[number]),
            high_rate=_short(pairs.high[number]),
            lost_sessions=int(pairs.lost_visits[number]),
            taken_sessions=int(pairs.taken_visits[number]),
            base_rate=_short(pairs.base_rate[number]),
            source="seen" if pairs.taken_visits[number] else "similar",
        )
    )


def _short(value: float) -> float:
    # Five digits: more would differ between two machines' arithmetic and mean nothing.
    return float(f"{value:.5g}")
