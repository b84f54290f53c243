"""Counters of offers against the sums of their movements, and states of coupons against both."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, Q, Sum

from shop.models import Coupon, CouponMovement, CouponOffer

COUNTERS = {
    "open_coupons": "open_delta",
    "redeemed_coupons": "redeemed_delta",
    "held_minor": "held_minor_delta",
    "spent_minor": "spent_minor_delta",
}


class CouponDifference(NamedTuple):
    offer: str
    counter: str
    counted: int
    by_movements: int


def coupon_differences() -> list[CouponDifference]:
    """Empty when every counter is what its ledger says. Three queries."""
    sums = CouponMovement.objects.order_by().values("offer")
    by_movements = {
        row["offer"]: row
        for row in sums.annotate(**{name: Sum(delta) for name, delta in COUNTERS.items()})
    }
    coupons = Coupon.objects.order_by().values("offer")
    by_state = {
        row["offer"]: row
        for row in coupons.annotate(
            open_coupons=Count("pk", filter=Q(state="open")),
            redeemed_coupons=Count("pk", filter=Q(state="redeemed")),
            spent_minor=Sum("discount_minor"),
        )
    }
    return [
        CouponDifference(offer.label, name, getattr(offer, name), found.get(name) or 0)
        for offer in CouponOffer.objects.order_by("pk")
        for found in (by_movements.get(offer.pk, {}), by_state.get(offer.pk, {}))
        for name in COUNTERS
        if name in found or not found
        if (found.get(name) or 0) != getattr(offer, name)
    ]
