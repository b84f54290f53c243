from .announcements import AnnouncedAvailability
from .catalogue import (
    Attribute,
    Brand,
    Category,
    Channel,
    KitComponent,
    Product,
    ProductImage,
    Variant,
)
from .customers import Consent, Customer, Purpose
from .event_recency import LatestEvent, LatestState
from .events import Event, EventKey, EventKind, VisitorLink
from .orders import (
    Allocation,
    LineKind,
    Order,
    OrderLine,
    OrderState,
    OrderTransition,
    Return,
    ReturnLine,
    Shipment,
    ShipmentLine,
)
from .payments import Payment, PaymentEvent, PaymentEventKind, Refund, TaxRate
from .prices import Price, PriceKind
from .reviews import Review
from .stock import (
    Batch,
    MovementKind,
    Reservation,
    RingFence,
    SellingHold,
    StockLevel,
    StockMovement,
    Warehouse,
)
from .waitlist import WaitlistEntry, WaitlistState

__all__ = [
    "Allocation",
    "AnnouncedAvailability",
    "Attribute",
    "Batch",
    "Brand",
    "Category",
    "Channel",
    "Consent",
    "Customer",
    "Event",
    "EventKey",
    "EventKind",
    "KitComponent",
    "LatestEvent",
    "LatestState",
    "LineKind",
    "MovementKind",
    "Order",
    "OrderLine",
    "OrderState",
    "OrderTransition",
    "Payment",
    "PaymentEvent",
    "PaymentEventKind",
    "Price",
    "PriceKind",
    "Product",
    "ProductImage",
    "Purpose",
    "Refund",
    "Reservation",
    "Return",
    "ReturnLine",
    "Review",
    "RingFence",
    "SellingHold",
    "Shipment",
    "ShipmentLine",
    "StockLevel",
    "StockMovement",
    "TaxRate",
    "Variant",
    "VisitorLink",
    "WaitlistEntry",
    "WaitlistState",
    "Warehouse",
]
