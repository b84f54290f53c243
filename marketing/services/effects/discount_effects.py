"""A discount that is given only where it pays: what it brought with whom the model says so, and with
those who got it at random although the model says not, so that the model itself is judged."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_noop

from decisions.services import experiments as statistics
from marketing.frames import step_arms as frames
from marketing.frames.copy_arms import Wave
from marketing.models import Discount, Journey, Send
from marketing.services.effects.arm_effects import TOO_EARLY, TOO_FEW, against
from marketing.services.effects.effect_building import Against, Building, Part
from marketing.services.effects.effect_parts import STEP_WINDOW, counts, effect_metrics
from marketing.services.effects.metrics import LEVEL

MODEL_IS_WRONG = gettext_noop(
    "Where the model says that the discount does not pay, giving it brought more than withholding it: "
    "%(difference)s per customer. The model leaves money behind here."
)
MODEL_IS_RIGHT = gettext_noop(
    "Where the model says that the discount does not pay, giving it brought less than withholding it: "
    "%(difference)s per customer. Withholding it was right."
)
CANNOT_TELL = gettext_noop(
    "Cannot tell whether withholding the discount was right: giving it made a difference of %(difference)s per "
    "customer. So many customers would show one of ±%(smallest)s."
)
EARLY = gettext_noop(
    "Too early to tell whether withholding the discount was right: an interval that holds at every look "
    "needs 100 customers on each side and some who ordered."
)
FEW = gettext_noop(
    "Too few customers to tell whether withholding the discount was right: 10 on each side are the least."
)
SAID = {
    statistics.WIN: MODEL_IS_WRONG,
    statistics.LOSE: MODEL_IS_RIGHT,
    statistics.CANNOT_TELL: CANNOT_TELL,
    TOO_EARLY: EARLY,
    TOO_FEW: FEW,
}
# Whom each is held against: like people who did not get it.
BESIDE = {Discount.PAYS: frames.PAYS_HELD_OUT, Discount.EXPLORED: frames.NOT_GIVEN}


def add_discount(
    found: Building, journey: Journey, step: str, until: datetime
) -> tuple[list[Part], list[Against]]:
    """One part per word of the decision, and what exploring says of the model. Nothing of a step that
    gives its discount to everybody or has none."""
    sends = Send.objects.filter(enrolment__journey=journey, step=step, claimed_at__lt=until)
    counted = counts(sends.exclude(discount=""), "discount", STEP_WINDOW)
    if not counted:
        return [], []
    sums = frames.judged_sums(journey, step, until)
    parts = []
    for word in Discount.values:
        if word not in counted:
            continue
        metrics = counted[word]
        treated, other = sums.get(word), sums.get(BESIDE.get(Discount(word), ""))
        if treated and other:
            cost = metrics["send_cost"].value or 0.0
            metrics |= effect_metrics([(treated, other, 1.0)], cost, found.is_over, len(BESIDE))
        parts.append(Part(word, "", metrics))
    if not sums:
        return parts, []
    names = (Discount.EXPLORED.value, frames.NOT_GIVEN)
    return parts, [against(found, [Wave(1, {}, sums)], names, LEVEL, SAID)]
