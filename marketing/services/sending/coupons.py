"""Coupons of those who are about to be written to: issued in the transaction that marks the sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from marketing.delivery.messages import Text
from marketing.models import Send, SkipReason
from marketing.texts.coupons import COUPON_SLOTS, coupon_words
from shop.models import CouponOffer
from shop.services.coupons.ledger import issue


def with_coupons(
    offer: CouponOffer,
    sends: Sequence[Send],
    texts: Mapping[int, Text],
    *,
    occasion: str,
    at: datetime,
) -> dict[int, Text | SkipReason]:
    """Each text that speaks of a coupon with the recipient's own words, or why she gets none.

    Once per occasion and customer: after a crash she finds the one that was issued before.
    """
    speaking = [send for send in sends if texts[send.pk].slots & COUPON_SLOTS]
    issued = issue(offer, [send.customer_id for send in speaking], occasion, at=at)
    found: dict[int, Text | SkipReason] = dict(texts)
    for send in speaking:
        coupon, text = issued.coupons.get(send.customer_id), texts[send.pk]
        found[send.pk] = (
            replace(
                text, own={**text.own, **coupon_words(coupon, text.language)}, coupon_id=coupon.pk
            )
            if coupon
            else SkipReason.NO_COUPON
        )
    return found
