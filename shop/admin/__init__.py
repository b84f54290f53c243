"""The back office of the shop's facts, by noun. Lists read; an action calls a service."""

from shop.admin import (
    batches,
    catalogue,
    coupons,
    customers,
    events,
    orders,
    payments,
    prices,
    reviews,
    ring_fences,
    stock,
    waitlist,
)

__all__ = [
    "batches",
    "catalogue",
    "coupons",
    "customers",
    "events",
    "orders",
    "payments",
    "prices",
    "reviews",
    "ring_fences",
    "stock",
    "waitlist",
]
