"""The kinds that shop itself reads: importing this module registers them."""

from . import customers, events, orders, products, reviews, stock

__all__ = ["customers", "events", "orders", "products", "reviews", "stock"]
