"""The shop's addresses below /api/storefront/v1/ and /api/merchant/v1/."""

from django.urls import path

from shop.api import coupons as c
from shop.api import events as e
from shop.api import merchant as m
from shop.api import order_writes as w
from shop.api import payments
from shop.api import reviews as r
from shop.api import stock as k
from shop.api import storefront as s
from shop.api import waitlist as v
from shop.api.carts import CartReservations
from shop.api.customer_attributes import CustomerAttributes

storefront = [
    path("products/", s.Products.as_view(), name="products"),
    path("products/<str:sku>/", s.ProductDetail.as_view(), name="product"),
    path("products/<str:sku>/rating/", r.ProductReviews.as_view(), name="product-rating"),
    path("products/<str:sku>/reviews/", r.ProductReviewList.as_view(), name="product-reviews"),
    path("events/", e.Events.as_view(), name="events"),
    path("collect/", e.Collect.as_view(), name="collect"),
    path("identities/", e.Identities.as_view(), name="identities"),
    path("carts/<str:cart>/reservations/", CartReservations.as_view(), name="reservations"),
    path("coupons/quote/", c.CouponQuote.as_view(), name="coupon-quote"),
    path("orders/", s.Orders.as_view(), name="orders"),
    path("orders/<str:number>/", s.OrderDetail.as_view(), name="order"),
    path("payments/<slug:provider>/", payments.PaymentReports.as_view(), name="payments"),
    path("consents/", s.Consents.as_view(), name="consents"),
    path("waitlist/", v.Waitlist.as_view(), name="waitlist"),
    path("waitlist/<uuid:id>/", v.WaitlistPlace.as_view(), name="waitlist-place"),
]

merchant = [
    path("products/", m.Products.as_view(), name="products"),
    path("variants/", m.Variants.as_view(), name="variants"),
    path("variants/<str:sku>/hold/", m.Hold.as_view(), name="hold"),
    path("stock/", k.Stock.as_view(), name="stock"),
    path("stock/receipts/", k.Receipts.as_view(), name="stock-receipts"),
    path("stock/adjustments/", k.Adjustments.as_view(), name="stock-adjustments"),
    path("stock/counts/", k.Counts.as_view(), name="stock-counts"),
    path("stock/transfers/", k.Transfers.as_view(), name="stock-transfers"),
    path("stock/batches/", k.Batches.as_view(), name="stock-batches"),
    path("stock/write-offs/", k.WriteOffs.as_view(), name="stock-write-offs"),
    path("stock/ring-fences/", k.RingFences.as_view(), name="ring-fences"),
    path("stock/ring-fences/<int:pk>/release/", k.Releases.as_view(), name="ring-fence-release"),
    path("movements/", k.Movements.as_view(), name="movements"),
    path("prices/", m.Prices.as_view(), name="prices"),
    path("orders/", m.Orders.as_view(), name="orders"),
    path("orders/<str:number>/", m.OrderDetail.as_view(), name="order"),
    path("orders/<str:number>/steps/", m.OrderSteps.as_view(), name="order-steps"),
    path("orders/<str:number>/returns/", m.OrderReturns.as_view(), name="order-returns"),
    path("orders/<str:number>/shipments/", w.OrderShipments.as_view(), name="order-shipments"),
    path("orders/<str:number>/rest/", w.OrderRest.as_view(), name="order-rest"),
    path("orders/<str:number>/refunds/", w.OrderRefunds.as_view(), name="order-refunds"),
    path("orders/<str:number>/paid-back/", w.OrderPaidBack.as_view(), name="order-paid-back"),
    path("orders/<str:number>/exchanges/", w.OrderExchanges.as_view(), name="order-exchanges"),
    path("coupon-offers/", c.CouponOffers.as_view(), name="coupon-offers"),
    path("coupon-offers/<int:pk>/", c.CouponOfferDetail.as_view(), name="coupon-offer"),
    path("coupon-offers/<int:pk>/decision/", c.OfferDecision.as_view(), name="offer-decision"),
    path("coupon-offers/<int:pk>/revisions/", c.OfferRevisions.as_view(), name="offer-revisions"),
    path("coupons/", c.Coupons.as_view(), name="coupons"),
    path("coupons/<str:code>/", c.CouponDetail.as_view(), name="coupon"),
    path("coupons/<str:code>/revocation/", c.Revocation.as_view(), name="coupon-revocation"),
    path("customers/", m.Customers.as_view(), name="customers"),
    path(
        "customers/<str:code>/attributes/",
        CustomerAttributes.as_view(),
        name="customer-attributes",
    ),
    path("reviews/", r.Reviews.as_view(), name="reviews"),
    path("reviews/<int:pk>/", r.ReviewDetail.as_view(), name="review"),
    path("waitlist/", v.WaitlistEntries.as_view(), name="waitlist"),
    path("waitlist/servable/", v.WaitlistServable.as_view(), name="waitlist-servable"),
]
