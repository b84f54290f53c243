"""What came of a journey's variants and of its discounts, step by step: as the effect report has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from decisions.text import render
from marketing.definitions.journey_plan import walk
from marketing.models import Journey, Send
from marketing.pages import effect_tables as tables
from marketing.pages import effects as shown
from marketing.services.audiences.targeting import TargetingError
from marketing.services.effects.effect_snapshots import effect_report
from marketing.services.journeys.discounts import live_judge

MOST_STEPS = 6  # of one page, in reading order; the others have a report of their own


def step_outcomes(journey: Journey, definition: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Step → verdicts, a table per variant and per word of the discount's decision; of those with
    either whose first message has been written down."""
    wanted = [
        step["id"]
        for _depth, _way, step in walk(definition.get("steps", []))
        if "variants" in step or "where_it_pays" in step
    ]
    if not wanted:
        return {}
    begun = Send.objects.filter(enrolment__journey=journey, step__in=wanted).order_by()
    names = set(begun.values_list("step", flat=True).distinct())
    return {
        step: _outcome(journey, step)
        for step in [name for name in wanted if name in names][:MOST_STEPS]
    }


def why_no_model(definition: Mapping[str, Any]) -> str:
    """Where a discount asks the uplift model and there is none: why, in words. Else empty."""
    steps = walk(definition.get("steps", []))
    if not any("where_it_pays" in step for _depth, _way, step in steps):
        return ""
    try:
        live_judge()
    except TargetingError as error:
        return render(error.sentence)
    return ""


def _outcome(journey: Journey, step: str) -> dict[str, Any]:
    report = effect_report(journey, step=step)
    effects = report.effects
    if effects is None:
        return {}
    page = reverse("admin:marketing_journey_effects", args=[journey.pk]) + f"?step={step}"
    ratio = tables.broken_ratio(effects)
    return {
        "as_of": report.as_of if report.is_stored else None,
        "broken": shown.sentence_html(ratio, effects.metrics, at=page) if ratio else "",
        "against": [shown.against_html(one, effects.metrics, page) for one in effects.against],
        "arm_table": tables.arm_table(effects, is_step=True),
        "ratio": shown.rows_of(("variant_ratio_p",), effects.metrics),
        "discounts": tables.discount_table(effects.discounts) if effects.discounts else None,
    }
