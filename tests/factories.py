"""Plain functions that make valid rows. No surprises: what you do not name has a fixed value."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from shop.models import (
    Brand,
    Category,
    Customer,
    Order,
    OrderLine,
    OrderState,
    Price,
    PriceKind,
    Product,
    StockLevel,
    Variant,
    Warehouse,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_numbers = count(1)


def make_warehouse(code: str = "MAIN") -> Warehouse:
    return Warehouse.objects.get_or_create(code=code, defaults={"name": code.title()})[0]


def make_variant(
    sku: str = "TEA-1",
    *,
    price_minor: int = 1000,
    cost_minor: int | None = 400,
    brand: str = "",
    category: str = "",
    **fields,
) -> Variant:
    product = Product.objects.create(
        code=f"P-{sku}",
        name=fields.pop("name", f"Product {sku}"),
        name_zh=fields.pop("name_zh", ""),
        brand=Brand.objects.get_or_create(code=brand, defaults={"name": brand})[0]
        if brand
        else None,
        category=Category.objects.get_or_create(code=category, defaults={"name": category})[0]
        if category
        else None,
    )
    variant = Variant.objects.create(product=product, sku=sku, cost_minor=cost_minor, **fields)
    if price_minor is not None:
        make_price(variant, price_minor)
    return variant


def make_price(variant: Variant, amount_minor: int, *, at: datetime | None = None) -> Price:
    at = at or datetime(2025, 1, 1, tzinfo=UTC)
    return Price.objects.create(
        variant=variant,
        kind=PriceKind.LIST,
        amount_minor=amount_minor,
        currency="GBP",
        valid_from=at,
        source="test",
        key=f"test:{variant.sku}:{at.isoformat()}:{next(_numbers)}",
    )


def make_stock(variant: Variant, on_hand: int, *, warehouse: Warehouse | None = None) -> StockLevel:
    """A counter without a ledger: for tests that read stock. Use services.stock to test writing."""
    place = warehouse or make_warehouse()
    return StockLevel.objects.create(variant=variant, warehouse=place, on_hand=on_hand)


def make_customer(code: str = "C-1", **fields) -> Customer:
    return Customer.objects.create(
        code=code, email=fields.pop("email", f"{code}@example.com"), **fields
    )


def make_order(
    lines: list[tuple[Variant, int]],
    *,
    customer: Customer | None = None,
    at: datetime = NOW,
    unit_price_minor: int = 1000,
    **fields,
) -> Order:
    total = sum(units for _variant, units in lines) * unit_price_minor
    order = Order.objects.create(
        number=fields.pop("number", f"T{next(_numbers)}"),
        customer=customer,
        currency="GBP",
        items_minor=total,
        total_minor=total,
        placed_at=at,
        state=fields.pop("state", OrderState.DELIVERED),
        **fields,
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            position=position,
            variant=variant,
            text=variant.sku,
            units=units,
            unit_price_minor=unit_price_minor,
            total_minor=units * unit_price_minor,
        )
        for position, (variant, units) in enumerate(lines)
    )
    return order
