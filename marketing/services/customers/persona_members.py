"""Each night: learn personas when it is time, then say of every customer where she belongs.

Who is new since the learning is placed by the live model's own rule: two orders or more, and nearer
to a persona's middle than nearly all of its members (the 99th percentile) are far from it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from decisions.services.leases import current_lease
from marketing.frames.behaviour import CHUNK, chunks_of_buyers, known_orders
from marketing.frames.personas import Unread, bought, meanings, unread
from marketing.models import PersonaMember, PersonaSnapshot
from marketing.services.customers.personas import (
    Before,
    PersonasRefusedError,
    is_due,
    learn_personas,
    live_personas,
)

if TYPE_CHECKING:
    import numpy as np

YEAR = timedelta(days=365)
OLD = 1_000  # rows that go in one statement
MOST_KNOWN = 30_000  # meanings of products kept while a night goes through the customers: 60 MB


def refresh_personas(progress: Progress, as_of: datetime, *, seed: int) -> dict[str, Any]:
    """The night's step. Raises PersonasRefusedError while no personas live and none can be learned."""
    summary: dict[str, Any] = {}
    refused: PersonasRefusedError | None = None
    if is_due(as_of):
        try:
            run = learn_personas(as_of, seed=seed)
            summary = {"run": run.pk, "state": run.state}
        except PersonasRefusedError as error:
            refused = error
            summary = {"missing": error.sentence}
    live = live_personas()
    if live is None:
        forget_members(as_of)
        if refused is not None:
            raise refused
        return summary
    return summary | {"customers": place_customers(progress, as_of, live)}


def place_customers(progress: Progress, as_of: datetime, live: Before) -> int:
    """A row per customer with a persona; returns how many. Twice equals once."""
    closed = unread(as_of)
    known: dict[int, np.ndarray] = {}
    spent: dict[int, Spent] = defaultdict(Spent)
    total = known_orders(as_of).order_by().values("customer").distinct().count()
    done = 0
    for chunk in chunks_of_buyers(as_of):
        found = _personas_of(chunk, as_of, live, (closed, known))
        money = _spent(chunk, as_of)
        for customer, persona in found.items():
            spent[persona].add(money.get(customer, 0))
        _write(found, as_of)
        done += len(chunk)
        progress(done, max(total, done), gettext_noop("personas of customers"))
    forget_members(as_of)
    _count(live, spent, as_of)
    return sum(one.customers for one in spent.values())


class Spent:
    """Running sums of one persona: customers, money, its squares."""

    def __init__(self) -> None:
        self.customers, self.total, self.squares = 0, 0.0, 0.0

    def add(self, minor: float) -> None:
        self.customers += 1
        self.total += minor
        self.squares += minor**2

    def interval(self) -> tuple[int, int, int] | None:
        """Mean and its 95 % interval; None below 30 customers."""
        n = self.customers
        if n < 30:
            return None
        mean = self.total / n
        half = 1.96 * (max(self.squares / n - mean**2, 0) / (n - 1)) ** 0.5
        return round(mean), round(max(mean - half, 0)), round(mean + half)


def _personas_of(
    customers: list[int], as_of: datetime, live: Before, cache: tuple[Unread, dict]
) -> dict[int, int]:
    """Customer → persona; who has none is left out. cache: what may not be read, meanings known."""
    closed, known = cache
    read = bought(customers, as_of, closed)
    if any(name.startswith("text:") for name in live.model.space.names):
        if len(known) > MOST_KNOWN:
            known.clear()
        known |= meanings({int(pk) for pk in read.product} - known.keys())
    groups = live.model.group_of(live.model.words.read(read, known)).tolist()
    return {
        customer: live.personas[group]
        for customer, group in zip(customers, groups, strict=True)
        if group in live.personas
    }


def _spent(customers: list[int], as_of: datetime) -> dict[int, int]:
    """Money of each within the year before, without taxes."""
    found = known_orders(as_of).filter(customer__in=customers, placed_at__gte=as_of - YEAR)
    money = Sum(F("total_minor") - F("tax_minor"))
    return dict(found.order_by().values_list("customer_id").annotate(money=money))


def _write(found: dict[int, int], as_of: datetime) -> None:
    lease = current_lease()
    with transaction.atomic():
        if lease is not None:
            lease.still_mine()
        before = {
            row.customer_id: row
            for row in PersonaMember.objects.select_for_update().filter(customer__in=list(found))
        }
        rows = [
            PersonaMember(
                customer_id=customer,
                persona_id=persona,
                as_of=as_of,
                since=before[customer].since
                if customer in before and before[customer].persona_id == persona
                else as_of,
            )
            for customer, persona in found.items()
        ]
        PersonaMember.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["customer"],
            update_fields=["persona", "since", "as_of"],
            batch_size=CHUNK,
        )


def forget_members(as_of: datetime) -> None:
    """Who was not placed as of this night belongs nowhere."""
    others = PersonaMember.objects.exclude(as_of=as_of).order_by("pk")
    while gone := list(others.values_list("pk", flat=True)[:OLD]):
        PersonaMember.objects.filter(pk__in=gone).delete()


def _count(live: Before, spent: dict[int, Spent], as_of: datetime) -> None:
    total = sum(one.customers for one in spent.values())
    for snapshot in PersonaSnapshot.objects.filter(run=live.run):
        one = spent.get(snapshot.persona_id, Spent())
        mean, low, high = one.interval() or (None, None, None)
        PersonaSnapshot.objects.filter(pk=snapshot.pk).update(
            customers=one.customers,
            share=one.customers / total if total else 0,
            counted_at=as_of,
            spent_365_minor=mean,
            spent_365_low_minor=low,
            spent_365_high_minor=high,
        )
