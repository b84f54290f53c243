"""The kinds that shop itself writes: importing this module registers them."""

from . import catalogue, customers, orders, stock
from .shopify import customers as shopify_customers
from .shopify import orders as shopify_orders
from .shopify import products as shopify_products
from .shopify import stock as shopify_stock

__all__ = [
    "catalogue",
    "customers",
    "orders",
    "shopify_customers",
    "shopify_orders",
    "shopify_products",
    "shopify_stock",
    "stock",
]
