"""Suppliers, forecasts and purchase orders in the back office."""

from . import (
    clearance,
    flash_sales,
    forecasts,
    lost_demand,
    plan,
    purchase_orders,
    stock_health,
    suppliers,
)

__all__ = [
    "clearance",
    "flash_sales",
    "forecasts",
    "lost_demand",
    "plan",
    "purchase_orders",
    "stock_health",
    "suppliers",
]
