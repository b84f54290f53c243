"""Suppliers, forecasts and purchase orders in the back office."""

from . import forecasts, purchase_orders, suppliers

__all__ = ["forecasts", "purchase_orders", "suppliers"]
