"""What a text may say of a coupon: only through slots, of which two are the recipient's own."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone, translation
from django.utils.formats import date_format

from language.claims import Fact
from marketing.texts.dates import DATE_FORMATS, LOCALES
from shop.models import Coupon, CouponOffer, OfferState
from shop.services.coupons.ledger import valid_until

COUPON_SLOTS = frozenset({"coupon_code", "coupon_value", "coupon_until"})
STANDS_FOR_A_CODE = "XXXX-XXXX-XXXX"


def coupon_facts(offer: CouponOffer | None, language: str, at: datetime) -> list[Fact]:
    """None of an offer that is not in force or over: its slots can then not be filled."""
    if offer is None or offer.state != OfferState.LIVE:
        return []
    until = valid_until(offer, at)
    if until <= at:
        return []
    last = until - timedelta(microseconds=1)
    words = {
        "coupon_code": STANDS_FOR_A_CODE,
        "coupon_value": _value(offer, language),
        "coupon_until": _date(last, language),
    }
    source = f"coupon offer:{offer.label}"
    return [Fact(slot, "coupon", text, source) for slot, text in words.items()]


def coupon_words(coupon: Coupon, language: str) -> dict[str, str]:
    """By slot, as they are true of this coupon: the letter names the day on which it ends."""
    return {
        "coupon_code": coupon.code,
        "coupon_value": _value(coupon.offer, language),
        "coupon_until": _date(coupon.last_moment, language),
    }


def _value(offer: CouponOffer, language: str) -> str:
    with translation.override(LOCALES[language]):
        return offer.value


def _date(moment: datetime, language: str) -> str:
    with translation.override(LOCALES[language]):
        day = timezone.localtime(moment, timezone.get_default_timezone())
        return date_format(day, DATE_FORMATS[language])
