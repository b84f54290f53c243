from .forecasts import DemandForecast
from .lost_demand import LostDemand, LostDemandDay, LostQuery, SubstituteList
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
    "LostDemand",
    "LostDemandDay",
    "LostQuery",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "PurchaseOrderState",
    "PurchaseOrderTransition",
    "Receipt",
    "SubstituteList",
    "Supplier",
    "SupplierItem",
]
