from .clearance import ClearanceDraft, ClearanceReason, ClearanceState
from .forecasts import DemandClass, DemandForecast, PriceElasticity
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
    "ClearanceDraft",
    "ClearanceReason",
    "ClearanceState",
    "DemandClass",
    "DemandForecast",
    "LostDemand",
    "LostDemandDay",
    "LostQuery",
    "PlannedDemand",
    "PlannedUnits",
    "PriceElasticity",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "PurchaseOrderState",
    "PurchaseOrderTransition",
    "Receipt",
    "SubstituteList",
    "Supplier",
    "SupplierItem",
]
