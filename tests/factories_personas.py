"""Shops whose kinds of customers are known: as arrays, and in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from marketing.ml.persona_habits import Baskets
from shop.models import Category, Channel, Customer, Order, OrderLine, Product, Variant

END = datetime(2026, 3, 2, tzinfo=UTC)
CATEGORIES = ("tea", "lamps", "knives", "picnic", "boards", "candles")
# What kinds 0, 1, 2 buy (chances of CATEGORIES), and when they order.
TASTE = np.array(
    [
        [0.60, 0.08, 0.08, 0.08, 0.08, 0.08],
        [0.06, 0.35, 0.06, 0.06, 0.06, 0.41],
        [0.05, 0.05, 0.40, 0.05, 0.40, 0.05],
    ]
)
HOURS = (20, 13, 9)


def made_baskets(
    customers: int, *, seed: int, taste: np.ndarray, orders: int = 6, months: int = 6
) -> Baskets:
    """taste: (customers, categories) chances of each customer; every order has three lines."""
    random = np.random.default_rng(seed)
    number = customers * orders
    who = np.repeat(np.arange(customers), orders)
    month = np.sort(random.integers(0, months, (customers, orders)), axis=1).ravel()
    lines = np.repeat(np.arange(number), 3)
    dice = random.random(lines.size)[:, None]
    category = (taste[who[lines]].cumsum(axis=1) < dice).sum(axis=1).clip(0, taste.shape[1] - 1)
    return Baskets(
        customers,
        who,
        random.integers(8, 23, number),
        random.integers(0, 7, number),
        month,
        np.full(number, -1),
        lines,
        category,
        np.ones(lines.size),
        random.normal(0, 0.3, lines.size),
        random.random(lines.size) < 0.2,
        np.zeros((lines.size, 0)),
        CATEGORIES[: taste.shape[1]],
    )


def make_kinds(
    customers: int = 330, *, seed: int = 1, orders: int = 5, alike: bool = False, first: int = 0
) -> np.ndarray:
    """Customers K00000 … of three kinds, with orders in the 150 days before END.

    alike: everybody buys as everybody else. Returns the kind of each, by code.
    """
    random = np.random.default_rng(seed)
    goods = {code: _variant(code) for code in CATEGORIES}
    channel = Channel.objects.get_or_create(code="web", defaults={"name": "Web"})[0]
    kinds = np.arange(customers) % 3
    made = Customer.objects.bulk_create(
        Customer(
            code=f"K{first + n:05d}", name=f"Zoe Quartermain{n}", email=f"k{first + n}@example.com"
        )
        for n in range(customers)
    )
    rows, lines = [], []
    for number, customer in enumerate(made):
        for turn in range(orders):
            day = END - timedelta(days=int(random.integers(1, 150)))
            hour = (
                HOURS[kinds[number]]
                if not alike and random.random() < 0.7
                else random.integers(8, 23)
            )
            rows.append(
                Order(
                    number=f"K{first + number}-{turn}", customer=customer, channel=channel,
                    currency="GBP", items_minor=3000, total_minor=3000, tax_minor=500,
                    placed_at=day.replace(hour=int(hour)), state="delivered",
                )
            )  # fmt: skip
            taste = TASTE.mean(axis=0) if alike else TASTE[kinds[number]]
            lines.append(random.choice(len(CATEGORIES), 3, p=taste / taste.sum()))
    kept = Order.objects.bulk_create(rows)
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order, position=place, variant=goods[CATEGORIES[kind]], text="x", units=1,
            unit_price_minor=1000, total_minor=1000,
        )
        for order, chosen in zip(kept, lines, strict=True)
        for place, kind in enumerate(chosen, start=1)
    )  # fmt: skip
    return kinds


def _variant(code: str) -> Variant:
    category = Category.objects.get_or_create(
        code=code, defaults={"name": code.title(), "name_zh": f"{code}类"}
    )[0]
    product = Product.objects.get_or_create(
        code=f"P-{code}", defaults={"name": f"Fine {code}", "category": category}
    )[0]
    return Variant.objects.get_or_create(sku=f"S-{code}", defaults={"product": product})[0]
