"""This app's addresses below /api/merchant/v1/."""

from django.urls import path

from inventory.api import desk
from inventory.api import flash_sales as f
from inventory.api import lost_demand as d
from inventory.api import merchant as m
from inventory.api import planned_demand as p

merchant = [
    path("lost-demand/", d.LostDemandDays.as_view(), name="lost-demand"),
    path("lost-demand/searches/", d.LostQueries.as_view(), name="lost-searches"),
    path("variants/<str:sku>/substitutes/", d.Substitutes.as_view(), name="substitutes"),
    path("planned-demand/", p.PlannedDemands.as_view(), name="planned-demand"),
    path(
        "planned-demand/<str:kind>/<str:source_id>/",
        p.PlannedDemandDetail.as_view(),
        name="planned-demand-detail",
    ),
    path("flash-sales/", f.FlashSales.as_view(), name="flash-sales"),
    path("flash-sales/<int:pk>/", f.FlashSaleDetail.as_view(), name="flash-sale"),
    path(
        "flash-sales/<int:pk>/approval/",
        f.FlashSaleApproval.as_view(),
        name="flash-sale-approval",
    ),
    path(
        "flash-sales/<int:pk>/cancellation/",
        f.FlashSaleCancellation.as_view(),
        name="flash-sale-cancellation",
    ),
    path("purchase-plan/", desk.PurchasePlan.as_view(), name="purchase-plan"),
    path("stock-health/", desk.StockHealth.as_view(), name="stock-health"),
    path("stock-health/skus/", desk.SkuHealths.as_view(), name="sku-health"),
    path(
        "suppliers/<str:code>/scorecard/",
        desk.SupplierScorecard.as_view(),
        name="supplier-scorecard",
    ),
    path("forecasts/<str:sku>/", desk.ForecastDetail.as_view(), name="forecast-detail"),
    path("forecasts/<str:sku>/what-if/", desk.ForecastWhatIf.as_view(), name="forecast-what-if"),
    path("warehouse-forecasts/", desk.WarehouseForecasts.as_view(), name="warehouse-forecasts"),
    path("forecasts/", m.Forecasts.as_view(), name="forecasts"),
    path("purchase-orders/", m.PurchaseOrders.as_view(), name="purchase-orders"),
    path("purchase-orders/<str:number>/", m.PurchaseOrderDetail.as_view(), name="purchase-order"),
    path(
        "purchase-orders/<str:number>/approval/",
        m.Approval.as_view(),
        name="purchase-order-approval",
    ),
    path(
        "purchase-orders/<str:number>/sending/",
        m.Sending.as_view(),
        name="purchase-order-sending",
    ),
    path(
        "purchase-orders/<str:number>/receipts/",
        m.Receipts.as_view(),
        name="purchase-order-receipts",
    ),
]
