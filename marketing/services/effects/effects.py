"""What a campaign or journey caused, against its holdout, and what that cost.

Every figure is a metric with an id, a unit, a source and, where it is an estimate, an interval. The
summary's sentences hold ids, not numbers: whoever reads a number can follow it to its metric.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.services import experiments as statistics
from inventory.profit_frames import ArmSums, line_revenue
from inventory.services.substitutes import substitutes_of
from marketing.frames import effects as frames
from marketing.frames.effects import HOLDOUT, TREATED, Subject
from marketing.models import AudienceMember, Campaign, Journey
from marketing.services.effects.arm_effects import add_arms, campaign_contest, step_contest
from marketing.services.effects.discount_effects import add_discount
from marketing.services.effects.effect_building import Building, Effects
from marketing.services.effects.effect_parts import step_parts, step_text_parts, text_parts
from marketing.services.effects.effect_views import add_baskets, add_belief, add_limit
from marketing.services.effects.guardrails import add_guardrail
from marketing.services.effects.metrics import (
    BY_ADJUSTED,
    BY_COST,
    BY_DIFFERENCE,
    BY_DISCOUNTS,
    BY_LATER,
    BY_LEDGER,
    BY_LINES,
    BY_NET,
    BY_ORDERS,
    BY_POWER,
    BY_PROFIT,
    BY_SENDS,
    BY_UNKNOWN,
    BY_VARIANCE,
    COUNT,
    DAYS,
    LEVEL,
    MONEY,
    RATE,
)
from marketing.services.effects.send_costs import cost_of_sends
from shop.models import OrderLine

FEATURED, SUBSTITUTES, OTHER = "featured", "substitutes", "other"

PAID = gettext_noop(
    "It paid: %(net_profit)s after the cost of sending, against what the holdout bought without it."
)
HARMED = gettext_noop(
    "It cost more than it brought: %(net_profit)s after the cost of sending, against the holdout."
)
CANNOT_TELL = gettext_noop(
    "Cannot tell whether it paid: %(net_profit)s after the cost of sending. So many customers would "
    "show ±%(smallest_profit)s per customer."
)
NO_HOLDOUT = gettext_noop(
    "Nobody was held out, so what these orders owe to the messages is unknown."
)
TOO_FEW = gettext_noop(
    "Too few customers in one of the groups: %(customers_treated)s written to, %(customers_holdout)s held "
    "out; 10 in each are the least."
)
COSTS_UNKNOWN = gettext_noop(
    "Profit is unknown: %(unknown_cost_units)s units were sold whose cost nobody has entered. Revenue "
    "takes its place."
)
NOT_OVER = gettext_noop(
    "It is not over: these figures hold so far, and their intervals at every look."
)
ORDERS = gettext_noop(
    "%(incremental_buyers)s customers ordered who would not have (%(rate_treated)s against "
    "%(rate_holdout)s), %(incremental_orders)s orders in all."
)
SOLD_OUT = gettext_noop(
    "A promoted product ran out after %(days_until_sold_out)s days; the figures count until then. Those who "
    "were written to emptied the shelf for the holdout: to compare beyond that, switch the campaign on "
    "and off by weeks."
)
FEATURED_GREW = gettext_noop(
    "The promoted products brought %(incremental_featured)s, all others %(incremental_others)s."
)
CANNIBALISED = gettext_noop(
    "Their substitutes lost sales: %(incremental_substitutes)s would have been bought anyway."
)
PULLED = gettext_noop(
    "In as many days afterwards the same customers brought %(incremental_afterwards)s; a minus was only pulled forward."
)


def campaign_effects(campaign: Campaign, at: datetime | None = None) -> Effects | None:
    """None before it began."""
    at = at or timezone.now()
    subject = frames.campaign_subject(campaign, at)
    if subject is None:
        return None
    subject, days = _until_sold_out(subject, campaign)
    found = _effects(subject, at)
    if HOLDOUT in found.arms:
        _add_lines(found, campaign)
        if days is None:
            _add_afterwards(found, at)
    if days is not None:
        found.add("days_until_sold_out", days, DAYS, BY_LEDGER)
        found.sentences.insert(1, SOLD_OUT)
    _add_discounts(found, campaign)
    parts = text_parts(campaign, subject, is_over=found.is_over)
    arms, against = add_arms(found, campaign_contest(campaign, subject.window.until, subject.sends))
    return replace(found.done(), parts=parts, arms=arms, against=against)


def journey_effects(
    journey: Journey, at: datetime | None = None, *, step: str = ""
) -> Effects | None:
    """None before anybody entered. Of a step: among those who reached it, against those whom it
    held out; None before anybody did."""
    at = at or timezone.now()
    if step:
        subject = frames.step_subject(journey, step, at)
    else:
        subject = frames.journey_subject(journey, at)
    if subject is None:
        return None
    found = _effects(subject, at)
    if not step:
        return replace(found.done(), parts=step_parts(journey, subject, at))
    arms, against = add_arms(found, step_contest(journey, step, at))
    discounts, judged = add_discount(found, journey, step, at)
    return replace(
        found.done(),
        parts=step_text_parts(journey, subject, step),
        arms=arms,
        against=[*against, *judged],
        discounts=discounts,
    )


def attribution(since: datetime, until: datetime) -> tuple[dict[str, dict[str, float]], bool]:
    """Model → touch → minor units, and whether touches had to be left out. Shares out orders that
    may have come anyway: secondary to the effect against the holdout."""
    from marketing.ml.attribution import last_touch, linear, markov

    touches = frames.touch_paths(since, until)
    models = {"last_touch": last_touch, "linear": linear, "data_driven": markov}
    return {name: model(touches.paths) for name, model in models.items()}, touches.is_cut


def _effects(subject: Subject, at: datetime) -> Building:
    from inventory.profit_frames import arm_sums

    arms = arm_sums(subject.members, subject.window)
    fixed_end = subject.members.since is not None
    found = Building(subject, arms, fixed_end and at >= subject.ends_at, at)
    _add_messages(found)
    _add_arms(found)
    treated, holdout = arms.get(TREATED), arms.get(HOLDOUT)
    if holdout is None or treated is None:
        found.sentences.append(NO_HOLDOUT)
    elif min(treated.customers, holdout.customers) < statistics.MIN_UNITS:
        found.sentences.append(TOO_FEW)
    else:
        _add_effect(found, treated, holdout)
    add_guardrail(found)
    if fixed_end and not found.is_over:
        found.sentences.append(NOT_OVER)
    return found


def _add_messages(found: Building) -> None:
    counts = frames.send_funnel(found.subject.sends)
    for name, value in counts.items():
        found.add(name, value, COUNT, BY_SENDS)
    found.add("send_cost", cost_of_sends(found.subject.sends), MONEY, BY_COST)


def _add_arms(found: Building) -> None:
    for arm, sums in found.arms.items():
        source = BY_ORDERS
        found.add(f"customers_{arm}", sums.customers, COUNT, source)
        found.add(f"buyers_{arm}", sums.buyers, COUNT, source)
        found.add(f"orders_{arm}", round(sums.ordered.y * sums.customers), COUNT, source)
        found.add(f"rate_{arm}", sums.buyers / sums.customers, RATE, source)
        found.add(f"revenue_{arm}", sums.revenue.y * sums.customers, MONEY, source)
        profit = None if sums.unknown_cost_units else sums.profit.y * sums.customers
        found.add(f"profit_{arm}", profit, MONEY, BY_PROFIT)
    unknown = sum(sums.unknown_cost_units for sums in found.arms.values())
    found.add("unknown_cost_units", unknown, COUNT, BY_UNKNOWN)


def _add_effect(found: Building, treated: ArmSums, holdout: ArmSums) -> None:
    source = BY_DIFFERENCE
    adjusted = BY_ADJUSTED
    bought = statistics.mean_effect(treated.bought, holdout.bought)
    found.estimate("incremental_buyers", bought, COUNT, source)
    ordered = statistics.mean_effect(treated.ordered, holdout.ordered)
    found.estimate("incremental_orders", ordered, COUNT, source)
    revenue, _saved = statistics.adjusted_effect(
        treated.money(is_revenue=True), holdout.money(is_revenue=True)
    )
    found.estimate("incremental_revenue", revenue, MONEY, adjusted)
    money, profit_is_known = revenue, not found.metrics["unknown_cost_units"].value
    if profit_is_known:
        money, saved = statistics.adjusted_effect(
            treated.money(is_revenue=False), holdout.money(is_revenue=False)
        )
        found.estimate("incremental_profit", money, MONEY, adjusted)
        found.add("variance_saved", saved, RATE, BY_VARIANCE)
    else:
        found.add("incremental_profit", None, MONEY, adjusted)
        found.sentences.append(COSTS_UNKNOWN)
    cost = found.metrics["send_cost"].value or 0.0
    interval = found.interval(money)
    size = treated.customers
    net = (
        statistics.Interval(size * interval.low - cost, size * interval.high - cost)
        if interval
        else None
    )
    found.add("net_profit", size * money.difference - cost, MONEY, BY_NET, net)
    reading = statistics.read(money, level=LEVEL)
    smallest = reading.smallest if found.is_over else reading.smallest_always
    found.add("smallest_profit", smallest, MONEY, BY_POWER)
    add_limit(found, is_revenue=not profit_is_known)
    add_belief(found, money, size, cost)
    add_baskets(found, treated, holdout)
    found.verdict = _verdict(net)
    msgid = {statistics.WIN: PAID, statistics.LOSE: HARMED}.get(found.verdict, CANNOT_TELL)
    found.sentences = [msgid, *found.sentences, ORDERS]


def _until_sold_out(subject: Subject, campaign: Campaign) -> tuple[Subject, float | None]:
    """Orders count until a promoted SKU ran out: afterwards those who were written to had emptied
    the shelf for the holdout, and the difference is no effect of the message any more."""
    since = campaign.started_at
    if since is None:
        return subject, None
    featured = frames.featured_skus(campaign)
    out_at = frames.sold_out_at(featured, since, subject.window.until)
    if out_at is None:
        return subject, None
    days = (out_at - since).total_seconds() / 86_400
    return replace(subject, window=replace(subject.window, until=out_at)), days


def _verdict(interval: statistics.Interval | None) -> str:
    if interval is None:
        return statistics.CANNOT_TELL
    if interval.low > 0:
        return statistics.WIN
    return statistics.LOSE if interval.high < 0 else statistics.CANNOT_TELL


def _add_discounts(found: Building, campaign: Campaign) -> None:
    """What was given away on orders of those written to, within the window."""
    members = AudienceMember.objects.filter(
        audience=campaign.audience_id, is_holdout=False, is_left_out=False
    )
    given = OrderLine.objects.sold().filter(
        order__customer__in=members.values("customer"),
        order__placed_at__gte=campaign.started_at,
        order__placed_at__lt=found.subject.window.until,
    )
    total = given.aggregate(minor=Sum("discount_minor", default=0))["minor"]
    found.add("discounts_treated", total, MONEY, BY_DISCOUNTS)


def _add_lines(found: Building, campaign: Campaign) -> None:
    """Where the money came from and went: promoted SKUs, what they replace, everything else."""
    if "net_profit" not in found.metrics or not (featured := frames.featured_skus(campaign)):
        return
    near = substitutes_of(featured)
    others = {one.variant_id for found_ in near.values() for one in found_} - {*featured}
    groups: dict[str, Collection[int]] = {FEATURED: featured, SUBSTITUTES: sorted(others)}
    lines = line_revenue(found.subject.members, found.subject.window, groups)
    effects = _line_effects(lines, groups)
    source = BY_LINES
    found.estimate("incremental_featured", effects[FEATURED], MONEY, source)
    found.estimate("incremental_others", effects[OTHER], MONEY, source)
    found.sentences.append(FEATURED_GREW)
    if others:
        found.estimate("incremental_substitutes", effects[SUBSTITUTES], MONEY, source)
        value = found.metrics["incremental_substitutes"]
        if value.high is not None and value.high < 0:
            found.sentences.append(CANNIBALISED)


def _line_effects(
    lines: Mapping[tuple[str, str], statistics.Moments], groups: Mapping[str, object]
) -> dict[str, statistics.Effect]:
    return {
        group: statistics.mean_effect(lines[TREATED, group], lines[HOLDOUT, group])
        for group in (*groups, OTHER)
    }


def _add_afterwards(found: Building, at: datetime) -> None:
    """Orders that were only pulled forward are missing in the days after the window."""
    later = frames.afterwards(found.subject, at)
    if later is None or "net_profit" not in found.metrics:
        return
    effect, _saved = statistics.adjusted_effect(
        later[TREATED].money(is_revenue=True), later[HOLDOUT].money(is_revenue=True)
    )
    found.estimate("incremental_afterwards", effect, MONEY, BY_LATER)
    found.sentences.append(PULLED)
