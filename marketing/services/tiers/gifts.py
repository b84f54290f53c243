"""A coupon for whoever rises into a tier that gives one: through the coupon ledger, where it pays.

What a coupon may take off is held to the margin floor when an order uses it (docs/coupons.md). Where a
live uplift model has proven that leaving people out beats giving to everybody, it decides; without
one everybody who rose gets hers. Each rise has one row that says which, so that nobody gets two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from marketing.models import (
    ProgrammeState,
    TierGift,
    TierMembership,
    TierMove,
    TierProgramme,
)
from marketing.services.audiences.targeting import (
    Targeting,
    TargetingError,
    targeting_of_offer,
)
from shop.models import CouponOffer, OfferState
from shop.services.coupons.ledger import STOPPED, issue

AT_ONCE = 500
WITHIN = timedelta(days=7)  # a rise of longer ago is no occasion any more
NOT_PAYING, LEFT_AGAIN = "not_paying", "left_again"


def give_gifts(programme: TierProgramme, at: datetime) -> int:
    """Coupons for rises that have no row yet. Returns how many were issued."""
    if programme.state != ProgrammeState.LIVE:
        return 0
    waiting = TierMove.objects.filter(
        programme=programme, is_rise=True, gift__isnull=True, recorded_at__gt=at - WITHIN
    ).exclude(to_tier__offer_code="")
    issued = 0
    while moves := list(waiting.select_related("to_tier").order_by("pk")[:AT_ONCE]):
        by_code: dict[str, list[TierMove]] = {}
        for move in moves:
            assert move.to_tier is not None
            by_code.setdefault(move.to_tier.offer_code, []).append(move)
        issued += sum(_give(code, group, at) for code, group in sorted(by_code.items()))
    return issued


def _give(code: str, moves: Sequence[TierMove], at: datetime) -> int:
    offer = CouponOffer.objects.filter(code=code, state=OfferState.LIVE).first()
    standing = _still_there(moves)
    targeting = _targeting(offer, at) if offer else None
    expected = _expected(targeting, [one.customer_id for one in moves])
    with transaction.atomic():
        gifts = []
        for move in moves:
            gift = TierGift(move=move, at=at, expected_minor=expected.get(move.customer_id))
            gift.run = targeting.run if targeting else None
            if move.pk not in standing:
                gift.reason = LEFT_AGAIN
            elif targeting and expected[move.customer_id] <= 0:
                gift.reason = NOT_PAYING
            elif offer is None:
                gift.reason = STOPPED.code
            else:
                _issue(offer, move, gift, at)
            gifts.append(gift)
        try:
            with transaction.atomic():
                TierGift.objects.bulk_create(gifts)
        except IntegrityError:  # a rival gave them: its rows stand, and its coupons are the same
            return 0
    return sum(one.coupon_id is not None for one in gifts)


def _issue(offer: CouponOffer, move: TierMove, gift: TierGift, at: datetime) -> None:
    """Once a year and tier: who falls and rises again gets no second one for that."""
    assert move.to_tier is not None
    occasion = f"tier:{move.to_tier.code}:{move.at:%Y}"
    done = issue(offer, [move.customer_id], occasion, at=at)
    coupon = done.coupons.get(move.customer_id)
    if coupon is not None and not TierGift.objects.filter(coupon=coupon).exists():
        gift.coupon = coupon
    else:
        refusal = done.refused.get(move.customer_id)
        gift.reason = refusal.code if refusal else "had_one"


def _still_there(moves: Sequence[TierMove]) -> set[int]:
    pairs = set(
        TierMembership.objects.filter(customer__in=[one.customer_id for one in moves]).values_list(
            "customer_id", "tier_id"
        )
    )
    return {one.pk for one in moves if (one.customer_id, one.to_tier_id) in pairs}


def _targeting(offer: CouponOffer, at: datetime) -> Targeting | None:
    try:
        return targeting_of_offer(offer, at)
    except TargetingError:
        return None  # nothing is proven: the programme's promise holds for everybody


def _expected(targeting: Targeting | None, customer_ids: Sequence[int]) -> Mapping[int, float]:
    if targeting is None:
        return {}
    values = targeting.expected_minor(customer_ids)
    return {pk: float(value) for pk, value in zip(customer_ids, values, strict=True)}
