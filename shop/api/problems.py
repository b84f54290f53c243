"""How the shop's refusals read in the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext_lazy as _

from access.api.problems import Problem, describe
from shop.services import prices
from shop.services.coupons.ledger import CouponError
from shop.services.customers import CustomerError
from shop.services.orders import orders, returns
from shop.services.stock import stock
from shop.services.waitlist import WaitlistError

describe(
    "out-of-stock",
    _("There are fewer units than wanted."),
    _("Offer the available units named in `errors`, or take the SKU out of the cart."),
)
describe(
    "not-for-sale",
    _("Something in the request cannot be sold now."),
    _("Take the lines named in `errors` out of the order."),
)
describe(
    "price-changed",
    _("The total is not the one that the customer was shown."),
    _("Read the prices again and show the customer the new total."),
)
describe(
    "order-state",
    _("The order is not where this step begins."),
    _("Read the order's state; docs/api.md shows the way of an order."),
)
describe(
    "stock-refused",
    _("The stock cannot be changed like that."),
    _("Read the reason in `detail`, then the current counters."),
)
describe(
    "price-refused",
    _("The price cannot be set like that."),
    _("Read the reason in `detail`; a price never changes, a new one replaces it."),
)
describe(
    "customer-refused",
    _("The customer cannot be written like that."),
    _("Read the reason in `detail`; use the customer code that the shop knows."),
)
describe(
    "return-refused",
    _("These units cannot come back."),
    _("Read the reason in `detail`, then the order's lines."),
)

describe(
    "refund-refused",
    _("This much cannot go back."),
    _("Read the order's balance: never more goes back than was paid."),
)
describe(
    "waitlist-refused",
    _("Nobody can wait like that."),
    _("Read the reason in `detail`."),
)
describe(
    "coupon-refused",
    _("The order cannot use this coupon."),
    _("Read the reason in `errors`, or ask for a quote; place the order without the coupon."),
)
describe(
    "coupon-offer-refused",
    _("The coupon or its offer cannot be changed like that."),
    _("Read the reason in `detail`; the terms of a decided offer stand, a revision has new ones."),
)

CODES: list[tuple[type[Exception], str]] = [
    (orders.UnknownPaymentError, "payment-unknown"),
    (orders.PaymentEventReusedError, "idempotency-key-reused"),
    (orders.RefundTooLargeError, "refund-refused"),
    (orders.RefundKeyReusedError, "refund-refused"),
    (orders.PriceChangedError, "price-changed"),
    (orders.OrderStateError, "order-state"),
    (orders.OrderKeyReusedError, "idempotency-key-reused"),
    (returns.ReturnKeyReusedError, "return-refused"),
    (returns.ReturnTooLargeError, "return-refused"),
    (stock.StockKeyReusedError, "idempotency-key-reused"),
    (stock.SaleStoppedError, "not-for-sale"),
    (prices.PriceKeyReusedError, "idempotency-key-reused"),
    (orders.ShipmentKeyReusedError, "idempotency-key-reused"),
    (orders.OrderError, "conflict"),
    (stock.StockError, "stock-refused"),
    (prices.PriceError, "price-refused"),
    (CustomerError, "customer-refused"),
    (WaitlistError, "waitlist-refused"),
    (CouponError, "coupon-offer-refused"),
]


@contextmanager
def refusals_as_problems() -> Iterator[None]:
    """A service's refusal becomes 409 with the service's own words."""
    try:
        yield
    except stock.OutOfStockError as error:
        raise Problem("out-of-stock", error, errors=_shortages(error)) from error
    except orders.OrderRefusedError as error:
        raise Problem("not-for-sale", error, errors=_lines(error)) from error
    except orders.CouponRefusedError as error:
        row = {"field": "coupon", "message": str(error), "code": error.reason.value}
        raise Problem("coupon-refused", error, errors=[row]) from error
    except tuple(kind for kind, _code in CODES) as error:
        code = next(code for kind, code in CODES if isinstance(error, kind))
        # An unknown payment is tried again by its provider for days, as a 404 asks for.
        raise Problem(code, error, status=404 if code == "payment-unknown" else 409) from error


def _shortages(error: stock.OutOfStockError) -> list[dict]:
    return [
        {
            "field": f"sku:{short.sku}",
            "message": str(_("%(available)d of %(wanted)d units are available."))
            % {"available": max(0, short.available_units), "wanted": short.wanted_units},
            "code": "out_of_stock",
            "available_units": max(0, short.available_units),
        }
        for short in error.shortages
    ]


def _lines(error: orders.OrderRefusedError) -> list[dict]:
    return [
        {"field": f"lines.{one.line}.sku", "message": str(one.message), "code": one.code}
        for one in error.problems
    ]
