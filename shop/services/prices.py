"""The price ledger: a new row replaces an old one, and every past price can be asked for.

Rules in prose: docs/ledgers.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from outbox.services import publish
from shop.fact_listeners import facts_changed
from shop.models import Channel, Price, PriceKind, Variant

# The more particular price wins while it lasts, also over a list price set after it.
RANK = {PriceKind.FLASH: 0, PriceKind.CAMPAIGN: 1, PriceKind.LIST: 2}
# A price "from now on" may be a little late when it arrives here.
LATE = timedelta(minutes=5)


class PriceError(Exception):
    """Why a price cannot be set like that; its text is meant for the merchant."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class PriceKeyReusedError(PriceError):
    """The key already stands for another price."""


@dataclass(frozen=True)
class PriceTerms:
    """When and where a price holds. A reduction has an end; a list price holds until the next."""

    kind: str = PriceKind.LIST
    valid_from: datetime | None = None  # none: from now on
    valid_until: datetime | None = None
    channel: Channel | None = None
    currency: str = ""
    is_history: bool = False  # imported: may begin in the past


def set_price(
    variant: Variant,
    amount_minor: int,
    *,
    key: str,
    source: str,
    terms: PriceTerms | None = None,
) -> Price:
    """Add a price to the ledger. The same key again returns the first row.

    Raises PriceError for what the ledger cannot hold, PriceKeyReusedError for a key in other use.
    """
    terms = terms or PriceTerms()
    wanted = _row(variant, amount_minor, key, source, terms)
    if first := _set_under(wanted, terms):
        return first
    refuse_what_cannot_be(amount_minor, terms, wanted.valid_from)
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
            if not terms.is_history:
                publish("price.changed", message_of(wanted), key=f"price:{wanted.pk}")
                facts_changed([variant.pk])
    except IntegrityError:
        first = _set_under(wanted, terms)  # a rival with the same key was faster
        if first is None:
            raise
        return first
    return wanted


def set_new_prices(
    wanted: Sequence[tuple[Variant, int, str]], *, source: str, terms: PriceTerms
) -> list[Price]:
    """Many prices on the same terms, all or nothing: variant, amount, key. For a caller whose keys no
    one else can have and who writes them once; who may come twice uses set_price.

    Raises PriceError for what the ledger cannot hold, IntegrityError for a key that stands already.
    """
    rows = [_row(variant, amount, key, source, terms) for variant, amount, key in wanted]
    for row in rows:
        refuse_what_cannot_be(row.amount_minor, terms, row.valid_from)
    with transaction.atomic():
        made = Price.objects.bulk_create(rows)
        for row in made:
            publish("price.changed", message_of(row), key=f"price:{row.pk}")
        facts_changed([row.variant_id for row in made])
    return made


def price_at(variant: Variant, at: datetime, channel: Channel | None = None) -> Price | None:
    """The row that decided the price at a time; None when the SKU had no price."""
    return prices_at([variant.pk], at, channel).get(variant.pk)


def prices_at(
    variants: Iterable[int] | QuerySet[Variant], at: datetime, channel: Channel | None = None
) -> dict[int, Price]:
    """The deciding row per variant, in one query. A variant without a price is absent."""
    among = variants if isinstance(variants, QuerySet) else list(variants)
    standing = _standing(at, channel).filter(variant__in=among)
    newest = Window(RowNumber(), partition_by=[F("variant_id")], order_by=_preference())
    return {
        price.variant_id: price for price in standing.alias(place=newest).filter(place=1).order_by()
    }


def of_channel(channel: Channel | None) -> QuerySet[Price]:
    """The rows for all channels and, if one is named, its own."""
    everywhere = Q(channel__isnull=True)
    return Price.objects.filter(everywhere | Q(channel=channel) if channel else everywhere)


def _standing(at: datetime, channel: Channel | None) -> QuerySet[Price]:
    return of_channel(channel).filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=at), valid_from__lte=at
    )


def _preference() -> list[Any]:
    kind = Case(
        *[When(kind=kind, then=Value(rank)) for kind, rank in RANK.items()],
        output_field=IntegerField(),
    )
    own_channel = Case(When(channel__isnull=False, then=Value(0)), default=Value(1))
    return [kind.asc(), own_channel.asc(), F("valid_from").desc(), F("id").desc()]


def _row(variant: Variant, amount_minor: int, key: str, source: str, terms: PriceTerms) -> Price:
    return Price(
        variant=variant,
        channel=terms.channel,
        kind=terms.kind,
        amount_minor=amount_minor,
        currency=terms.currency or settings.SHOP_CURRENCY,
        valid_from=terms.valid_from or timezone.now(),
        valid_until=terms.valid_until,
        source=source,
        key=key,
    )


def message_of(price: Price) -> dict[str, Any]:
    names = ("kind", "currency", "amount_minor", "valid_from", "valid_until")
    channel = price.channel.code if price.channel else None
    said = {name: getattr(price, name) for name in names}
    return price_message(sku=price.variant.sku, channel=channel, **said)


def price_message(
    *, valid_from: datetime, valid_until: datetime | None, kind: str, **said: Any
) -> dict[str, Any]:
    """As `shop/webhooks.py` promises it. said: sku, channel (its code), currency, amount_minor."""
    return said | {
        "kind": str(kind),
        "valid_from": valid_from.isoformat(),
        "valid_until": valid_until.isoformat() if valid_until else None,
    }


def _set_under(wanted: Price, terms: PriceTerms) -> Price | None:
    first = Price.objects.filter(key=wanted.key).first()
    if first is None:
        return None
    same = ["variant_id", "channel_id", "kind", "amount_minor", "currency", "valid_until"]
    if terms.valid_from is not None:  # "from now on" means the first time's now
        same.append("valid_from")
    if any(getattr(first, name) != getattr(wanted, name) for name in same):
        raise PriceKeyReusedError(_("This key already stands for another price."))
    return first


def refuse_what_cannot_be(amount_minor: int, terms: PriceTerms, valid_from: datetime) -> None:
    """What the ledger cannot hold, said before anything is written. Raises PriceError."""
    if amount_minor < 0:
        raise PriceError(_("A price is not negative."))
    if terms.kind != PriceKind.LIST and terms.valid_until is None:
        raise PriceError(_("A reduced price needs an end."))
    if terms.valid_until is not None and terms.valid_until <= valid_from:
        raise PriceError(_("The price would end before it begins."))
    # Else yesterday's price could be invented today, and with it a reduction.
    if not terms.is_history and valid_from < timezone.now() - LATE:
        raise PriceError(_("A price cannot begin in the past."))
