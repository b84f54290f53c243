"""The back office of the shop's facts, by noun. Lists read; an action calls a service."""

from shop.admin import catalogue, customers, events, orders, prices, stock

__all__ = ["catalogue", "customers", "events", "orders", "prices", "stock"]
