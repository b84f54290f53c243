"""The kinds that shop itself reads: importing this module registers them."""

from . import (
    batches,
    consents,
    customer_attributes,
    customers,
    events,
    holds,
    kits,
    links,
    lists,
    orders,
    prices,
    products,
    returns,
    reviews,
    stock,
    taxes,
)
from .online_retail import load as online_retail
from .shopify import customers as shopify_customers
from .shopify import orders as shopify_orders
from .shopify import products as shopify_products
from .shopify import stock as shopify_stock
from .woocommerce import customers as woocommerce_customers
from .woocommerce import orders as woocommerce_orders
from .woocommerce import products as woocommerce_products
from .woocommerce import stock as woocommerce_stock

__all__ = [
    "batches",
    "consents",
    "customer_attributes",
    "customers",
    "events",
    "holds",
    "kits",
    "links",
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
    "taxes",
    "woocommerce_customers",
    "woocommerce_orders",
    "woocommerce_products",
    "woocommerce_stock",
]
