"""A share of all people, for figures of a shop with more events than one process should hold.

Drawn by a hash of who somebody is, so that it is the same people in every query, with all that they
saw and bought: what hangs together by person stays together, and every interval holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, Q, QuerySet, TextField, Value, When
from django.db.models.functions import MD5, Cast, Coalesce, NullIf

from shop.models import VisitorLink
from shop.models.events import EventQuerySet, owner_of_browser

STEPS = 16**8


@dataclass(frozen=True)
class PersonSample:
    """rate: the share of people, above 0; 1 takes everybody."""

    rate: float = 1.0

    @classmethod
    def for_rows(cls, rows: int, most: int) -> PersonSample:
        """As many people as leave about `most` of so many rows."""
        return cls(min(1.0, most / max(rows, 1)))

    @property
    def is_all(self) -> bool:
        return self.rate >= 1

    def of_events(self, events: EventQuerySet, nameless: Any) -> EventQuerySet:
        """Those of the people drawn. nameless: who an event without customer and browser is of."""
        if self.is_all:
            return events
        owner = owner_of_browser(VisitorLink.objects.all())
        # By turns, so that whose browser it is is asked only of events without a customer.
        person = Case(
            When(customer_id__isnull=False, then=_text("customer_id")),
            default=Coalesce(_text(owner), NullIf(F("visitor"), Value("")), nameless),
            output_field=TextField(),
        )
        return events.alias(drawn=MD5(person)).filter(drawn__lt=self._below)

    def of_lines(self, lines: QuerySet[Any, Any], guests: Any) -> QuerySet[Any, Any]:
        """Those of customers drawn, and of the guests' orders that are named."""
        if self.is_all:
            return lines
        drawn = Q(drawn__lt=self._below, order__customer__isnull=False)
        mine = lines.alias(drawn=MD5(_text("order__customer_id")))
        return mine.filter(drawn | Q(order__in=guests))

    @property
    def _below(self) -> str:
        """The first digits of hashes that lie above all that are drawn."""
        return f"{int(self.rate * STEPS):08x}"


def _text(what: Any) -> Cast:
    return Cast(what, TextField())
