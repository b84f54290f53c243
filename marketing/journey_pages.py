"""What the journey's page shows: its steps as a person reads them, with how many came past each."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from marketing.journey_plan import TRIGGERS, walk
from marketing.models import (
    Channel,
    Enrolment,
    EnrolmentState,
    Journey,
    JourneyVersion,
    LeaveReason,
    Segment,
    Send,
    SendState,
    SkipReason,
    StepVisit,
)

VERSIONS_SHOWN, PEOPLE_SHOWN = 10, 20
TRIGGER_WORDS = {
    "cart_left": gettext_lazy("A cart is left alone for {minutes} minutes"),
    "product_viewed": gettext_lazy(
        "A product is looked at {views} times and left for {minutes} minutes"
    ),
    "price_dropped": gettext_lazy(
        "A SKU that she looked at within {days} days is reduced by {percent} % or more"
    ),
    "back_in_stock": gettext_lazy("A SKU that she waits for can be sold to her"),
    "joined": gettext_lazy("She agrees to marketing for the first time"),
    "ordered": gettext_lazy("{days} days after an order"),
    "silent": gettext_lazy("No order for {days} days"),
    "refill_due": gettext_lazy("{days} days before what she buys again and again runs out"),
    "birthday": gettext_lazy("{days} days before her birthday"),
}
EXIT_WORDS = {
    "ordered": gettext_lazy("She leaves once she orders."),
    "ordered_it": gettext_lazy("She leaves once she orders what it is about."),
}
OUTCOMES = {
    "yes": gettext_lazy("yes"), "no": gettext_lazy("no"),
    **dict(SendState.choices), **dict(SkipReason.choices),
}  # fmt: skip


def journey_page(journey: Journey, version: JourneyVersion | None) -> dict[str, Any]:
    """Context of the page for one version, the live one where none is named."""
    shown = version or journey.live_version or journey.versions.first()
    definition = shown.definition if shown else {}
    return {
        "journey": journey,
        "version": shown,
        "versions": journey.versions.all()[:VERSIONS_SHOWN],
        "trigger": trigger_sentence(definition.get("trigger", {})),
        "exits": [EXIT_WORDS[one] for one in definition.get("exits", [])],
        "steps": step_rows(journey, definition),
        "counts": state_counts(journey),
        "reactions": reactions(journey),
        "text": json.dumps(definition, ensure_ascii=False, indent=2),
        "people": people(journey),
    }


def trigger_sentence(trigger: dict[str, Any]) -> str:
    name = trigger.get("on", "")
    if name not in TRIGGER_WORDS:
        return ""
    numbers = {key: trigger.get(key, default) for key, (_, _, default) in TRIGGERS[name].items()}
    return str(TRIGGER_WORDS[name]).format(**numbers)


def step_rows(journey: Journey, definition: dict[str, Any]) -> list[dict[str, Any]]:
    """Steps in reading order with their depth, sentence, texts and outcomes of all versions."""
    outcomes: dict[str, list[tuple[str, int]]] = defaultdict(list)
    visits = (
        StepVisit.objects.filter(enrolment__journey=journey)
        .order_by()
        .values_list("step", "outcome")
        .annotate(n=Count("pk"))
    )
    for step, outcome, count in visits.order_by("step", "-n"):
        outcomes[step].append((str(OUTCOMES.get(outcome, outcome)), count))
    return [
        {
            "depth": depth,
            "way": {"then": _("if so"), "otherwise": _("otherwise")}.get(way, ""),
            "id": step["id"],
            "kind": next(kind for kind in ("send", "wait", "when") if kind in step),
            "sentence": step_sentence(step),
            "texts": step.get("texts", {}),
            "visits": sum(count for _word, count in outcomes[step["id"]]),
            "outcomes": [pair for pair in outcomes[step["id"]] if pair[0]],
        }
        for depth, way, step in walk(definition.get("steps", []))
    ]


def step_sentence(step: dict[str, Any]) -> str:
    if "send" in step:
        return str(Channel(step["send"]).label)
    if "wait" in step:
        words = {
            "days": lambda n: ngettext("%(n)s day", "%(n)s days", n),
            "hours": lambda n: ngettext("%(n)s hour", "%(n)s hours", n),
            "minutes": lambda n: ngettext("%(n)s minute", "%(n)s minutes", n),
        }
        parts = [words[unit](n) % {"n": n} for unit, n in step["wait"].items() if n]
        return _("Wait %(time)s") % {"time": " ".join(parts)}
    [(word, value)] = step["when"].items()
    if word == "opened":
        return _("Did she open “%(step)s”?") % {"step": value}
    if word == "clicked":
        return _("Did she follow the link in “%(step)s”?") % {"step": value}
    if word == "in_segment":
        segment = Segment.objects.filter(code=value).first()
        return _("Is she in the segment “%(segment)s”?") % {"segment": segment or value}
    return _("Has she ordered?") if value else _("Has she not ordered?")


def state_counts(journey: Journey) -> list[tuple[str, int]]:
    """Enrolments by where they stand; who left, by why."""
    rows = journey.enrolments.order_by().values_list("state", "reason").annotate(n=Count("pk"))
    words = {**dict(EnrolmentState.choices), **dict(LeaveReason.choices)}
    return [
        (f"{words[state]}: {words[reason]}" if reason else str(words[state]), count)
        for state, reason, count in sorted(rows)
    ]


def reactions(journey: Journey) -> list[tuple[str, int]]:
    found = Send.objects.filter(enrolment__journey=journey, state=SendState.SENT).aggregate(
        sent=Count("pk"),
        opened=Count("opened_at"),
        clicked=Count("clicked_at"),
        unsubscribed=Count("unsubscribed_at"),
    )
    words = {
        "sent": _("sent"), "opened": _("opened"), "clicked": _("clicked"),
        "unsubscribed": _("unsubscribed"),
    }  # fmt: skip
    return [(words[name], count) for name, count in found.items()]


def people(journey: Journey) -> list[Enrolment]:
    newest = journey.enrolments.select_related("customer", "version").order_by("-pk")
    return list(newest[:PEOPLE_SHOWN])
