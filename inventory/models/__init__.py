from .clearance import ClearanceDraft, ClearanceReason, ClearanceState
from .flash_sales import FlashSale, FlashSaleLine, FlashSaleState
from .forecasts import (
    CategoryForecast,
    DemandClass,
    DemandForecast,
    PriceElasticity,
    WarehouseForecast,
)
from .lost_demand import LostDemand, LostDemandDay, LostQuery, SubstituteList
from .plan import (
    PlannedPurchase,
    PurchaseBudget,
    ReplenishmentPlan,
    ServiceMeasure,
    ServiceTarget,
    WarehouseSpace,
)
from .planned_demand import PlannedDemand, PlannedUnits
from .purchase_orders import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderState,
    PurchaseOrderTransition,
    Receipt,
)
from .stock_health import SkuHealth
from .suppliers import LeadTimeEstimate, PriceBreak, Supplier, SupplierItem

__all__ = [
    "CategoryForecast",
    "ClearanceDraft",
    "ClearanceReason",
    "ClearanceState",
    "DemandClass",
    "DemandForecast",
    "FlashSale",
    "FlashSaleLine",
    "FlashSaleState",
    "LeadTimeEstimate",
    "LostDemand",
    "LostDemandDay",
    "LostQuery",
    "PlannedDemand",
    "PlannedPurchase",
    "PlannedUnits",
    "PriceBreak",
    "PriceElasticity",
    "PurchaseBudget",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "PurchaseOrderState",
    "PurchaseOrderTransition",
    "Receipt",
    "ReplenishmentPlan",
    "ServiceMeasure",
    "ServiceTarget",
    "SkuHealth",
    "SubstituteList",
    "Supplier",
    "SupplierItem",
    "WarehouseForecast",
    "WarehouseSpace",
]
