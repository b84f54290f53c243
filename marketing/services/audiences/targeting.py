"""Write only where it pays: the live uplift model scores the audience, in expected profit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from access.figures import figure
from decisions.models import ModelRun
from decisions.services.artefacts import ArtefactError, artefact_path
from decisions.services.model_runs import live_run
from decisions.text import SentenceError, sentence
from marketing.delivery.costs import cost_minor
from marketing.frames.orders import OrderHistory, order_history
from marketing.models import Campaign, Channel, Goal
from marketing.services.campaigns.message_costs import cost_per_message_minor
from marketing.services.campaigns.units_per_message import orders_per_message, units_per_message
from shop.models import CouponOffer
from shop.services.prior_prices import reductions_of

if TYPE_CHECKING:
    import numpy as np

    from marketing.ml.uplift import Model
    from marketing.ml.uplift_metrics import Calibration

TASK = "uplift"
NO_MODEL = gettext_noop(
    "No uplift model is live: none has beaten a random order yet. Send to everybody with a holdout; the "
    "night learns from what comes of it."
)
NO_BETTER = gettext_noop(
    "Leaving people out has not been shown to beat sending to everybody: it would bring %(each)s per "
    "customer of the list (%(low)s to %(high)s, minor units)."
)
OTHER_COST = gettext_noop(
    "The live uplift model was judged when a message cost %(then)s; now it costs %(now)s (minor units). "
    "The night judges it anew."
)
UNREADABLE = gettext_noop("The file of the live uplift model cannot be read: %(problem)s")
COUPON_UNMEASURED = gettext_noop(
    "Nothing says yet with whom a coupon pays: no uplift model has proven itself. Hold a share out, so that "
    "this campaign measures it."
)


class TargetingError(SentenceError):
    """Why nobody can be left out; `sentence` is stored words."""


@dataclass(frozen=True)
class Targeting:
    """cost_minor: of one message. discount_minor: what the reductions of the featured SKUs give away
    per message, at the usual units per message. leaves_out: else it only says who goes first."""

    run: ModelRun
    model: Model
    line: Calibration
    history: OrderHistory
    at: datetime
    cost_minor: float
    discount_minor: float
    gain: Mapping[str, float] = field(default_factory=dict)
    leaves_out: bool = True

    def expected_minor(self, customer_ids: Sequence[int]) -> np.ndarray:
        """Profit that the message brings with each of them, less cost and discount; (n,)."""
        import numpy as np

        from marketing.ml.uplift_features import order_features

        features = order_features(
            np.array(customer_ids, dtype=np.int64),
            self.history.customer_ids,
            self.history.placed_at,
            self.history.amount_minor,
            as_of=self.at.timestamp(),
        )
        brought = self.line.offset + self.line.slope * self.model.predict(features)
        return brought - self.cost_minor - self.discount_minor

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run.pk,
            "model": self.run.model,
            "calibration": {"offset": self.line.offset, "slope": self.line.slope},
            "cost_minor": self.cost_minor,
            "discount_minor": round(self.discount_minor, 4),
            "gain_minor": dict(self.gain),
        }


def targeting_for(campaign: Campaign, at: datetime) -> Targeting | None:
    """What its list is drawn by. Raises TargetingError with what stands against it."""
    if campaign.only_where_it_pays:
        return targeting_of(campaign, at)
    of_coupon = coupon_targeting(campaign, at) if campaign.coupon_offer else None
    return of_coupon or ranking_of(campaign, at)


def targeting_of(campaign: Campaign, at: datetime) -> Targeting:
    """Raises TargetingError without a live model that beat sending to everybody, in money, with
    its whole interval."""
    run = live_run(TASK)
    if run is None:
        raise TargetingError(sentence(NO_MODEL))
    cost = cost_per_message_minor(campaign, at)
    gain = _proven_gain(run, cost)
    model, line = read_model(run)
    given = discount_per_message(campaign, at)
    return Targeting(run, model, line, order_history(at), at, cost, given, gain)


def coupon_targeting(campaign: Campaign, at: datetime) -> Targeting | None:
    """Who gets a coupon: whom the live model says it pays for, after what the coupon may take off.

    Without a model that has proven itself nobody is left out, and a random holdout measures it.
    Raises TargetingError where neither the model nor a holdout could tell.
    """
    try:
        return targeting_of(campaign, at)
    except TargetingError:
        if held_out_rate(campaign) > 0:
            return None
        raise TargetingError(sentence(COUPON_UNMEASURED)) from None


def targeting_of_offer(offer: CouponOffer, at: datetime) -> Targeting:
    """Whom a coupon of this offer pays for outside of any campaign, at the cost of an e-mail and the
    orders that thanks have brought. Raises TargetingError as above."""
    run = live_run(TASK)
    if run is None:
        raise TargetingError(sentence(NO_MODEL))
    cost = cost_minor(Channel.EMAIL)
    gain = _proven_gain(run, cost)
    model, line = read_model(run)
    given = offer.most_minor * orders_per_message(Goal.THANK, at)
    return Targeting(run, model, line, order_history(at), at, cost, given, gain)


def ranking_of(campaign: Campaign, at: datetime) -> Targeting | None:
    """Nobody is left out, but not everybody may be reached in time: whom the message moves most goes
    first. That order is what a live model has proven; None without one, or without a limit."""
    is_limited = campaign.per_minute or campaign.items.filter(variant__tracks_stock=True).exists()
    run = live_run(TASK) if is_limited else None
    if run is None:
        return None
    try:
        model, line = read_model(run)
    except TargetingError:
        return None  # it only orders: without it they go as they come
    cost, given = cost_per_message_minor(campaign, at), discount_per_message(campaign, at)
    return Targeting(run, model, line, order_history(at), at, cost, given, leaves_out=False)


def held_out_rate(campaign: Campaign) -> float:
    """A kept list with a holdout of its own brings it along: who gets nothing of one campaign for it
    gets nothing of the others."""
    source = campaign.frozen_audience
    return source.holdout_rate if source and source.holdout_rate else campaign.holdout_rate


def discount_per_message(campaign: Campaign, at: datetime) -> float:
    """Given away per message: each featured SKU's reduction × its units per message, and the most that
    a coupon takes off × the orders per message. Cautious: everybody who buys counts, also who
    would have bought at the old price, and every coupon is used to the full."""
    skus = list(campaign.items.values_list("variant_id", flat=True))
    found = reductions_of(skus, at)
    saved = sum(one.prior.amount_minor - one.price.amount_minor for one in found.values())
    given = saved * units_per_message(campaign.goal, at) if saved else 0.0
    if campaign.coupon_offer:
        given += campaign.coupon_offer.most_minor * orders_per_message(campaign.goal, at)
    return given


def _proven_gain(run: ModelRun, cost: int) -> Mapping[str, float]:
    """Of leaving people out at this cost of a message, over everybody. Raises TargetingError."""
    first: Mapping[str, float] = run.metrics.get("targeting_minor", {})
    if not first:
        raise TargetingError(sentence(NO_MODEL))
    judged = [first, *run.metrics.get("targeting_at", [])]
    gain = next((one for one in judged if one["cost"] == cost), None)
    if gain is None:
        raise TargetingError(sentence(OTHER_COST, then=first["cost"], now=cost))
    if gain["low"] <= 0:
        edges = {name: figure(gain[name], 1) for name in ("each", "low", "high")}
        raise TargetingError(sentence(NO_BETTER, **edges))
    return gain


def read_model(run: ModelRun) -> tuple[Model, Calibration]:
    """Raises TargetingError where its file cannot be read."""
    from marketing.ml.uplift import Model
    from marketing.ml.uplift_metrics import Band, Calibration

    try:
        model = Model.from_json(artefact_path(run).read_text(encoding="utf-8"))
    except (ArtefactError, OSError, ValueError) as error:
        raise TargetingError(sentence(UNREADABLE, problem=str(error))) from error
    kept = run.metrics["calibration"]
    bands = [Band(**one) for one in kept.get("bands", [])]
    return model, Calibration(**kept | {"bands": bands})
