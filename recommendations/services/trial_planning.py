"""Before an experiment begins: how long it must run to show what."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from decisions.services import experiments as statistics
from inventory.profit_frames import Members, Window, arm_sums
from shop.models import EventKind

LOOK_BACK = timedelta(days=28)
BEFORE = timedelta(days=90)
WEEKS = (1, 2, 4, 8, 12)
LEAST_PERSONS = 100


@dataclass(frozen=True)
class Week:
    """people: in all arms by then. once, always: the smallest difference of profit per person that
    shows in 4 of 5 such experiments, with one look at the end, and looked at all the time."""

    weeks: int
    people: int
    once: float
    always: float


@dataclass(frozen=True)
class Plan:
    """What the last four weeks say. persons: who was shown recommendations. mean: profit (revenue
    where a cost is missing) per person in minor units. saved: share of variance that what was
    spent before takes out. weeks: empty where there is too little to plan with."""

    persons: int
    mean: float
    saved: float
    is_revenue: bool
    weeks: list[Week]

    @property
    def is_enough(self) -> bool:
        return bool(self.weeks)


def plan_experiment(
    *, arms: int = 2, traffic_rate: float = 1.0, at: datetime | None = None
) -> Plan:
    """What equal arms of everybody's `traffic_rate` would show, if the coming weeks are like the
    last four. People come back: the number grows with the weeks' square root from what four
    weeks saw, never faster than the weeks."""
    until = at or timezone.now()
    since = until - LOOK_BACK
    found = arm_sums(_people(since, until), Window(until, (since - BEFORE, since))).get("all")
    if found is None or found.customers < LEAST_PERSONS:
        return Plan(found.customers if found else 0, 0.0, 0.0, False, [])
    money = found.money(is_revenue=bool(found.unknown_cost_units))
    saved = _saved(money)
    variance = money.variance * (1 - saved)
    level = statistics.corrected_level(0.95, arms - 1)
    weeks = [
        _week(number, found.customers * traffic_rate, variance, arms, level) for number in WEEKS
    ]
    known = [week for week in weeks if week.people >= 2 * statistics.MIN_UNITS * arms]
    return Plan(found.customers, money.y, saved, bool(found.unknown_cost_units), known)


def _week(weeks: int, four_weeks: float, variance: float, arms: int, level: float) -> Week:
    people = four_weeks * (weeks / 4 if weeks <= 4 else math.sqrt(weeks / 4))
    pair = max(2, int(people * 2 / arms))
    once = statistics.detectable_with(pair, variance, level=level)
    always = statistics.detectable_with(pair, variance, level=level, always_valid=True)
    return Week(weeks, int(people), once, always)


def _saved(money: statistics.Moments) -> float:
    spread = money.x2 * money.y2
    return money.xy**2 / spread if spread > 0 else 0.0


def _people(since: datetime, until: datetime) -> Members:
    moment = connection.ops.adapt_datetimefield_value
    return Members(
        "SELECT customer_id, 'all' AS arm, MIN(received_at) AS since FROM shop_event "
        "WHERE kind = %s AND received_at >= %s AND received_at < %s AND customer_id IS NOT NULL "
        "GROUP BY customer_id",
        [EventKind.IMPRESSION.value, moment(since), moment(until)],
    )
