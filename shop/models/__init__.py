from .catalogue import Attribute, Brand, Category, Channel, Product, ProductImage, Variant
from .customers import Consent, Customer, Purpose
from .events import Event, EventKind, VisitorLink
from .orders import LineKind, Order, OrderLine, OrderState, OrderTransition, Return, ReturnLine
from .prices import Price, PriceKind
from .reviews import Review
from .stock import MovementKind, Reservation, SellingHold, StockLevel, StockMovement, Warehouse

__all__ = [
    "Attribute",
    "Brand",
    "Category",
    "Channel",
    "Consent",
    "Customer",
    "Event",
    "EventKind",
    "LineKind",
    "MovementKind",
    "Order",
    "OrderLine",
    "OrderState",
    "OrderTransition",
    "Price",
    "PriceKind",
    "Product",
    "ProductImage",
    "Purpose",
    "Reservation",
    "Return",
    "ReturnLine",
    "Review",
    "SellingHold",
    "StockLevel",
    "StockMovement",
    "Variant",
    "VisitorLink",
    "Warehouse",
]
