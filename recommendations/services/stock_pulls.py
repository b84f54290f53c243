"""How far each product's stock pulls at its place, by the night's count of stock health.

Kept by each process: the count changes once a night, and a request asks for no second journey.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from inventory.models import SkuHealth
from recommendations.kept import changes
from recommendations.ml.policy import stock_pull

KEPT_SECONDS = 600.0
WEEK = 6  # of `SkuHealth.out_risk`: sold out by the seventh day


@dataclass(frozen=True)
class _Kept:
    pulls: Mapping[int, float]
    until: float  # on the monotonic clock
    at_change: int


_kept: _Kept | None = None
_reading = threading.Lock()


def stock_pulls() -> Mapping[int, float]:
    """Product → pull; absent where it is 0. One of those who ask reads anew, the others go on with
    what there is."""
    kept = _kept
    if kept and kept.until > time.monotonic() and kept.at_change == changes():
        return kept.pulls
    if not _reading.acquire(blocking=kept is None):
        assert kept is not None
        return kept.pulls
    try:
        return _read()
    finally:
        _reading.release()


def _read() -> Mapping[int, float]:
    global _kept
    at_change = changes()
    pulls = read_pulls()
    _kept = _Kept(pulls, time.monotonic() + KEPT_SECONDS, at_change)
    return pulls


def read_pulls() -> dict[int, float]:
    """Of products of which any SKU has too much or may run out; a SKU without a forecast pulls
    nowhere."""
    odd = SkuHealth.objects.filter(Q(excess_units__gt=0) | Q(out_risk_28__gt=0)).order_by()
    products = odd.values("variant__product")
    rows = SkuHealth.objects.filter(variant__product__in=products, out_risk_28__isnull=False)
    units: dict[int, list[float]] = {}
    found = rows.order_by().values_list(
        "variant__product_id", "on_hand", "excess_units", f"out_risk__{WEEK}"
    )
    for product, on_hand, excess, risk in found.iterator(5_000):
        mine = units.setdefault(product, [0, 0, 1.0])
        mine[0] += max(on_hand, 0)
        mine[1] += excess or 0
        mine[2] = min(mine[2], float(risk or 0))
    pulls = {pk: stock_pull(int(a), int(b), risk) for pk, (a, b, risk) in units.items()}
    return {pk: pull for pk, pull in pulls.items() if pull}
