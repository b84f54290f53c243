"""The kinds that shop itself writes: importing this module registers them."""

from . import catalogue, customers, orders, stock

__all__ = ["catalogue", "customers", "orders", "stock"]
