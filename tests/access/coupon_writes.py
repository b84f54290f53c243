"""Offers and coupons that writes of the API are tried on."""

from __future__ import annotations

from collections.abc import Callable

from tests.access.writes import NUMBERS, Write
from tests.factories import make_customer, make_variant
from tests.factories_coupons import make_coupon, make_offer

TERMS = {"name": "Spring", "percent": 20, "most_minor": 500, "valid_days": 7, "most_uses": 5}


def _quote() -> Write:
    number = next(NUMBERS)
    coupon = make_coupon(make_customer(f"Q-{number}"))
    line = {"sku": make_variant(f"Q-{number}").sku, "units": 1}
    body = {"code": coupon.code, "customer": f"Q-{number}", "lines": [line]}
    return Write({}, body, body | {"code": "OTHER"})


def _offer() -> Write:
    body = TERMS | {"code": f"OFFER-{next(NUMBERS)}", "budget_minor": 5_000}
    return Write({}, body, body | {"percent": 30})


def coupon_writes(merchant: str, storefront: str) -> dict[str, Callable[[], Write]]:
    return {
        f"POST {storefront}coupons/quote/": _quote,
        f"POST {merchant}coupon-offers/": _offer,
        f"POST {merchant}coupon-offers/{{id}}/decision/": lambda: Write(
            {"id": make_offer(live=False).pk}, {"to": "live"}, {"to": "stopped"}
        ),
        f"POST {merchant}coupon-offers/{{id}}/revisions/": lambda: Write({"id": make_offer().pk}),
        f"POST {merchant}coupons/{{code}}/revocation/": lambda: Write(
            {"code": make_coupon(make_customer(f"R-{next(NUMBERS)}")).code},
            {"note": "shared"},
            {"note": "another"},
        ),
    }
