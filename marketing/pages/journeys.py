"""What the journey's page shows: its steps as a person reads them, with how many came past each."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from access.figures import significant
from marketing.definitions.journey_plan import KINDS, TRIGGERS, walk
from marketing.models import (
    Channel,
    Enrolment,
    EnrolmentState,
    Journey,
    JourneyVersion,
    LeaveReason,
    Market,
    Segment,
    Send,
    SendState,
    SkipReason,
    StepVisit,
)
from marketing.pages.journey_copies import copies_of, gate_sentences
from marketing.pages.journey_outcomes import step_outcomes, why_no_model
from marketing.pages.journey_texts import cards_of, program_of, pulled_cards

VERSIONS_SHOWN, PEOPLE_SHOWN, FAULTS_SHOWN = 10, 20, 20
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
    "delivered": gettext_lazy("{days} days after an order was delivered"),
    "review_due": gettext_lazy(
        "{days} days after an order was delivered, while it can be reviewed"
    ),
    "tier_entered": gettext_lazy("She rises into a tier"),
    "tier_left": gettext_lazy("She falls out of a tier"),
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
    written = shown.definition if shown else {}
    definition = written if shown is None or program_of(shown) else {}
    cards, outcomes = cards_of(definition), step_outcomes(journey, definition)
    return {
        "journey": journey,
        "version": shown,
        "versions": journey.versions.all()[:VERSIONS_SHOWN],
        "trigger": trigger_sentence(definition.get("trigger", {})),
        "exits": [EXIT_WORDS[one] for one in definition.get("exits", [])],
        "market": market_sentence(definition),
        "steps": [
            {**row, "cards": cards.get(row["id"], []), "outcome": outcomes.get(row["id"])}
            for row in step_rows(journey, definition)
        ],
        "no_model": why_no_model(definition),
        "pulled": pulled_cards(journey),
        "faults": faults(journey),
        "counts": state_counts(journey),
        "reactions": reactions(journey),
        "text": json.dumps(written, ensure_ascii=False, indent=2),
        "people": people(journey),
    }


def trigger_choices() -> list[tuple[str, str]]:
    """To choose from, with a gap where a number of its own will stand."""
    return [
        (name, re.sub(r"\{\w+\}", "…", str(TRIGGER_WORDS.get(name, name)))) for name in TRIGGERS
    ]


def market_sentence(definition: dict[str, Any]) -> str:
    """Whose rules its texts are held to; what is no market as it was typed."""
    market = definition.get("market", "")
    if not market:
        return _("Its texts are held to the rules of every market in which the shop sells.")
    name = Market(market).label if market in Market.values else market
    return _("Market: %(market)s. Its texts are held to the rules there.") % {"market": name}


def trigger_sentence(trigger: dict[str, Any]) -> str:
    name = trigger.get("on", "")
    if name not in TRIGGER_WORDS:
        return ""
    numbers = {key: trigger.get(key, default) for key, (_, _, default) in TRIGGERS[name].items()}
    return str(TRIGGER_WORDS[name]).format(**numbers)


def step_rows(journey: Journey, definition: dict[str, Any]) -> list[dict[str, Any]]:
    """Steps in reading order with their depth, sentence, texts and outcomes of all versions."""
    flow = step_counts(journey)
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
            "kind": next(kind for kind in KINDS if kind in step),
            "flow": flow.get(step["id"], {}),
            "sentence": step_sentence(step),
            "copies": copies_of(step),
            "gate": gate_sentences(step),
            "held_out": significant(100 * step["holdout_rate"]) if step.get("holdout_rate") else "",
            "coupon": step.get("coupon", ""),
            "visits": sum(count for _word, count in outcomes[step["id"]]),
            "outcomes": [pair for pair in outcomes[step["id"]] if pair[0]],
        }
        for depth, way, step in walk(definition.get("steps", []))
    ]


def step_counts(journey: Journey) -> dict[str, dict[str, Any]]:
    """Step → entered, waiting, sent, skipped (with reasons), left (with reasons); all versions.

    Somebody waits at the step that holds her: a wait that is not over, a message that has not left.
    Who left early is counted where she stood.
    """
    found: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"entered": 0, "waiting": 0, "sent": 0, "skipped": {}, "left": {}}
    )
    rows = StepVisit.objects.filter(enrolment__journey=journey).order_by().values_list("step")
    for step, count in rows.annotate(n=Count("pk")):
        found[step]["entered"] = count
    sends = Send.objects.filter(enrolment__journey=journey).order_by()
    for step, state, reason, count in sends.values_list("step", "state", "reason").annotate(
        n=Count("pk")
    ):
        one = found[step]
        if state in (SendState.CLAIMED, SendState.SENDING):
            one["waiting"] += count
            one["entered"] += count  # a message is a visit once it has left or been skipped
        elif state == SendState.SENT:
            one["sent"] += count
        else:
            word = str(OUTCOMES.get(reason or state, reason or state))
            one["skipped"][word] = one["skipped"].get(word, 0) + count
    _add_standing(journey, found)
    return found


def _add_standing(journey: Journey, found: dict[str, dict[str, Any]]) -> None:
    """Where those stand who are under way or left early: a position of her own version."""
    pending = Send.objects.filter(
        enrolment=OuterRef("pk"), state__in=(SendState.CLAIMED, SendState.SENDING)
    )
    standing = (
        journey.enrolments.filter(state__in=(EnrolmentState.UNDER_WAY, EnrolmentState.LEFT))
        .annotate(has_message=Exists(pending))
        .order_by()
        .values_list("version", "position", "state", "reason", "has_message")
        .annotate(n=Count("pk"))
    )
    programs: dict[int, Any] = {}
    for version, position, state, reason, has_message, count in standing:
        if version not in programs:
            programs[version] = program_of(JourneyVersion.objects.get(pk=version))
        program = programs[version]
        held = program[position - 1] if 0 < position <= len(program) else None
        at = held if held is not None and held.kind == "wait" and not has_message else None
        if at is None and position < len(program):
            at = program[position]
        if at is None:
            continue
        if state == EnrolmentState.LEFT:
            left = found[at.step]["left"]
            word = str(LeaveReason(reason).label) if reason else ""
            left[word] = left.get(word, 0) + count
        elif at.kind == "wait":
            found[at.step]["waiting"] += count


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
    if "end" in step:
        return _("The journey ends here.")
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
        scanned=Count("scanned_at"),
    )
    words = {
        "sent": _("sent"), "opened": _("opened"), "clicked": _("clicked"),
        "unsubscribed": _("unsubscribed"), "scanned": _("looked through by a program"),
    }  # fmt: skip
    return [(words[name], count) for name, count in found.items()]


def faults(journey: Journey) -> dict[str, Any]:
    """What broke and has not gone well since: of the whole journey first, then of single customers,
    the newest first."""
    rows = journey.faults.select_related("enrolment__customer")
    of_one = Case(When(enrolment=None, then=0), default=1)
    shown = rows.order_by(of_one, "-last_at", "-pk")[:FAULTS_SHOWN]
    return {"count": journey.faults.count(), "rows": list(shown)}


def people(journey: Journey) -> list[Enrolment]:
    newest = journey.enrolments.select_related("customer", "version").order_by("-pk")
    return list(newest[:PEOPLE_SHOWN])
