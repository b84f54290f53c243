"""The kinds that shop itself reads: importing this module registers them."""

from . import (
    consents,
    customers,
    events,
    kits,
    lists,
    orders,
    prices,
    products,
    returns,
    reviews,
    stock,
)
from .online_retail import load as online_retail

__all__ = [
    "consents",
    "customers",
    "events",
    "kits",
    "lists",
    "online_retail",
    "orders",
    "prices",
    "products",
    "returns",
    "reviews",
    "stock",
]
