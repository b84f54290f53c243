"""The kinds that shop itself reads: importing this module registers them."""

from . import customers, events, orders, products, reviews, stock
from .online_retail import load as online_retail

__all__ = ["customers", "events", "online_retail", "orders", "products", "reviews", "stock"]
