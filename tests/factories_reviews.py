"""A delivered order, and what its customer writes about it."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from shop.models import Order, OrderState, OrderTransition, Review, Variant
from shop.services.reviews.writing import Words, write_review
from tests.factories import NOW, make_customer, make_order, make_variant

_numbers = count(1)


def delivered_order(*variants, customer=None, at: datetime = NOW) -> Order:
    number = next(_numbers)
    customer = customer or make_customer(f"REV-{number}")
    lines = [(one, 1) for one in variants or [make_variant(f"REV-{number}")]]
    order = make_order(lines, customer=customer, at=at, state=OrderState.DELIVERED)
    OrderTransition.objects.create(
        order=order, from_state=OrderState.SHIPPED, to_state=OrderState.DELIVERED, at=at
    )
    return order


def write(
    body="It pours well and looks nice.", rating=5, variant=None, at: datetime = NOW, **words
) -> Review:
    order = delivered_order(*([variant] if variant else []), at=at)
    return write_review(order.lines.get(), Words(rating, body=body, **words), at=at)


def rate(variant: Variant, *stars: int, is_verified=True, **fields) -> list[Review]:
    """Published, each of a buyer of her own. What checks think of their words is not asked."""
    orders = [delivered_order(variant) if is_verified else None for _ in stars]
    return [
        Review.objects.create(
            key=f"rated-{next(_numbers)}",
            product=variant.product,
            rating=rating,
            order_line=order and order.lines.get(),
            customer=order and order.customer,
            **fields,
        )
        for rating, order in zip(stars, orders, strict=True)
    ]
