"""Where a customer stands, now and at any time before; read from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from marketing.frames.tiers import measured
from marketing.models import (
    ProgrammeState,
    Tier,
    TierGift,
    TierMembership,
    TierMove,
    TierProgramme,
)
from shop.models import Coupon, CouponState, Customer


def tiers_at(customer: Customer, at: datetime) -> dict[TierProgramme, Tier | None]:
    """Programme → tier, of those that she was ever in by then; None: she had left."""
    found: dict[TierProgramme, Tier | None] = {}
    moves = TierMove.objects.filter(customer=customer, at__lte=at)
    for move in moves.select_related("programme", "to_tier").order_by("at", "pk"):
        found[move.programme] = move.to_tier
    return found


def members_at(programme: TierProgramme, at: datetime) -> QuerySet[TierMove]:
    """The last move of each customer by then, of those whom it left in a tier."""
    later = TierMove.objects.filter(
        programme=programme, customer=OuterRef("customer"), at__lte=at
    ).order_by("-at", "-pk")
    return TierMove.objects.filter(
        programme=programme, to_tier__isnull=False, pk=Subquery(later.values("pk")[:1])
    )


def standings(customer: Customer, at: datetime) -> list[dict[str, Any]]:
    """What the shop's own site shows her: each live programme, her tier, what keeps it, what is next."""
    rows = TierMembership.objects.filter(customer=customer).select_related("tier")
    held = {one.programme_id: one for one in rows}
    live = TierProgramme.objects.filter(state=ProgrammeState.LIVE).prefetch_related("tiers")
    coupons = _coupons(customer, at)
    return [
        _row(one, held.get(one.pk), customer, at) | {"coupons": coupons.get(one.pk, [])}
        for one in live.order_by("pk")
    ]


def _row(
    programme: TierProgramme, held: TierMembership | None, customer: Customer, at: datetime
) -> dict[str, Any]:
    found = measured(programme, [customer.pk], at)[customer.pk]
    tier = held.tier if held else None
    steps = sorted(programme.tiers.all(), key=lambda one: one.rank)
    above = _next(steps, tier)
    leaves = None
    if held and held.below_since:
        leaves = held.below_since + timedelta(days=programme.grace_days)
    return {
        "programme": programme.code,
        "programme_name": str(programme),
        "tier": tier.code if tier else None,
        "tier_name": str(tier) if tier else None,
        "rank": tier.rank if tier else 0,
        "since": held.since if held else None,
        "leaves_at": leaves,
        "figure": programme.figure,
        "value": found.value,
        "kept_from": tier.stay_at if tier else None,
        "next_tier": above.code if above else None,
        "next_tier_name": str(above) if above else None,
        "next_from": above.enter_at if above else None,
        "checked_at": programme.checked_at,
    }


def _next(steps: Iterable[Tier], tier: Tier | None) -> Tier | None:
    rank = tier.rank if tier else 0
    return next((one for one in steps if one.rank > rank), None)


def _coupons(customer: Customer, at: datetime) -> dict[int, list[dict[str, Any]]]:
    """Programme → coupons of her tiers that she can still use."""
    mine = Q(coupon__state=CouponState.OPEN, coupon__valid_until__gt=at)
    gifts = TierGift.objects.filter(mine, move__customer=customer).select_related("coupon", "move")
    found: dict[int, list[dict[str, Any]]] = {}
    for gift in gifts.order_by("pk")[:50]:
        coupon: Coupon | None = gift.coupon
        if coupon is not None:
            row = {"code": coupon.code, "valid_until": coupon.valid_until}
            found.setdefault(gift.move.programme_id, []).append(row)
    return found
