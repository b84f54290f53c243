"""Those who are moved in one transaction: what their steps ask, read for all of them at once, and what
is written down of them, likewise.

Read once their enrolments are locked, and only what a step asks for. Nothing here decides what may
leave: that is asked again, of each message, under the lock of its customer (sending/guards.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Max

from marketing.definitions.journey_plan import Plan
from marketing.definitions.rules import customers_of
from marketing.models import (
    Enrolment,
    LeaveReason,
    Segment,
    Send,
    SendState,
    SkipReason,
    StepVisit,
)
from marketing.services.journeys.carts import open_carts
from marketing.services.journeys.discounts import Discounts
from marketing.services.journeys.journey_review import pulled_steps
from marketing.services.journeys.journey_words import ordered_it
from shop.models import Order, OrderState
from shop.services.events.event_rows import among


class Together:
    """Of one transaction, whose enrolments are locked. discounts: of the round of the clock."""

    def __init__(
        self,
        roads: Sequence[Enrolment],
        plans: Mapping[int, Plan],
        at: datetime,
        discounts: Discounts,
    ):
        self.roads, self.plans, self.at, self.discounts = roads, plans, at, discounts
        self._in_segment: dict[str, set[int]] = {}
        self._new_sends: list[Send] = []
        self._visits: list[StepVisit] = []
        self._changes: dict[tuple[tuple[str, Hashable], ...], list[int]] = defaultdict(list)
        self._ended: list[int] = []
        discounts.decide_together(road.customer_id for road in roads)

    # --- asked

    def why_leave(self, road: Enrolment) -> str:
        plan = self.plans[road.version_id]
        if "ordered" in plan.exits and self.has_ordered(road):
            return LeaveReason.ORDERED
        if "ordered_it" in plan.exits and road.pk in self._ordered_it:
            return LeaveReason.ORDERED
        if plan.trigger == "cart_left":
            cart = self._carts.get(road.customer_id)
            if cart is None or f"cart:{cart.began_with}" != road.key:
                return LeaveReason.NOTHING_LEFT
        return ""

    def has_ordered(self, road: Enrolment) -> bool:
        """Since she entered."""
        last = self._last_orders.get(road.customer_id)
        return last is not None and last >= road.entered_at

    def is_in(self, segment: str, road: Enrolment) -> bool:
        if segment not in self._in_segment:
            found = Segment.objects.filter(code=segment).first()
            hers = customers_of(found.rule).filter(pk__in=among(self._customers)) if found else None
            self._in_segment[segment] = (
                set() if hers is None else {*hers.values_list("pk", flat=True)}
            )
        return road.customer_id in self._in_segment[segment]

    def send_of(self, road: Enrolment, step: str) -> Send | None:
        return self._sends.get((road.pk, step))

    @cached_property
    def pulled(self) -> dict[tuple[int, str, str], str]:
        """(version, step, copy) → whether it is held or skipped."""
        return pulled_steps({road.version_id for road in self.roads})

    @cached_property
    def _customers(self) -> set[int]:
        return {road.customer_id for road in self.roads}

    @cached_property
    def _sends(self) -> dict[tuple[int | None, str], Send]:
        rows = Send.objects.filter(enrolment__in=among(road.pk for road in self.roads))
        return {(send.enrolment_id, send.step): send for send in rows.order_by("pk")}

    @cached_property
    def _last_orders(self) -> dict[int, datetime]:
        since = min(road.entered_at for road in self.roads)
        orders = Order.objects.filter(customer__in=among(self._customers), placed_at__gte=since)
        kept = orders.exclude(state=OrderState.CANCELLED).order_by().values_list("customer")
        return dict(kept.annotate(last=Max("placed_at")))

    @cached_property
    def _ordered_it(self) -> set[int]:
        return ordered_it([r for r in self.roads if "ordered_it" in self.plans[r.version_id].exits])

    @cached_property
    def _carts(self) -> dict[int, Any]:
        with_cart = [r for r in self.roads if self.plans[r.version_id].trigger == "cart_left"]
        return open_carts({road.customer_id for road in with_cart}, self.at)

    # --- written down

    def send(self, road: Enrolment, step: str, columns: Mapping[str, Any]) -> Send:
        new = Send(
            enrolment=road, customer_id=road.customer_id, step=step, claimed_at=self.at, **columns
        )
        self._new_sends.append(new)
        self._sends[road.pk, step] = new
        return new

    def visited(self, road: Enrolment, step: str, outcome: str) -> None:
        self._visits.append(
            StepVisit(enrolment=road, step=step, outcome=outcome, visited_at=self.at)
        )

    def end(self, road: Enrolment, state: str, reason: str = "") -> None:
        """What was written down for her and did not leave is taken back."""
        self._ended.append(road.pk)
        over = {"state": state, "reason": reason, "ended_at": self.at, "position": road.position}
        self._changes[tuple(over.items())].append(road.pk)

    def stay(self, road: Enrolment) -> None:
        here = {"position": road.position, "due_at": road.due_at}
        self._changes[tuple(here.items())].append(road.pk)

    def write(self) -> None:
        """Everything in a few statements.

        A message is hers once: who holds the enrolment's lock is alone, and the database is asked
        all the same.
        """
        Send.objects.bulk_create(in_lock_order(self._new_sends))
        StepVisit.objects.bulk_create(self._visits, ignore_conflicts=True)
        if self._ended:
            left = Send.objects.filter(enrolment__in=among(self._ended), state=SendState.CLAIMED)
            left.update(state=SendState.SKIPPED, reason=SkipReason.TAKEN_BACK)
        for columns, pks in self._changes.items():
            Enrolment.objects.filter(pk__in=among(pks)).update(**dict(columns))


def in_lock_order(sends: Iterable[Send]) -> list[Send]:
    """As customers are locked elsewhere (guards.py): at the end of the transaction each new row takes
    a share of its customer's lock, and in another order two could wait for each other."""
    return sorted(sends, key=lambda send: send.customer_id)
