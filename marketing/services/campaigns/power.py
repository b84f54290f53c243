"""Before a campaign begins: the smallest effect that its list and holdout would show, and how large a
holdout should be. From the shop's own past: what such customers bring, and how much it spreads."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Value

from decisions.services import experiments as statistics
from decisions.services import snapshots
from inventory.profit_frames import ArmSums, Members, Window, arm_sums
from marketing.definitions.readers import meant_by, rule_of
from marketing.definitions.rules import reachable
from marketing.frames.effects import BEFORE
from marketing.models import Campaign, CampaignState
from marketing.services.effects.results import campaign_results, measured_effects
from shop.models import Customer

RATES = (0.05, 0.1, 0.2, 0.3, 0.5)
LEAST_CUSTOMERS, LEAST_BUYERS = 100, 30
# Without a measured campaign of the goal: a tenth more than such customers bring anyway.
GUESSED_SHARE = 0.1
MOST_CAMPAIGNS = 5
# What was counted for a draft serves its readers so long.
FRESH = timedelta(hours=12)
CAMPAIGNS, AUDIENCE, SHOP = "campaigns", "audience", "shop"


@dataclass(frozen=True)
class Smallest:
    """What a holdout of this rate would show in 4 of 5 such campaigns: minor units per recipient, and
    share of customers who order. profit: at one look at the end; profit_always: looked at any time."""

    rate: float
    profit: float
    profit_always: float
    conversion: float


@dataclass(frozen=True)
class Ahead:
    """customers: reachable now. source: whose past it is, `campaigns` of the goal, this `audience`, or
    the whole `shop`. each: profit (revenue where a cost is missing) per customer in one window without a
    message. share: who ordered. proposed: the smallest holdout that shows `effect`; None: not even half
    does. Rows are empty where the past says too little."""

    customers: int
    source: str
    each: float
    share: float
    is_revenue: bool
    effect: float
    effect_is_measured: bool
    own: Smallest | None
    rows: list[Smallest]
    proposed: float | None


def look_ahead(campaign: Campaign, at: datetime) -> Ahead:
    """Counted now where that is quick, else as of the last hours."""
    subject = f"power:{_digest(campaign)}"
    kept = snapshots.shown(
        subject, lambda until: _count(campaign, until), at, not_before=at - FRESH
    ).payload
    customers = reachable(meant_by(campaign), campaign.channel).count()
    if kept["sums"] is None or customers < LEAST_CUSTOMERS:
        return Ahead(customers, kept["source"], 0.0, 0.0, False, 0.0, False, None, [], None)
    sums = ArmSums.decoded(kept["sums"])
    return _ahead(campaign, customers, sums, kept)


def whole_weeks(campaign: Campaign) -> int | None:
    """The window in whole weeks, where it is none: days of the week differ, and a part of a week
    holds more of some than of others."""
    days = campaign.attribution_window_days
    return None if days % 7 == 0 else max(7, 7 * round(days / 7))


def _ahead(campaign: Campaign, customers: int, sums: ArmSums, kept: dict[str, Any]) -> Ahead:
    is_revenue = bool(sums.unknown_cost_units)
    money = sums.money(is_revenue=is_revenue)
    saved = money.xy**2 / (money.x2 * money.y2) if money.x2 * money.y2 > 0 else 0.0
    variance = money.variance * (1 - saved) * kept["longer"]
    share = min(1.0, sums.buyers / sums.customers * kept["longer"])
    revenue = sums.money(is_revenue=True).y
    effect, is_measured = _effect(kept["measured"], money.y * kept["longer"], revenue, money.y)
    rows = [
        one for rate in RATES if (one := _smallest(customers, rate, variance, share)) is not None
    ]
    own = _smallest(customers, campaign.holdout_rate, variance, share)
    proposed = None
    if effect > 0 and variance > 0:
        proposed = statistics.holdout_rate_for(customers, variance, effect)
    return Ahead(
        customers,
        kept["source"],
        money.y * kept["longer"],
        share,
        is_revenue,
        effect,
        is_measured,
        own,
        rows,
        # In whole per cent, rounded up; below one in a hundred chance itself is too coarse.
        None if proposed is None else max(0.01, math.ceil(100 * proposed) / 100),
    )


def _effect(
    measured: list[dict[str, float]], each: float, revenue: float, money: float
) -> tuple[float, bool]:
    """What a message may bring per customer: as measured for this goal, else a guess."""
    usable = [one for one in measured if one["error_minor"] > 0]
    if usable and revenue > 0:
        weights = [1 / one["error_minor"] ** 2 for one in usable]
        mean = sum(w * one["difference_minor"] for w, one in zip(weights, usable, strict=True))
        found = mean / sum(weights) * money / revenue
        if found > 0:
            return found, True
    return max(0.0, GUESSED_SHARE * each), False


def _smallest(customers: int, rate: float, variance: float, share: float) -> Smallest | None:
    """None where a group would be too small for any interval, or nothing varies."""
    held = customers * rate
    if min(held, customers - held) < statistics.MIN_UNITS or variance <= 0:
        return None
    spread = share * (1 - share)
    return Smallest(
        rate,
        statistics.detectable_with(customers, variance, share=1 - rate),
        statistics.detectable_with(customers, variance, share=1 - rate, always_valid=True),
        statistics.detectable_with(customers, spread, share=1 - rate) if spread else 0.0,
    )


def _count(campaign: Campaign, at: datetime) -> dict[str, Any]:
    """longer: by how much the campaign's window is longer than the one that was looked at."""
    measured = measured_effects(campaign.goal, at)
    found = {"measured": measured, "longer": 1.0, "source": CAMPAIGNS, "sums": None}
    if (past := _of_campaigns(campaign, at)) is not None:
        sums, days = past
        return found | {
            "sums": asdict(sums), "longer": campaign.attribution_window_days / days,
        }  # fmt: skip
    mine = _of_people(reachable(meant_by(campaign), campaign.channel), campaign, at)
    if mine is not None and mine.buyers >= LEAST_BUYERS:
        return found | {"sums": asdict(mine), "source": AUDIENCE}
    # A list of those who were silent says by its rule that they brought nothing lately.
    everybody = _of_people(reachable(Customer.objects.all(), campaign.channel), campaign, at)
    if everybody is not None and everybody.buyers >= LEAST_BUYERS:
        return found | {"sums": asdict(everybody), "source": SHOP}
    return found | {"source": SHOP}


def _of_campaigns(campaign: Campaign, at: datetime) -> tuple[ArmSums, int] | None:
    """The holdout of the newest finished campaign of the goal that had enough buyers in it."""
    sent = Campaign.objects.filter(goal=campaign.goal, state=CampaignState.SENT)
    for past in sent.exclude(pk=campaign.pk).order_by("-pk")[:MOST_CAMPAIGNS]:
        if past.window_until is None or past.window_until > at:
            continue
        held = campaign_results(past, at).holdout
        if held is not None and held.buyers >= LEAST_BUYERS and held.capped:
            return held, past.attribution_window_days
    return None


def _of_people(people: QuerySet[Customer], campaign: Campaign, at: datetime) -> ArmSums | None:
    since = at - campaign.window
    rows = people.order_by().annotate(arm=Value("all")).values_list("pk", "arm")
    sql, params = rows.query.sql_with_params()
    named = f"WITH people (customer_id, arm) AS ({sql}) SELECT * FROM people"
    members = Members(named, params, since)
    return arm_sums(members, Window(at, (since - BEFORE, since))).get("all")


def _digest(campaign: Campaign) -> str:
    """The same wish, the same figures: another rule, list, channel, goal or window counts anew."""
    wish = [
        rule_of(campaign),
        campaign.frozen_audience_id,
        campaign.channel,
        campaign.goal,
        campaign.attribution_window_days,
    ]
    return hashlib.sha256(repr(wish).encode()).hexdigest()[:40]
