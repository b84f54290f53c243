"""What the shop holds on a person, in the order in which it is worked off."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacy.registry.base import Fate, Holding, Subject, emptied, moved, of_customer, removed
from shop.models import (
    Coupon,
    CouponMovement,
    CouponState,
    Event,
    EventKey,
    Refund,
    ReviewDecision,
    WaitlistEntry,
    WaitlistState,
)
from shop.models.waitlist import OPEN_STATES
from shop.services.coupons import ledger
from shop.services.erased import ledgers_forget

BEHAVIOUR = _("What she looked at, searched for and clicked is hers alone.")
ACCOUNTS = _("Accounts must be kept; amounts, goods, dates and the tax country stay as they are.")
WORDS = _("Free text may name her; it is no part of the accounts.")


def _events(who: Subject) -> QuerySet:
    hers = Event.objects.of_customer(who.customer_id)
    browsers = Event.objects.filter(customer__isnull=True, visitor__in=list(who.visitors))
    return Event.objects.filter(Q(pk__in=hers.values("pk")) | Q(pk__in=browsers.values("pk")))


def _forget_events(keys: Collection[Any], pseudonym: Callable[[], int]) -> int:
    ids = list(Event.objects.filter(pk__in=keys).values_list("event_id", flat=True))
    Event.objects.filter(pk__in=keys).delete()
    EventKey.objects.filter(pk__in=ids).delete()
    return len(ids)


def _revoke(keys: Collection[Any], pseudonym: Callable[[], int]) -> int:
    """By the ledger's own verb: the offer's uses and money are free again."""
    return sum(ledger.revoke(coupon) for coupon in Coupon.objects.filter(pk__in=keys))


def _open_wishes(who: Subject) -> QuerySet:
    return WaitlistEntry.objects.filter(_wisher(who), state__in=OPEN_STATES)


def _wisher(who: Subject) -> Q:
    hers = Q(customer_id=who.customer_id)
    return hers | Q(contact__iexact=who.email) if who.email else hers


def _wishes(who: Subject) -> QuerySet:
    return WaitlistEntry.objects.filter(customer_id=who.customer_id)


def _close_wishes(keys: Collection[Any], pseudonym: Callable[[], int]) -> int:
    return WaitlistEntry.objects.filter(pk__in=keys, state__in=OPEN_STATES).update(
        state=WaitlistState.CANCELLED, open_key=None, contact="", closed_at=timezone.now()
    )


def _refund_words(who: Subject) -> QuerySet:
    return Refund.objects.filter(order__customer_id=who.customer_id).exclude(reason="")


def _forget_refund_words(keys: Collection[Any], pseudonym: Callable[[], int]) -> int:
    with ledgers_forget():
        return Refund.objects.filter(pk__in=keys).update(reason="")


def _coupon_words(who: Subject) -> QuerySet:
    return CouponMovement.objects.filter(coupon__customer_id=who.customer_id).exclude(note="")


def _forget_coupon_words(keys: Collection[Any], pseudonym: Callable[[], int]) -> int:
    with ledgers_forget():
        return CouponMovement.objects.filter(pk__in=keys).update(note="")


def _decision_words(who: Subject) -> QuerySet:
    return ReviewDecision.objects.filter(review__customer_id=who.customer_id).exclude(note="")


def _forget_decision_words(keys: Collection[Any], pseudonym: Callable[[], int]) -> int:
    with ledgers_forget():
        return ReviewDecision.objects.filter(pk__in=keys).update(note="")


BEHAVIOUR_HOLDINGS = [
    Holding("shop.Event", Fate.REMOVED, _events, _forget_events, BEHAVIOUR),
    removed("shop.LatestEvent", of_customer("shop.LatestEvent"), BEHAVIOUR),
    removed("shop.VisitorLink", of_customer("shop.VisitorLink"), BEHAVIOUR),
]
SHOP_HOLDINGS = [
    removed(
        "shop.CustomerAttribute",
        of_customer("shop.CustomerAttribute"),
        _("What she said of herself."),
    ),
    removed(
        "shop.ReviewFlag",
        of_customer("shop.ReviewFlag", "review__customer_id"),
        _("It quotes her words."),
    ),
    Holding(
        "shop.ReviewDecision", Fate.EMPTIED, _decision_words, _forget_decision_words, WORDS,
        frozenset({"note"}),
    ),
    emptied(
        "shop.Review",
        of_customer("shop.Review"),
        {"customer": None, "title": "", "body": "", "key": lambda _pk: f"erased-{uuid.uuid4().hex}"},
        _("The stars count for the product; her words and her name go."),
    ),
    Holding(
        "shop.WaitlistEntry", Fate.EMPTIED, _open_wishes, _close_wishes,
        _("An open wish ends; that something was wanted stays with the SKU."),
        frozenset({"contact", "open_key"}),
    ),
    emptied(
        "shop.WaitlistEntry",
        _wishes,
        {"customer": None, "public_id": lambda _pk: uuid.uuid4()},
        _("How much of a SKU was wanted stays with the SKU."),
    ),
    Holding(
        "shop.Coupon", Fate.EMPTIED,
        lambda who: Coupon.objects.filter(customer_id=who.customer_id, state=CouponState.OPEN),
        _revoke, _("Nobody may use it any more; its money is free again."),
    ),
    Holding(
        "shop.CouponMovement", Fate.EMPTIED, _coupon_words, _forget_coupon_words, WORDS,
        frozenset({"note"}),
    ),
    moved(
        "shop.Coupon",
        of_customer("shop.Coupon"),
        {
            "code": lambda _pk: ledger.new_code(),
            "once_key": lambda pk: f"erased:{pk}",
            "occasion": "erased",
        },
        ACCOUNTS,
    ),
    Holding(
        "shop.Refund", Fate.EMPTIED, _refund_words, _forget_refund_words, WORDS,
        frozenset({"reason"}),
    ),
    emptied(
        "shop.OrderTransition",
        of_customer("shop.OrderTransition", "order__customer_id", note=""),
        {"note": ""}, WORDS,
    ),
    emptied(
        "shop.Shipment",
        of_customer("shop.Shipment", "order__customer_id", tracking_code=""),
        {"tracking_code": ""},
        _("The carrier's number leads to her address."),
    ),
    moved("shop.Return", of_customer("shop.Return"), {"reason": ""}, ACCOUNTS),
    moved(
        "shop.Order",
        of_customer("shop.Order"),
        {"idempotency_key": None, "request_sha256": ""},
        ACCOUNTS,
    ),
    removed(
        "shop.Consent",
        of_customer("shop.Consent"),
        _("The pseudonym says no to everything; her address is kept as a hash, so that no old list "
          "mails her again."),
    ),
]  # fmt: skip
