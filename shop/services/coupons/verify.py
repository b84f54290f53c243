"""Counters of offers against the sums of their movements, and states of coupons against both."""

from __future__ import annotations

from typing import Any, NamedTuple

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
    """Empty when every counter is what its ledger says, and what its coupons say. Three queries."""
    by_movements = _by_offer(
        CouponMovement.objects, {name: Sum(delta) for name, delta in COUNTERS.items()}
    )
    of_states = {
        "open_coupons": Count("pk", filter=Q(state="open")),
        "redeemed_coupons": Count("pk", filter=Q(state="redeemed")),
        "spent_minor": Sum("discount_minor"),
    }
    by_coupons = _by_offer(Coupon.objects, of_states)
    found = []
    for offer in CouponOffer.objects.order_by("pk"):
        for names, sums in ((COUNTERS, by_movements), (of_states, by_coupons)):
            for name in names:
                by_rows = sums.get(offer.pk, {}).get(name) or 0
                if by_rows != getattr(offer, name):
                    found.append(CouponDifference(offer.label, name, getattr(offer, name), by_rows))
    return found


def _by_offer(rows: Any, sums: dict[str, Any]) -> dict[int, dict[str, int]]:
    return {row["offer"]: row for row in rows.order_by().values("offer").annotate(**sums)}
