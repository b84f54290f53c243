"""Suppliers, forecasts and purchase orders in the back office."""

from . import forecasts, lost_demand, purchase_orders, suppliers

__all__ = ["forecasts", "lost_demand", "purchase_orders", "suppliers"]
