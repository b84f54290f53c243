"""Who was erased: known again by a keyed hash, and kept from coming back by any door.

Two writers must not pass each other: one who has found the customer and writes about her, and the
erasure that takes her row away. Writers take `pass_by` in their transaction, the erasure `stand_alone`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Value
from django.utils import timezone

from shop.models import Customer, ErasedIdentifier, IdentifierKind, LedgerDoor
from shop.services.events.event_rows import among

LOCK = 0x65726173  # "eras"


def digest_of(kind: str, value: str) -> str:
    """Hex. Letter case and outer blanks do not make another person."""
    said = f"{kind}:{value.strip().casefold()}".encode()
    return hmac.digest(settings.ERASURE_KEY.encode(), said, hashlib.sha256).hex()


def remember(kind: str, values: Iterable[str], *, at: datetime | None = None) -> int:
    """Write down that these were hers. Returns how many were not known yet; twice equals once."""
    at = at or timezone.now()
    wanted = {digest_of(kind, value) for value in values if value.strip()}
    found = ErasedIdentifier.objects.filter(kind=kind, digest__in=among(wanted))
    new = wanted - set(found.values_list("digest", flat=True))
    ErasedIdentifier.objects.bulk_create(
        (ErasedIdentifier(kind=kind, digest=one, erased_at=at) for one in sorted(new)),
        ignore_conflicts=True,
    )
    return len(new)


def erased_among(kind: str, values: Iterable[str]) -> dict[str, datetime]:
    """Those of these values that belonged to an erased person, and since when."""
    digests = {digest_of(kind, value): value for value in values if value}
    if not digests:
        return {}
    found = ErasedIdentifier.objects.filter(kind=kind, digest__in=among(digests))
    return {digests[one]: at for one, at in found.values_list("digest", "erased_at")}


def is_erased(kind: str, value: str) -> bool:
    return value in erased_among(kind, [value])


def pass_by() -> None:
    """Until the end of this transaction nobody is taken away. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])


def stand_alone() -> None:
    """Until the end of this transaction nobody who passes by writes; who does already is waited for."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def still_there(customer_ids: Iterable[int], visitors: Iterable[str]) -> tuple[set[int], set[str]]:
    """(these customers that are there, these browsers that were an erased person's). One statement,
    after `pass_by`: what was committed before the lock was ours is seen."""
    digests = {digest_of(IdentifierKind.VISITOR, one): one for one in visitors}
    hers = Customer.objects.filter(pk__in=among(set(customer_ids))).order_by()
    browsers = ErasedIdentifier.objects.filter(
        kind=IdentifierKind.VISITOR, digest__in=among(digests)
    ).order_by()
    found = hers.values_list("pk", Value("")).union(
        browsers.values_list(Value(0), "digest"), all=True
    )
    rows = list(found)
    return {pk for pk, _digest in rows if pk}, {digests[one] for _pk, one in rows if one}


CONTACTS = {
    "email": IdentifierKind.EMAIL, "phone": IdentifierKind.PHONE, "push_token": IdentifierKind.PUSH,
}  # fmt: skip


def erased_addresses(address_of: Mapping[int, str], field: str) -> dict[int, datetime]:
    """Customers whose address belonged to an erased person, and when she was erased: only a consent
    that is younger lets a message go there. field: of Customer, one of CONTACTS."""
    erased = erased_among(CONTACTS[field], address_of.values())
    return {pk: erased[address] for pk, address in address_of.items() if address in erased}


@contextmanager
def ledgers_forget():
    """Within it the free text of refunds and of coupon movements may be emptied, and nothing else be
    changed there: the triggers compare the rest (migration 0021). Belongs in a transaction."""
    with transaction.atomic():
        door = LedgerDoor.objects.create()
        yield
        door.delete()
