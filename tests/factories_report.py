"""Answers that were shown, what was seen and clicked of them, and what was bought then."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from uuid import uuid4

from decisions.models import Decision, DecisionState
from recommendations.models import KIND
from shop.models import Customer, Variant
from shop.services.events.events import record_events
from tests.factories import NOW, make_order

_numbers = count(1)


def make_answer(
    variants: list[Variant], *, placement: str = "home", at: datetime = NOW, **of_item
) -> Decision:
    """The receipt of one answer. of_item: what every item says beside product and SKU."""
    items = [
        {"product_id": variant.product_id, "sku": variant.sku, **of_item} for variant in variants
    ]
    return Decision.objects.create(
        kind=KIND,
        key=f"{KIND}:{uuid4()}",
        subject="anybody",
        headline={},
        inputs={"placement": placement},
        output={"items": items},
        state=DecisionState.AUTOMATIC,
        code_version="test",
        created_at=at,
    )


def make_seen(kind: str, answer: Decision, sku: str, *, at: datetime = NOW, **fields) -> None:
    """One impression or click, as the shop sends it."""
    outcome = record_events([_event(kind, answer, sku, at, **fields)], received_at=at)
    assert (outcome.accepted, outcome.problems) == (1, [])


def _event(kind: str, answer: Decision, sku: str, at: datetime, **fields) -> dict:
    return {
        "event_id": f"seen-{next(_numbers)}",
        "kind": kind,
        "occurred_at": at.isoformat(),
        "sku": sku,
        "properties": {"receipt": str(answer.pk), "placement": "made up", "position": 99},
        **fields,
    }


def make_busy_placement(
    variants: list[Variant], *, people: int = 40, at: datetime = NOW, placement: str = "home"
) -> list[Customer]:
    """Everybody sees up to three products; every second clicks the first, every fourth buys it."""
    start, later = next(_numbers), at + timedelta(minutes=1)
    made = Customer.objects.bulk_create(
        Customer(code=f"S-{start}-{number}", email=f"{start}-{number}@example.com")
        for number in range(people)
    )
    shows, clicks = [], []
    for number, customer in enumerate(made):
        width = min(3, len(variants))
        shown = [variants[(number + step) % len(variants)] for step in range(width)]
        answer, who = make_answer(shown, placement=placement, at=at), {"customer": customer.code}
        shows += [_event("impression", answer, one.sku, at, **who) for one in shown]
        if number % 2 == 0:
            clicks.append(_event("click", answer, shown[0].sku, later, **who))
        if number % 4 == 0:
            make_order([(shown[0], 2)], customer=customer, at=at + timedelta(hours=1))
    assert record_events(shows, received_at=at).accepted == len(shows)
    assert record_events(clicks, received_at=later).accepted == len(clicks)
    return made
