"""Wait for what is sold out, stop waiting, and who can be served now. Every verb: twice equals once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import (
    Channel,
    Customer,
    OrderLine,
    Product,
    Variant,
    WaitlistEntry,
    WaitlistState,
)
from shop.models.waitlist import WaitlistQuerySet

SERVED_AT_ONCE = 1_000
TRIES = 5
UNCOUNTED = 10**9


class WaitlistError(Exception):
    """Why nobody can wait like that; its text is meant for the storefront."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True)
class Wish:
    """Exactly one of variant and product, and one of customer and contact (a guest's address)."""

    units: int
    source: str
    consent: bool
    variant: Variant | None = None
    product: Product | None = None
    customer: Customer | None = None
    contact: str = ""
    channel: Channel | None = None


def join(wish: Wish, *, at: datetime | None = None) -> WaitlistEntry:
    """Wait. Who waits for the same thing already keeps the place; the units become the new ones.

    Raises WaitlistError without a person, and for a guest who did not agree to be told: the
    address would be kept for nothing.
    """
    if wish.customer is None and not wish.contact:
        raise WaitlistError(_("Name a customer, or the e-mail address of a guest."))
    if wish.customer is None and not wish.consent:
        raise WaitlistError(_("A guest waits only with consent to be told."))
    customer = wish.customer or Customer.objects.filter(email__iexact=wish.contact).first()
    contact = "" if customer else wish.contact.lower()
    key = _open_key(wish, customer, contact)
    for _try in range(TRIES):
        if standing := WaitlistEntry.objects.filter(open_key=key).first():
            if _renewed(standing, wish):
                return standing
            continue  # it was closed meanwhile: this is a new wish
        try:
            with transaction.atomic():
                return _opened(wish, customer, contact, key, at or timezone.now())
        except IntegrityError:
            continue  # the same person, twice at once: the other one is the entry
    raise WaitlistError(_("This entry is being changed by somebody else; please try again."))


def _open_key(wish: Wish, customer: Customer | None, contact: str) -> str:
    what = f"variant:{wish.variant.pk}" if wish.variant else f"product:{wish.product.pk}"  # type: ignore[union-attr]
    return f"{what} {f'customer:{customer.pk}' if customer else contact}"


def _opened(
    wish: Wish, customer: Customer | None, contact: str, key: str, at: datetime
) -> WaitlistEntry:
    return WaitlistEntry.objects.create(
        variant=wish.variant,
        product=wish.product,
        customer=customer,
        contact=contact,
        consent=wish.consent,
        source=wish.source[:80],
        units=wish.units,
        channel=wish.channel,
        created_at=at,
        expires_at=at + timedelta(days=settings.WAITLIST_DAYS),
        open_key=key,
    )


def _renewed(entry: WaitlistEntry, wish: Wish) -> bool:
    """The last word counts for units and consent; the place in the queue does not change.

    False when the entry is closed by now: who asks must not be left with one that waits no more.
    """
    open_one = WaitlistEntry.objects.open().filter(pk=entry.pk)
    if not open_one.update(units=wish.units, consent=wish.consent):
        return False
    entry.refresh_from_db()
    return True


def leave(entry: WaitlistEntry, *, at: datetime | None = None) -> bool:
    """Stop waiting. False when the entry was closed already."""
    return bool(_close(WaitlistEntry.objects.filter(pk=entry.pk), WaitlistState.CANCELLED, at))


def leave_everything(contact: str, *, at: datetime | None = None) -> int:
    """A guest wants to hear no more: all that this address waits for closes, and it is forgotten."""
    entries = WaitlistEntry.objects.filter(contact=contact.lower()).exclude(contact="")
    return _close(entries, WaitlistState.CANCELLED, at)


def tell(entry_ids: Iterable[int]) -> int:
    """They were told that it is back: their units stay theirs until they buy or the wish ends."""
    waiting = WaitlistEntry.objects.filter(pk__in=list(entry_ids), state=WaitlistState.WAITING)
    return waiting.update(state=WaitlistState.NOTIFIED)


def expire_due(now: datetime | None = None) -> int:
    """Close what has waited for too long."""
    now = now or timezone.now()
    return _close(WaitlistEntry.objects.filter(expires_at__lte=now), WaitlistState.EXPIRED, now)


def close_bought(now: datetime | None = None) -> int:
    """Close the entries of customers who have bought since they began to wait."""
    now = now or timezone.now()
    bought = OrderLine.objects.sold().filter(
        order__customer=OuterRef("customer"),
        order__placed_at__gte=OuterRef("created_at"),
        order__placed_at__lt=now,
    )
    thing = Exists(bought.filter(variant=OuterRef("variant")))
    any_of_it = Exists(bought.filter(variant__product=OuterRef("product")))
    return _close(WaitlistEntry.objects.filter(thing | any_of_it), WaitlistState.BOUGHT, now)


def _close(entries: WaitlistQuerySet, state: WaitlistState, at: datetime | None) -> int:
    """One conditional UPDATE: an entry closes once, whoever is first. The guest is forgotten."""
    fields = {"state": state, "closed_at": at or timezone.now(), "open_key": None, "contact": ""}
    return entries.open().update(**fields)


@dataclass(frozen=True)
class Servable:
    """What a waiting person could buy now: so many units of this SKU, in turn."""

    entry: WaitlistEntry
    variant: Variant
    units: int


@dataclass(frozen=True)
class Offer:
    """How what is back is offered. factor: units offered per unit available; not everybody who is
    told buys. only_agreed: entries that may not be told take no place. passed_over: entries that
    cannot be told now; those behind them move up."""

    factor: float = 1.0
    only_agreed: bool = False
    passed_over: frozenset[int] = frozenset()


def can_be_served(
    *,
    at: datetime | None = None,
    most: int = SERVED_AT_ONCE,
    variant_ids: list[int] | None = None,
    product_ids: list[int] | None = None,
    offer: Offer | None = None,
) -> list[Servable]:
    """Waiting entries for which units are available, oldest first, never more than there are (times
    the offer's factor, rounded down).

    Who was told already keeps what was offered: those units count as taken. An entry for a product
    gets the SKU of which most is left. Two queries.
    """
    at, offer = at or timezone.now(), offer or Offer()
    sellable = Variant.objects.sellable(at)
    if variant_ids is not None or product_ids is not None:
        # Whoever waits for a product competes with those who wait for a SKU of it.
        named = Q(variants__in=variant_ids or []) | Q(pk__in=product_ids or [])
        sellable = sellable.filter(product__in=Product.objects.filter(named).values("pk"))
    waiting = WaitlistEntry.objects.open().filter(
        Q(variant__in=sellable.values("pk")) | Q(product__in=sellable.values("product"))
    )
    if offer.only_agreed:
        waiting = waiting.filter(consent=True)
    # Who was told already keeps her units, whatever became of the attempt.
    waiting = waiting.exclude(pk__in=offer.passed_over, state=WaitlistState.WAITING)
    entries = waiting.select_related("variant", "product", "customer", "channel")
    return _shared_out(list(entries.in_turn()[:most]), at, offer.factor)


def _shared_out(entries: list[WaitlistEntry], at: datetime, factor: float) -> list[Servable]:
    """Stable: who was told already comes first, in turn; then those who wait, in theirs."""
    of_variant, of_product = _shelves(entries, at)
    left = Counter({pk: math.floor(factor * _units_of(one)) for pk, one in of_variant.items()})
    found = []
    for entry in sorted(entries, key=lambda one: one.state != WaitlistState.NOTIFIED):
        fitting = of_product.get(entry.product_id or 0, [])
        if entry.variant_id in of_variant:
            fitting = [entry.variant_id]
        if not fitting:
            continue
        best = max(fitting, key=lambda pk: (left[pk], -pk))
        units = min(entry.units, left[best])
        left[best] -= units
        if units and entry.state == WaitlistState.WAITING:
            found.append(Servable(entry, of_variant[best], units))
    return found


def _shelves(
    entries: list[WaitlistEntry], at: datetime
) -> tuple[dict[int, Variant], dict[int, list[int]]]:
    """The SKUs that would do and can be sold, and which of them belong to a product."""
    variants = {entry.variant_id for entry in entries if entry.variant_id}
    products = {entry.product_id for entry in entries if entry.product_id}
    wanted = Q(pk__in=variants) | Q(product__in=products)
    sellable = Variant.objects.sellable(at).filter(wanted).select_related("product")
    of_variant = {one.pk: one for one in sellable}
    of_product: dict[int, list[int]] = {}
    for one in of_variant.values():
        of_product.setdefault(one.product_id, []).append(one.pk)
    return of_variant, of_product


def _units_of(variant: Variant) -> int:
    """What may be promised of it; a SKU that is never counted has no end."""
    if not variant.tracks_stock:
        return UNCOUNTED
    return int(variant.available_units)  # type: ignore[attr-defined]
