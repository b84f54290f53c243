"""The same figures for the parts of a campaign and a journey: per text, and per step.

Which text a customer gets follows from her language, which the draw of the holdout did not look
at: so within a text those written to and those held out compare like the whole. A step of a
journey that holds a share out has an effect of its own, among those who reached it; any other has
counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from decisions.services import experiments as statistics
from inventory.profit_frames import ArmSums, Members, arm_sums
from marketing.definitions.journey_plan import fallback_language, walk
from marketing.frames.effects import HOLDOUT, TREATED, Subject, step_subject
from marketing.models import Campaign, Channel, Journey, Send, SkipReason
from marketing.services.campaigns.copy_facts import chosen_copies
from marketing.services.effects.effect_building import Part
from marketing.services.effects.metrics import (
    BY_ADJUSTED,
    BY_COST,
    BY_DIFFERENCE,
    BY_NET,
    BY_SENDS,
    COUNT,
    LEVEL,
    MONEY,
    Metric,
)
from marketing.services.effects.send_costs import NO_COST, cost_columns, cost_of, cost_of_sends
from shop.models import Order, OrderState

# After a step's message orders count for so long, as for a campaign by default.
STEP_WINDOW = timedelta(days=14)
COUNTED = (
    "entered", "sent", "delivered", "opened", "clicked", "converted", "unsubscribed", "complained",
)  # fmt: skip
MOST_PARTS = 60  # a journey has 40 steps at most, over some versions
BY_FOLLOWED = gettext_noop("sends whose customer ordered within the window after it left")


def text_parts(campaign: Campaign, subject: Subject, *, is_over: bool) -> list[Part]:
    """One part per chosen text; none where there is only one, which the whole is about, nor of a campaign
    with variants, whose texts are told apart by those (`arm_effects`)."""
    if campaign.arms.exists():
        return []
    copies = {copy.language: copy.subject for copy in chosen_copies(campaign)}
    if len(copies) < 2:
        return []
    window = campaign.window
    counted = counts(subject.sends, "language", window)
    sums = arm_sums(_by_language(campaign.language, subject, copies), subject.window)
    found = []
    for language, words in copies.items():
        metrics = counted.get(language) or empty()
        arms = (sums.get(f"{TREATED}:{language}"), sums.get(f"{HOLDOUT}:{language}"))
        metrics |= _effect(arms, metrics["send_cost"].value or 0.0, is_over, len(copies))
        found.append(Part(language, words, metrics))
    return found


def step_parts(journey: Journey, subject: Subject, at: datetime) -> list[Part]:
    """One part per step that writes or has written, in the order of the live version."""
    counted = counts(subject.sends, "step", STEP_WINDOW)
    version = journey.live_version or journey.versions.first()
    steps = version.definition.get("steps", []) if version else []
    labels = {
        step["id"]: str(Channel(step["send"]).label)
        for _d, _w, step in walk(steps)
        if "send" in step
    }
    keys = [*labels, *sorted(set(counted) - {*labels})][:MOST_PARTS]
    caused = _step_effects(journey, keys, at)
    return [
        Part(key, labels.get(key, ""), (counted.get(key) or empty()) | caused.get(key, {}))
        for key in keys
    ]


def _step_effects(
    journey: Journey, steps: Sequence[str], at: datetime
) -> dict[str, dict[str, Metric]]:
    """Step → what it caused, of those that hold a share out; several are several chances."""
    held = Send.objects.filter(enrolment__journey=journey, reason=SkipReason.HELD_OUT)
    names = set(held.order_by().values_list("step", flat=True).distinct()) & {*steps}
    found: dict[str, dict[str, Metric]] = {}
    for name in sorted(names):
        if (subject := step_subject(journey, name, at)) is not None:
            sums = arm_sums(subject.members, subject.window)
            cost = cost_of_sends(subject.sends)
            arms = (sums.get(TREATED), sums.get(HOLDOUT))
            found[name] = _effect(arms, cost, False, len(names))
    return found


def step_text_parts(journey: Journey, subject: Subject, step: str) -> list[Part]:
    """One part per language of the step's text; none where there is one, which the whole is about."""
    version = journey.live_version or journey.versions.first()
    steps = walk(version.definition.get("steps", [])) if version else ()
    texts: dict[str, Any] = next(
        (one.get("texts", {}) for _d, _w, one in steps if one.get("id") == step), {}
    )
    if len(texts) < 2:
        return []
    own = fallback_language(texts)
    counted = counts(subject.sends, "language", STEP_WINDOW)
    sums = arm_sums(_by_language(own, subject, texts), subject.window)
    found = []
    for language, text in texts.items():
        metrics = counted.get(language) or empty()
        arms = (sums.get(f"{TREATED}:{language}"), sums.get(f"{HOLDOUT}:{language}"))
        metrics |= _effect(arms, metrics["send_cost"].value or 0.0, False, len(texts))
        found.append(Part(language, text.get("subject") or text["body"][:60], metrics))
    return found


def counts(sends: QuerySet[Send], by: str, window: timedelta) -> dict[str, dict[str, Metric]]:
    """Part → its counts, in one query."""
    ordered = Order.objects.filter(
        customer=OuterRef("customer"),
        placed_at__gte=OuterRef("sent_at"),
        placed_at__lt=OuterRef("sent_at") + window,
    ).exclude(state=OrderState.CANCELLED)
    left = Q(sent_at__isnull=False)
    rows = (
        sends.annotate(part=F(by), followed=Exists(ordered))
        .order_by()
        .values("part")
        .annotate(
            entered=Count("pk"),
            sent=Count("pk", filter=left),
            **cost_columns(),
            delivered=Count("delivered_at"),
            opened=Count("opened_at"),
            clicked=Count("clicked_at"),
            converted=Count("pk", filter=left & Q(followed=True)),
            unsubscribed=Count("unsubscribed_at"),
            complained=Count("complained_at"),
        )
    )
    return {row["part"]: _metrics(row) for row in rows if row["part"]}


def _metrics(row: Mapping[str, Any]) -> dict[str, Metric]:
    found = {
        name: Metric(name, row[name], COUNT, BY_FOLLOWED if name == "converted" else BY_SENDS)
        for name in COUNTED
    }
    return found | {"send_cost": Metric("send_cost", cost_of(row), MONEY, BY_COST)}


def empty() -> dict[str, Metric]:
    return _metrics(dict.fromkeys(COUNTED, 0) | NO_COST)


def _by_language(fallback: str, subject: Subject, languages: Iterable[str]) -> Members:
    """The subject's members, each arm split by the text that she gets; fallback: of whoever reads none
    of the languages."""
    own = sorted(languages)
    marks = ", ".join(["%s"] * len(own))
    since = "" if subject.members.since else ", drawn.since"
    sql = (
        "SELECT drawn.customer_id, drawn.arm || ':' || CASE WHEN who.language IN "
        f"({marks}) THEN who.language ELSE %s END AS arm{since} FROM ({subject.members.sql}) drawn "
        "JOIN shop_customer who ON who.id = drawn.customer_id"
    )
    params = [*own, fallback, *subject.members.params]
    return Members(sql, params, subject.members.since)


def _effect(
    arms: tuple[ArmSums | None, ArmSums | None], cost: float, is_over: bool, parts: int
) -> dict[str, Metric]:
    """Differences against the part's own holdout; nothing where either group is too small."""
    treated, holdout = arms
    pairs = [] if treated is None or holdout is None else [(treated, holdout, 1.0)]
    return effect_metrics(pairs, cost, is_over, parts)


def effect_metrics(
    pairs: Sequence[tuple[ArmSums, ArmSums, float]], cost: float, is_over: bool, parts: int
) -> dict[str, Metric]:
    """Of strata (written to, held out, size of what it stands for): differences against the holdout.
    Strata in which either group is too small are left out.

    Several parts are several chances to be fooled: the level is corrected (Bonferroni).
    """
    pairs = [
        one for one in pairs if min(one[0].customers, one[1].customers) >= statistics.MIN_UNITS
    ]
    if not pairs:
        return {}
    size = sum(treated.customers for treated, _holdout, _size in pairs)
    level = statistics.corrected_level(LEVEL, parts)

    def metric(
        name: str, effect: statistics.Effect, unit: str, source: str, less: float = 0.0
    ) -> Metric:
        reading = statistics.read(effect, level=level)
        edge = reading.once if is_over else reading.always
        edges = (size * edge.low - less, size * edge.high - less) if edge else (None, None)
        return Metric(name, size * effect.difference - less, unit, source, *edges)

    ordered = pooled(pairs, lambda one: one.ordered)
    revenue = pooled(pairs, lambda one: one.money(is_revenue=True))
    found = [
        metric("incremental_orders", ordered, COUNT, BY_DIFFERENCE),
        metric("incremental_revenue", revenue, MONEY, BY_ADJUSTED),
    ]
    if not any(one.unknown_cost_units for pair in pairs for one in pair[:2]):
        profit = pooled(pairs, lambda one: one.money(is_revenue=False))
        found.append(metric("incremental_profit", profit, MONEY, BY_ADJUSTED))
        found.append(metric("net_profit", profit, MONEY, BY_NET, cost))
    return {one.id: one for one in found}


def pooled(
    pairs: Sequence[tuple[ArmSums, ArmSums, float]], of: Callable[[ArmSums], statistics.Moments]
) -> statistics.Effect:
    """Per customer, what was before taken out where it is known; strata by the size they stand for."""
    each = [
        statistics.adjusted_effect(of(treated), of(other))[0] for treated, other, _size in pairs
    ]
    return statistics.pooled_effect(each, [size for _treated, _other, size in pairs])
