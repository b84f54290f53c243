"""A shop in the database whose customers buy by a known law."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from shop.models import Customer, Order, OrderLine
from tests.factories import make_variant

END = datetime(2026, 3, 2, tzinfo=UTC)


def make_buyers(
    customers: int, *, seed: int = 1, days: int = 330, rate: float = 1 / 25, leaves: float = 0.18
) -> np.ndarray:
    """MBG/NBD-like customers from `days` before END. Returns who is still one, by Customer.code."""
    random = np.random.default_rng(seed)
    tea = make_variant("TEA-B", price_minor=1000, cost_minor=400, category="tea")
    made = Customer.objects.bulk_create(
        Customer(code=f"B{n:05d}", email=f"b{n}@example.com") for n in range(customers)
    )
    placed, alive = [], np.ones(customers, bool)
    for number in range(customers):
        own, gone = rate * random.gamma(1.5, 1 / 1.5), random.beta(1, 1 / leaves - 1)
        at = random.uniform(0, days - 90)
        while at < days:
            placed.append((number, at, int(random.integers(1, 5))))
            if random.random() < gone:
                alive[number] = False
                break
            at += 1 + random.exponential(1 / own)
    start = END - timedelta(days=days)
    orders = Order.objects.bulk_create(
        Order(
            number=f"B{place}", customer=made[number], currency="GBP", items_minor=1000 * units,
            total_minor=1000 * units, placed_at=start + timedelta(days=at), state="delivered",
        )
        for place, (number, at, units) in enumerate(placed)
    )  # fmt: skip
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order, position=1, variant=tea, text="tea", units=units, unit_price_minor=1000,
            total_minor=1000 * units,
        )
        for order, (_number, _at, units) in zip(orders, placed, strict=True)
    )  # fmt: skip
    return alive
