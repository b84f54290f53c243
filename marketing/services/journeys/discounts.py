"""Who gets the discount of a step that gives it only where it pays.

The live uplift model puts a customer among those like her; what a message was measured to bring with
those, at the lower edge of its interval, must be more than sending it and the coupon cost. A random
share of the others gets it all the same, so that the model can be judged. Without a model nobody
does, unless the definition says so. What the coupon takes off is never below the margin floor
(`shop/services/coupons/worth.py`), whoever gets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Exists, OuterRef

from decisions.models import ModelRun
from decisions.services.experiments import in_share
from decisions.services.model_runs import live_run
from decisions.text import sentence
from marketing.definitions.journey_plan import Instruction
from marketing.definitions.journey_sends import GIVE
from marketing.delivery.costs import cost_minor
from marketing.frames.orders import order_history
from marketing.models import Channel, CustomerPrediction, Discount, Enrolment, Send, SendState
from marketing.services.audiences.targeting import (
    NO_MODEL,
    TASK,
    TargetingError,
    read_model,
)
from marketing.services.campaigns.units_per_message import shrunk_orders
from shop.models import CouponOffer, OfferState, Order, OrderState
from shop.services.events.event_rows import among

if TYPE_CHECKING:
    from marketing.ml.uplift import Model
    from marketing.ml.uplift_metrics import Calibration

ORDERS_COUNT_FOR = timedelta(days=14)  # after a message, as in the effect report
LOOK_BACK = timedelta(days=365)


@dataclass(frozen=True)
class Worth:
    """Minor units per message. brings_at_least: lower edge with those like her. usual_discount,
    own_discount: the most of the coupon × the usual share of orders, and × her own chance if larger."""

    brings_at_least: float
    send_cost: float
    usual_discount: float
    own_discount: float

    @property
    def word(self) -> Discount:
        """Cautious: an edge of exactly nothing pays with nobody."""
        left = self.brings_at_least - self.send_cost
        if self.brings_at_least <= 0:
            return Discount.NO_EFFECT
        if left - self.usual_discount <= 0:
            return Discount.TOO_DEAR
        return Discount.PAYS if left - self.own_discount > 0 else Discount.BUYS_ANYWAY


@dataclass(frozen=True)
class Judge:
    """A live model that can be read."""

    run: ModelRun
    model: Model
    line: Calibration

    def brings_at_least(self, customer_ids: Sequence[int], at: datetime) -> dict[int, float]:
        """By customer: lower edge of the profit that a message brings with those like her, minor
        units. customer_ids: each once, some hundred at most."""
        import numpy as np

        from marketing.ml.uplift_features import order_features
        from marketing.ml.uplift_metrics import brings_at_least

        history = order_history(at, customer_ids)
        features = order_features(
            np.array(customer_ids, dtype=np.int64),
            history.customer_ids,
            history.placed_at,
            history.amount_minor,
            as_of=at.timestamp(),
        )
        edges = brings_at_least(self.model.predict(features), self.line)
        return dict(zip(customer_ids, edges.tolist(), strict=True))


def live_judge() -> Judge:
    """Raises TargetingError with what is missing."""
    run = live_run(TASK)
    if run is None:
        raise TargetingError(sentence(NO_MODEL))
    model, line = read_model(run)
    if not line.bands:
        raise TargetingError(sentence(NO_MODEL))
    return Judge(run, model, line)


class Discounts:
    """One round of the clock: model, offers and usual shares are read once, and only when asked for."""

    def __init__(self, at: datetime):
        self.at = at
        self._judges: list[Judge | None] = []
        self._offers: dict[str, CouponOffer | None] = {}
        self._shares: dict[tuple[int, str], float] = {}
        self._together: list[int] = []
        self._known: dict[int, tuple[float, float]] = {}

    def decide_together(self, customer_ids: Iterable[int]) -> None:
        """Those whose rows are written in one transaction. What is known of them is read at once,
        when the first of them is decided on; what was read of others is forgotten."""
        self._together, self._known = sorted(set(customer_ids)), {}

    def columns(self, enrolment: Enrolment, step: Instruction) -> dict[str, Any]:
        """Of the row of her message; nothing where everybody gets what the step gives."""
        gate = step.data["gate"]
        if gate is None:
            return {}
        offer, judge = self._offer(step.data["coupon"]), self._judge()
        if offer is None:
            return _said(Discount.NO_OFFER, 0.0)
        if judge is None:
            gives = gate["without_model"] == GIVE
            return _said(Discount.UNASKED, 1.0) if gives else _said(Discount.NO_MODEL, 0.0)
        worth = self._worth(enrolment, step, offer, judge)
        rests_on = {
            "run": judge.run.pk,
            "brings_at_least_minor": round(worth.brings_at_least, 4),
            "send_cost_minor": worth.send_cost,
            "discount_minor": round(worth.own_discount, 4),
        }
        if (word := worth.word) == Discount.PAYS:
            return _said(word, 1.0, rests_on)
        rate = gate["explore_rate"]
        unit = f"explore:journey:{enrolment.journey_id}:{step.step}"
        if in_share(unit, enrolment.customer.code, rate):
            return _said(Discount.EXPLORED, rate, rests_on | {"else": word.value})
        return _said(word, rate, rests_on)

    def _worth(
        self, enrolment: Enrolment, step: Instruction, offer: CouponOffer, judge: Judge
    ) -> Worth:
        usual = self._usual_share(enrolment.journey_id, step.step)
        brings, own = self._known_of(enrolment.customer_id, judge)
        channel = step.data["channel"]
        parts = (
            settings.SMS_MAX_PARTS if channel == Channel.SMS else 1
        )  # its length is not known yet
        return Worth(
            brings,
            cost_minor(channel, parts),
            offer.most_minor * usual,
            offer.most_minor * max(usual, own),
        )

    def _known_of(self, customer_id: int, judge: Judge) -> tuple[float, float]:
        """What a message brings at least with those like her, and her own chance of an order."""
        if customer_id in self._known:
            return self._known[customer_id]
        asked = self._together if customer_id in self._together else [customer_id]
        brings = judge.brings_at_least(asked, self.at)
        rows = CustomerPrediction.objects.filter(customer__in=among(asked))
        own = dict(rows.values_list("customer_id", "propensity_30"))
        found = {pk: (brings[pk], own.get(pk) or 0.0) for pk in asked}
        if customer_id in self._together:
            self._known = found
        return found[customer_id]

    def _judge(self) -> Judge | None:
        if not self._judges:
            try:
                self._judges.append(live_judge())
            except TargetingError:
                self._judges.append(None)
        return self._judges[0]

    def _offer(self, code: str) -> CouponOffer | None:
        if code not in self._offers:
            live = CouponOffer.objects.filter(code=code, state=OfferState.LIVE)
            self._offers[code] = live.first()
        return self._offers[code]

    def _usual_share(self, journey_id: int, step: str) -> float:
        """Messages of this step after which she ordered, caused or not: each may use its coupon."""
        if (journey_id, step) not in self._shares:
            self._shares[journey_id, step] = _usual_share(journey_id, step, self.at)
        return self._shares[journey_id, step]


def _usual_share(journey_id: int, step: str, at: datetime) -> float:
    over = at - ORDERS_COUNT_FOR
    left = Send.objects.filter(
        enrolment__journey=journey_id, step=step, state=SendState.SENT,
        sent_at__gte=at - LOOK_BACK, sent_at__lt=over,
    )  # fmt: skip
    ordered = Order.objects.filter(
        customer=OuterRef("customer"),
        placed_at__gte=OuterRef("sent_at"),
        placed_at__lt=OuterRef("sent_at") + ORDERS_COUNT_FOR,
    ).exclude(state=OrderState.CANCELLED)
    return shrunk_orders(left.filter(Exists(ordered)).count(), left.count())


def _said(word: Discount, chance: float, rests_on: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"discount": word, "discount_propensity": chance, "discount_from": rests_on}
