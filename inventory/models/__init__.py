from .forecasts import DemandForecast
from .purchase_orders import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderState,
    PurchaseOrderTransition,
    Receipt,
)
from .suppliers import Supplier, SupplierItem

__all__ = [
    "DemandForecast",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "PurchaseOrderState",
    "PurchaseOrderTransition",
    "Receipt",
    "Supplier",
    "SupplierItem",
]
