from .forecasts import DemandForecast
from .lost_demand import LostDemand, LostDemandDay, LostQuery, SubstituteList
from .planned_demand import PlannedDemand, PlannedUnits
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
    "PlannedDemand",
    "PlannedUnits",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "PurchaseOrderState",
    "PurchaseOrderTransition",
    "Receipt",
    "SubstituteList",
    "Supplier",
    "SupplierItem",
]
