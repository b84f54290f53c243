"""Suppliers, forecasts and a shop with a sales history."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

from inventory.ml.metrics import LEVELS
from inventory.models import DemandForecast, Supplier, SupplierItem
from shop.models import Order, OrderLine, OrderState, Variant
from tests.factories import make_variant

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)
LAST_DAY = date(2026, 3, 1)


class Silent:
    """The progress of a job that nobody watches."""

    job_id = 0

    def __call__(self, done: int, total: int = 0, note: str = "") -> None:
        pass

    def still_mine(self) -> None:
        pass


def make_supplier(code: str = "LEAF", **fields) -> Supplier:
    given = {
        "name": code.title(),
        "email": f"{code.lower()}@example.com",
        "currency": "GBP",
        "lead_time_days": 14,
        "review_period_days": 7,
    } | fields
    return Supplier.objects.create(code=code, **given)


def make_item(variant: Variant, supplier: Supplier, **fields) -> SupplierItem:
    return SupplierItem.objects.create(
        variant=variant, supplier=supplier, **({"unit_cost_minor": 400} | fields)
    )


def make_forecast(variant: Variant, *, mean: float = 10.0, sd: float = 3.0, **fields):
    """Every day alike, near normal: what plan tests can check by hand."""
    steps = np.linspace(-1.2816, 1.2816, len(LEVELS))
    given = {
        "as_of": LAST_DAY,
        "method": "seasonal_naive",
        "horizon_days": 28,
        "mean_units": [mean] * 28,
        "quantile_units": {
            f"{level:.1f}": [max(mean + sd * step, 0.0)] * 28
            for level, step in zip(LEVELS, steps, strict=True)
        },
        "history_days": 100,
    } | fields
    return DemandForecast.objects.create(variant=variant, **given)


def make_history(*, skus: int = 6, days: int = 150, seed: int = 4) -> list[Variant]:
    """Weekly rhythm, one order a day with a line for each SKU that sold; ends on LAST_DAY."""
    random = np.random.default_rng(seed)
    variants = [make_variant(f"S-{number}") for number in range(skus)]
    weekday = np.array([0.4, 0.6, 0.8, 1.0, 1.4, 1.8, 1.0])
    first = LAST_DAY - timedelta(days=days - 1)
    orders, lines = [], []
    for number in range(days):
        at = datetime.combine(first + timedelta(days=number), datetime.min.time(), UTC)
        units = random.poisson(np.linspace(3, 9, skus) * weekday[at.weekday()])
        order = _order(f"H{number}", at + timedelta(hours=12), int(units.sum()))
        orders.append(order)
        lines += _lines(order, variants, units)
    Order.objects.bulk_create(orders)
    OrderLine.objects.bulk_create(lines)
    return variants


def _order(number: str, at: datetime, units: int) -> Order:
    return Order(
        number=number,
        currency="GBP",
        items_minor=units * 1000,
        total_minor=units * 1000,
        placed_at=at,
        state=OrderState.DELIVERED,
    )


def _lines(order: Order, variants: list[Variant], units: np.ndarray) -> list[OrderLine]:
    return [
        OrderLine(
            order=order,
            position=position,
            variant=variant,
            units=int(count),
            unit_price_minor=1000,
            total_minor=int(count) * 1000,
        )
        for position, (variant, count) in enumerate(zip(variants, units, strict=True))
        if count
    ]
