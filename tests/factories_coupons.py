"""Offers and coupons of one customer; a person has decided the offer."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from shop.models import Coupon, CouponOffer, Customer
from shop.services.coupons.ledger import issue
from shop.services.coupons.offers import OfferTerms, create_offer, decide_offer
from shop.services.orders.orders import NewOrder, WantedLine, place_order
from shop.services.stock import stock
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_staff

_numbers = count(1)


def make_offer(code: str = "", *, live: bool = True, **terms) -> CouponOffer:
    """20 % off, £50 at most, for 10 days, 100 coupons, £5,000."""
    usual = {
        "name": "Twenty off",
        "name_zh": "八折",
        "percent": 20,
        "most_minor": 5_000,
        "valid_days": 10,
        "most_uses": 100,
        "budget_minor": 500_000,
    }
    person = make_staff()
    made = create_offer(code or f"OFF-{next(_numbers)}", OfferTerms(**usual | terms), by=person)
    return decide_offer(made, by=person) if live else made


def make_coupon(
    customer: Customer, offer: CouponOffer | None = None, *, at: datetime | None = None
) -> Coupon:
    offer = offer or make_offer()
    return issue(offer, [customer.pk], "test", at=at).coupons[customer.pk]


def stocked(sku="TEA-1", **fields):
    variant = make_variant(sku, **fields)
    stock.receive(variant, 50, warehouse=make_warehouse(), key=f"po:{sku}")
    return variant


def buy(coupon, *, customer=None, sku="TEA-1", units=2, key="k", **wish):
    wanted = NewOrder(
        (WantedLine(sku, units),), customer=customer or coupon.customer, coupon=coupon.code, **wish
    )
    return place_order(wanted, key=key)
