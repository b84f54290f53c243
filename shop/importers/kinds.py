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
from .shopify import customers as shopify_customers
from .shopify import orders as shopify_orders
from .shopify import products as shopify_products
from .shopify import stock as shopify_stock

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
    "shopify_customers",
    "shopify_orders",
    "shopify_products",
    "shopify_stock",
    "stock",
]
