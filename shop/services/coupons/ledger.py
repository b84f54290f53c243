"""The ledger of coupons: issued, redeemed, given back, expired, revoked. Every verb: twice equals once.

Each step is one conditional UPDATE of the coupon, one movement, and the counters of the offer.
Locks in this order: stock, then coupons, then the offer. Rules in prose: docs/coupons.md.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import (
    Coupon,
    CouponMove,
    CouponMovement,
    CouponOffer,
    CouponState,
    OfferState,
    Order,
)

# 30 letters and figures that are not mistaken for one another; 12 of them are 58 bits.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP = 3, 4
EXPIRED_AT_ONCE = 500


class CouponError(Exception):
    """Why a coupon or an offer cannot be changed like that; meant for the merchant."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class NotIssued(NamedTuple):
    """Why a customer gets none."""

    code: str
    text: Any


STOPPED = NotIssued("stopped", _("The offer is not in force."))
USED_UP = NotIssued("used_up", _("The offer's uses or its budget are used up."))
HAD_ONE = NotIssued("had_one", _("She has had her coupon of this offer."))


@dataclass
class Issued:
    """By customer: the coupon she holds for this occasion, or why she has none."""

    coupons: dict[int, Coupon] = field(default_factory=dict)
    refused: dict[int, NotIssued] = field(default_factory=dict)


def issue(
    offer: CouponOffer, customer_ids: Iterable[int], occasion: str, *, at: datetime | None = None
) -> Issued:
    """A coupon for each of these customers, as long as uses and budget last.

    Whoever has one for this occasion keeps it: a second run after a crash finds it. Of an offer
    that is once per customer she keeps the one she has, whatever the occasion.
    """
    at, wanted = at or timezone.now(), sorted(set(customer_ids))
    done = Issued()
    if not wanted:
        return done
    with transaction.atomic():
        _lock(offer)
        until = valid_until(offer, at)
        if offer.state != OfferState.LIVE or until <= at:
            return Issued(refused=dict.fromkeys(wanted, STOPPED))
        _take_standing(offer, wanted, occasion, at, done)
        new = [pk for pk in wanted if pk not in done.coupons and pk not in done.refused]
        places = offer.left_coupons
        done.refused |= dict.fromkeys(new[places:], USED_UP)
        done.coupons |= _write(offer, new[:places], occasion, at)
    return done


def _lock(offer: CouponOffer) -> None:
    """An UPDATE takes the row's lock on PostgreSQL and the database's on SQLite."""
    CouponOffer.objects.filter(pk=offer.pk).update(state=F("state"))
    offer.refresh_from_db()


def once_key(offer: CouponOffer, customer_id: int, occasion: str) -> str:
    whose = f"{offer.code}:{customer_id}"
    return whose if offer.once_per_customer else f"{whose}:{offer.revision}:{occasion}"


def valid_until(offer: CouponOffer, at: datetime) -> datetime:
    """The end of the last day, by the shop's clock: what the letter says is what holds."""
    zone = timezone.get_default_timezone()
    last = timezone.localdate(at, zone) + timedelta(days=offer.valid_days)
    if offer.last_on:
        last = min(last, offer.last_on)
    return datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone)


def _take_standing(
    offer: CouponOffer, wanted: list[int], occasion: str, at: datetime, done: Issued
) -> None:
    keys = {once_key(offer, pk, occasion): pk for pk in wanted}
    for coupon in Coupon.objects.filter(once_key__in=list(keys)):
        usable = coupon.state == CouponState.OPEN and coupon.valid_until > at
        # One of an earlier revision says something else than the letter would.
        if usable and coupon.offer_id == offer.pk:
            done.coupons[coupon.customer_id] = coupon
        else:
            done.refused[coupon.customer_id] = HAD_ONE


def _write(
    offer: CouponOffer, customer_ids: Sequence[int], occasion: str, at: datetime
) -> dict[int, Coupon]:
    until = valid_until(offer, at)
    made = Coupon.objects.bulk_create(
        Coupon(
            offer=offer,
            customer_id=pk,
            code=new_code(),
            occasion=occasion[:80],
            once_key=once_key(offer, pk, occasion),
            issued_at=at,
            valid_until=until,
        )
        for pk in customer_ids
    )
    post(Step(CouponMove.ISSUE, at), made)
    return {coupon.customer_id: coupon for coupon in made}


def new_code() -> str:
    """`K7QM-2ZDX-94RT`: nobody finds one by trying."""
    groups = ("".join(secrets.choice(ALPHABET) for _n in range(GROUP)) for _g in range(GROUPS))
    return "-".join(groups)


def give_back(order: Order, *, by: Any = None) -> Coupon | None:
    """The order was cancelled: its coupon is the customer's again, until its own last day."""
    coupon = Coupon.objects.select_related("offer").filter(order=order).first()
    if coupon is None:
        return None
    at, discount = timezone.now(), coupon.discount_minor or 0
    mine = Coupon.objects.filter(pk=coupon.pk, order=order, state=CouponState.REDEEMED)
    if not mine.update(state=CouponState.OPEN, order=None, discount_minor=None):
        return None
    coupon.refresh_from_db()
    post(Step(CouponMove.GIVE_BACK, at, order, discount, by), [coupon])
    return coupon


def revoke(coupon: Coupon, *, by: Any = None, note: str = "") -> bool:
    """Take back one that nobody has used; False when it is not open any more."""
    with transaction.atomic():
        mine = Coupon.objects.filter(pk=coupon.pk, state=CouponState.OPEN)
        if not mine.update(state=CouponState.REVOKED):
            return False
        coupon.refresh_from_db()
        post(Step(CouponMove.REVOKE, timezone.now(), by=by, note=note), [coupon])
    return True


def take_back_unseen(coupon_id: int, is_unseen: Callable[[int], bool], *, note: str) -> bool:
    """Of a message that never left: its place and its money are free again, and its customer may get
    another. False when it is not open, or somebody has seen it.

    is_unseen: asked while nobody can be issued one of this offer.
    """
    with transaction.atomic():
        # no_key: whoever holds the offer may point a message at the coupon meanwhile, and is waited for.
        locked = Coupon.objects.select_for_update(of=("self",), no_key=True)
        open_ones = locked.select_related("offer").filter(pk=coupon_id, state=CouponState.OPEN)
        coupon = open_ones.first()
        if coupon is None:
            return False
        _lock(coupon.offer)
        mine = Coupon.objects.filter(pk=coupon.pk, state=CouponState.OPEN)
        freed = f"unseen:{coupon.pk}:{coupon.once_key}"[:200]
        if not is_unseen(coupon.pk) or not mine.update(state=CouponState.REVOKED, once_key=freed):
            return False
        post(Step(CouponMove.REVOKE, timezone.now(), note=note), [coupon])
    return True


def expire_due(at: datetime | None = None) -> int:
    """Close what nobody used in time; its place and its money are free again."""
    at, done = at or timezone.now(), 0
    while closed := _expire_some(at):
        done += closed
    return done


def _expire_some(at: datetime) -> int:
    due = Coupon.objects.filter(state=CouponState.OPEN, valid_until__lte=at)
    with transaction.atomic():
        rows = due.select_for_update(of=("self",), skip_locked=True).select_related("offer")
        found = list(rows.order_by("pk")[:EXPIRED_AT_ONCE])
        pks = [coupon.pk for coupon in found]
        Coupon.objects.filter(pk__in=pks).update(state=CouponState.EXPIRED)
        post(Step(CouponMove.EXPIRE, at), found)
    return len(found)


# By how much a step moves the counters: open and redeemed coupons, held and spent money (times
# what a coupon may take off, times what it took off).
FACTORS = {
    CouponMove.ISSUE: (1, 0, 1, 0),
    CouponMove.REDEEM: (-1, 1, -1, 1),
    CouponMove.GIVE_BACK: (1, -1, 1, -1),
    CouponMove.EXPIRE: (-1, 0, -1, 0),
    CouponMove.REVOKE: (-1, 0, -1, 0),
}


@dataclass(frozen=True)
class Step:
    """What becomes of a coupon, when, with which order, and who did it."""

    kind: CouponMove
    at: datetime
    order: Order | None = None
    discount_minor: int = 0
    by: Any = None
    note: str = ""


def post(step: Step, coupons: Sequence[Coupon]) -> None:
    """Movements, and the offers' counters by their sums. Within the transaction of the step."""
    by_offer: dict[int, list[CouponMovement]] = defaultdict(list)
    for coupon in coupons:
        by_offer[coupon.offer_id].append(_movement(step, coupon))
    CouponMovement.objects.bulk_create(row for rows in by_offer.values() for row in rows)
    for pk in sorted(by_offer):
        rows = by_offer[pk]
        CouponOffer.objects.filter(pk=pk).update(
            open_coupons=F("open_coupons") + sum(row.open_delta for row in rows),
            redeemed_coupons=F("redeemed_coupons") + sum(row.redeemed_delta for row in rows),
            held_minor=F("held_minor") + sum(row.held_minor_delta for row in rows),
            spent_minor=F("spent_minor") + sum(row.spent_minor_delta for row in rows),
        )


def _movement(step: Step, coupon: Coupon) -> CouponMovement:
    opened, redeemed, held, spent = FACTORS[step.kind]
    about = f":{step.order.pk}" if step.order else ""
    return CouponMovement(
        offer_id=coupon.offer_id,
        coupon=coupon,
        kind=step.kind,
        key=f"{step.kind}:{coupon.pk}{about}",
        at=step.at,
        order=step.order,
        open_delta=opened,
        redeemed_delta=redeemed,
        held_minor_delta=held * coupon.offer.most_minor,
        spent_minor_delta=spent * step.discount_minor,
        by=step.by,
        note=step.note[:200],
    )
