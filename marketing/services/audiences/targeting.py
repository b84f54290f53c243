"""Write only where it pays: the live uplift model scores the audience, in expected profit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext_noop

from access.figures import figure, significant
from decisions.models import ModelRun
from decisions.services.artefacts import ArtefactError, artefact_path
from decisions.services.model_runs import live_run
from decisions.text import SentenceError, sentence
from inventory.services.costs import unit_costs_minor
from marketing.frames.orders import OrderHistory, order_history
from marketing.models import Campaign
from marketing.services.campaigns.units_per_message import units_per_message
from shop.services.prices import prices_at
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
BELOW_FLOOR = gettext_noop(
    "%(sku)s sells at %(price)s and costs %(cost)s (minor units): that leaves less than the least margin "
    "of %(floor)s %%. Raise the price, or take it out of the campaign."
)
COUPON_UNMEASURED = gettext_noop(
    "Nothing says yet with whom a coupon pays: no uplift model has proven itself. Hold a share out, so that "
    "this campaign measures it."
)


class TargetingError(SentenceError):
    """Why nobody can be left out; `sentence` is stored words."""


@dataclass(frozen=True)
class Targeting:
    """cost_minor: of one message. discount_minor: what the reductions of the featured SKUs give away
    per message, at the usual units per message."""

    run: ModelRun
    model: Model
    line: Calibration
    history: OrderHistory
    at: datetime
    cost_minor: float
    discount_minor: float

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
            "gain_minor": self.run.metrics["targeting_minor"],
        }


def targeting_of(campaign: Campaign, at: datetime) -> Targeting:
    """Raises TargetingError without a live model that beat sending to everybody, in money, with
    its whole interval."""
    run = live_run(TASK)
    if run is None:
        raise TargetingError(sentence(NO_MODEL))
    cost = settings.MARKETING_SEND_COST_MINOR
    _check_gain(run, cost)
    model, line = _read(run)
    return Targeting(
        run, model, line, order_history(at), at, cost, discount_per_message(campaign, at)
    )


def coupon_targeting(campaign: Campaign, at: datetime) -> Targeting | None:
    """Who gets a coupon: whom the live model says it pays for, after what the coupon may take off.

    Without a model that has proven itself nobody is left out, and a random holdout measures it.
    Raises TargetingError where neither the model nor a holdout could tell.
    """
    try:
        return targeting_of(campaign, at)
    except TargetingError:
        if campaign.holdout_rate > 0:
            return None
        raise TargetingError(sentence(COUPON_UNMEASURED)) from None


def refuse_below_floor(campaign: Campaign, at: datetime) -> None:
    """Raises TargetingError where a featured SKU on reduction leaves less than the margin floor.

    A clearance sale has a floor of its own, which stands on its receipt. A SKU without a cost
    cannot be judged and is not.
    """
    if (campaign.key or "").startswith("clearance:"):
        return
    skus = dict(campaign.items.values_list("variant_id", "variant__sku"))
    costs, prices = unit_costs_minor(skus), prices_at(list(skus), at)
    for pk in reductions_of(skus, at):
        if pk not in costs or pk not in prices:
            continue
        price, floor = prices[pk].amount_minor, settings.MARKETING_MARGIN_FLOOR_RATE
        if price - costs[pk] < floor * price:
            raise TargetingError(
                sentence(
                    BELOW_FLOOR,
                    sku=skus[pk],
                    price=price,
                    cost=costs[pk],
                    floor=significant(100 * floor),
                )
            )


def discount_per_message(campaign: Campaign, at: datetime) -> float:
    """Given away per message: each featured SKU's reduction, and the most that a coupon takes off,
    × the units per message. Cautious: everybody who buys counts, also who would have bought at the
    old price, and every coupon is used to the full."""
    skus = list(campaign.items.values_list("variant_id", flat=True))
    found = reductions_of(skus, at)
    saved = sum(one.prior.amount_minor - one.price.amount_minor for one in found.values())
    if campaign.coupon_offer:
        saved += campaign.coupon_offer.most_minor
    return saved * units_per_message(campaign.goal, at) if saved else 0.0


def _check_gain(run: ModelRun, cost: int) -> None:
    gain: Mapping[str, float] = run.metrics.get("targeting_minor", {})
    if not gain:
        raise TargetingError(sentence(NO_MODEL))
    if gain["cost"] != cost:
        raise TargetingError(sentence(OTHER_COST, then=gain["cost"], now=cost))
    if gain["low"] <= 0:
        edges = {name: figure(gain[name], 1) for name in ("each", "low", "high")}
        raise TargetingError(sentence(NO_BETTER, **edges))


def _read(run: ModelRun) -> tuple[Model, Calibration]:
    from marketing.ml.uplift import Model
    from marketing.ml.uplift_metrics import Calibration

    try:
        model = Model.from_json(artefact_path(run).read_text(encoding="utf-8"))
    except (ArtefactError, OSError, ValueError) as error:
        raise TargetingError(sentence(UNREADABLE, problem=str(error))) from error
    return model, Calibration(**run.metrics["calibration"] | {"bands": []})
