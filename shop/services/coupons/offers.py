"""Offers: drafted, put in force by a person, stopped; other terms are another revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import Category, CouponOffer, OfferState, Product, Variant
from shop.services.coupons.ledger import CouponError

TERMS = (
    "name",
    "name_zh",
    "percent",
    "most_minor",
    "least_order_minor",
    "valid_days",
    "last_on",
    "most_uses",
    "once_per_customer",
    "budget_minor",
)


@dataclass(frozen=True)
class OfferTerms:
    """Money in minor units of the shop's currency. Nothing named: it is for everything."""

    name: str
    most_minor: int
    valid_days: int
    most_uses: int
    budget_minor: int
    percent: int | None = None
    name_zh: str = ""
    least_order_minor: int = 0
    last_on: date | None = None
    once_per_customer: bool = True
    categories: Sequence[Category] = ()
    products: Sequence[Product] = ()
    variants: Sequence[Variant] = ()

    @property
    def fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in TERMS}


def create_offer(code: str, terms: OfferTerms, *, by: Any = None) -> CouponOffer:
    """A draft. Raises CouponError for terms that make no sense, and for a code that is taken."""
    refuse_nonsense(terms)
    try:
        with transaction.atomic():
            return _written(code, 1, terms, by)
    except IntegrityError as error:
        raise CouponError(_("There is an offer with this code already.")) from error


def revise(offer: CouponOffer, *, by: Any = None) -> CouponOffer:
    """A draft with the terms of this offer, to be changed. An open draft of it is found again."""
    with transaction.atomic():
        rows = CouponOffer.objects.select_for_update().filter(code=offer.code)
        if draft := rows.filter(state=OfferState.DRAFT).first():
            return draft
        newest = rows.order_by().values_list("revision", flat=True)
        terms = OfferTerms(
            **{name: getattr(offer, name) for name in TERMS},
            categories=list(offer.categories.all()),
            products=list(offer.products.all()),
            variants=list(offer.variants.all()),
        )
        return _written(offer.code, max(newest) + 1, terms, by)


def _written(code: str, revision: int, terms: OfferTerms, by: Any) -> CouponOffer:
    made = CouponOffer.objects.create(
        code=code,
        revision=revision,
        currency=settings.SHOP_CURRENCY,
        created_by=by,
        **terms.fields,
    )
    made.categories.set(terms.categories)
    made.products.set(terms.products)
    made.variants.set(terms.variants)
    return made


def refuse_nonsense(terms: OfferTerms) -> None:
    """Raises CouponError, in words for whoever makes the offer."""
    if terms.percent is not None and not 1 <= terms.percent <= 90:
        raise CouponError(_("A percentage is 1 to 90."))
    if terms.most_minor <= 0 or terms.least_order_minor < 0:
        raise CouponError(_("A coupon takes something off."))
    if terms.budget_minor < terms.most_minor:
        raise CouponError(_("The budget is less than a single coupon may take off."))
    if not 1 <= terms.valid_days <= 366 or terms.most_uses < 1:
        raise CouponError(_("A coupon is valid 1 to 366 days, and at least one can be issued."))
    if terms.percent is None and terms.least_order_minor < terms.most_minor:
        raise CouponError(_("A fixed amount needs a least order that is not below it."))


def decide_offer(offer: CouponOffer, *, by: Any) -> CouponOffer:
    """Put a draft in force; the revision that was in force stops. A person's decision."""
    with transaction.atomic():
        rows = CouponOffer.objects.select_for_update().filter(code=offer.code).order_by("pk")
        fresh = next(row for row in rows if row.pk == offer.pk)
        if fresh.state == OfferState.LIVE:
            return fresh
        if fresh.state != OfferState.DRAFT:
            raise CouponError(_("A stopped offer does not come back: make a revision of it."))
        if fresh.last_on and fresh.last_on < timezone.localdate():
            raise CouponError(_("Its last day is over."))
        at = timezone.now()
        rows.filter(state=OfferState.LIVE).update(
            state=OfferState.STOPPED, stopped_at=at, stopped_by=by
        )
        rows.filter(pk=fresh.pk).update(state=OfferState.LIVE, decided_at=at, decided_by=by)
    fresh.refresh_from_db()
    return fresh


def stop_offer(offer: CouponOffer, *, by: Any = None) -> CouponOffer:
    """Issue no more. What was issued was promised: it stays valid to its last day."""
    running = CouponOffer.objects.filter(pk=offer.pk, state__in=[OfferState.DRAFT, OfferState.LIVE])
    running.update(state=OfferState.STOPPED, stopped_at=timezone.now(), stopped_by=by)
    offer.refresh_from_db()
    return offer
