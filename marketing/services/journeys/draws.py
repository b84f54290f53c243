"""What is drawn for somebody who reaches a message: held out or not, which variant, with the discount
or without. All by hash of customer, journey and step, and written on the row of the message before
anything leaves: whatever dies afterwards, she gets that copy or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, F, Value, When

from decisions.services.experiments import in_share, weighted_arm
from marketing.definitions.journey_plan import Instruction
from marketing.definitions.journey_sends import PLAIN
from marketing.models import WITHHELD, Enrolment, SendState, SkipReason
from marketing.services.journeys.discounts import Discounts


@dataclass(frozen=True)
class Drawn:
    """copy: what she is in for, as its row would be called, also where she is held out of it.
    columns: of her row."""

    copy: str
    columns: dict[str, Any]


def drawn_for(enrolment: Enrolment, step: Instruction, discounts: Discounts) -> Drawn:
    """The same again while definition, model and her orders stay the same."""
    columns = discounts.columns(enrolment, step)
    arm = variant_of(enrolment, step)
    is_withheld = columns.get("discount") in WITHHELD
    held = held_out(enrolment, step)
    columns |= held
    if is_withheld and not step.data["gate"][PLAIN] and not held.get("state"):
        columns |= {"state": SendState.SKIPPED, "reason": SkipReason.NO_DISCOUNT}
    elif arm and not is_withheld and not held.get("state"):
        columns |= {"arm": arm, "arm_propensity": step.data["shares"][arm]}
    return Drawn(PLAIN if is_withheld else arm, columns)


def variant_of(enrolment: Enrolment, step: Instruction) -> str:
    """Apart from the hash of who is held out. Empty where there is a single text."""
    if not step.data["shares"]:
        return ""
    unit = f"journey:{enrolment.journey_id}:{step.step}:variant"
    return weighted_arm(unit, enrolment.customer.code, step.data["shares"])


def held_out(enrolment: Enrolment, step: Instruction) -> dict[str, Any]:
    """Whether the step holds her out. By customer, so that a second cart finds her on the same side;
    written down with the chance that she had. What she asked for herself is no experiment."""
    rate = step.data["holdout_rate"]
    if not rate or enrolment.context.get("wished"):
        return {}
    found: dict[str, Any] = {"propensity": round(1 - rate, 6)}
    unit = f"journey:{enrolment.journey_id}:{step.step}"
    if in_share(unit, enrolment.customer.code, rate):
        found |= {"state": SendState.SKIPPED, "reason": SkipReason.HELD_OUT}
    return found


def copy_named() -> Case:
    """`Send.copy_name` as a column of a query."""
    return Case(
        When(discount__in=sorted(WITHHELD), then=Value(PLAIN)),
        default=F("arm"),
        output_field=CharField(),
    )
