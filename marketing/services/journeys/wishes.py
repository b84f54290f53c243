"""Whose word forbids a message that is chosen from what she looked at or bought (docs/events.md).

Whether the log of what she did may be read is a matter of each event (`Event.consent`: analytics at
that time). That a message follows from it is personalisation: her latest no counts, also while she
is under way. Her yes to marketing on the channel is asked besides, in sending/guards.py.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import OuterRef, Subquery

from shop.models import Consent, Customer, Purpose
from shop.services.events.event_rows import among

# Triggers that choose for her by her behaviour, or by what she buys again and again.
CHOSEN_FOR_HER = frozenset({"cart_left", "product_viewed", "price_dropped", "refill_due"})


def who_refused(trigger: str, customer_ids: Collection[int]) -> set[int]:
    """Of these customers, those whose latest word on personalisation is no."""
    if trigger not in CHOSEN_FOR_HER or not customer_ids:
        return set()
    words = Consent.objects.filter(customer=OuterRef("pk"), purpose=Purpose.PERSONALISATION)
    last = words.order_by("-recorded_at", "-id").values("granted")[:1]
    people = Customer.objects.filter(pk__in=among(customer_ids)).alias(word=Subquery(last))
    return set(people.filter(word=False).values_list("pk", flat=True))
