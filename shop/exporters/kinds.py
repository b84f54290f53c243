"""The kinds that shop itself writes: importing this module registers them."""

from . import catalogue, customers, orders, stock
from .shopify import customers as shopify_customers
from .shopify import orders as shopify_orders
from .shopify import products as shopify_products
from .shopify import stock as shopify_stock
from .woocommerce import customers as woocommerce_customers
from .woocommerce import orders as woocommerce_orders
from .woocommerce import products as woocommerce_products
from .woocommerce import stock as woocommerce_stock

__all__ = [
    "catalogue",
    "customers",
    "orders",
    "shopify_customers",
    "shopify_orders",
    "shopify_products",
    "shopify_stock",
    "stock",
    "woocommerce_customers",
    "woocommerce_orders",
    "woocommerce_products",
    "woocommerce_stock",
]
