"""Each segment in figures: how many, how many reachable, what they brought and will bring.

A job counts one segment and keeps it as a snapshot; pages read snapshots alone. Sizes are exact;
money is of a sample of its customers, by key, and says so with its interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate, TruncWeek
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.models import Job, Snapshot
from decisions.services import snapshots
from decisions.text import sentence
from marketing.definitions.rules import customers_of, reachable
from marketing.frames.behaviour import EPOCH
from marketing.frames.cohorts import CohortOrders, cohort_orders, known_until
from marketing.models import Channel, Segment
from marketing.services.audiences.counting import counting
from marketing.services.customers.cohort_rows import (
    NO_MODEL,
    NO_SPEND,
    NOT_BETTER,
    NOT_JUDGED,
    SEED,
    own_spend,
    verdict_of,
)
from marketing.services.customers.cohort_snapshots import Ask, population
from marketing.services.customers.customer_value import last_day, live_value
from shop.models import Customer

KIND = "count_audience"
SAMPLE = 4_000  # customers of a segment whose orders are read
MOST_SEGMENTS = 200  # of one night
PAST_DAYS, AHEAD_DAYS = 365, 90
DAYS, WEEKS = 28, 12  # of entering and leaving
LEAST_BUYERS = 30


def subject_of(segment: Segment) -> str:
    return f"audience:{segment.pk}"


def stored(segments: Iterable[Segment]) -> dict[int, Snapshot]:
    """Segment key → what was counted last; absent: never. One query."""
    subjects = {subject_of(one): one.pk for one in segments}
    return {subjects[row.pk]: row for row in Snapshot.objects.filter(pk__in=subjects)}


def refreshing(segments: Iterable[Segment]) -> set[int]:
    """Keys of segments that somebody counts now. One query."""
    keys = {f"snapshot:{subject_of(one)}:": one.pk for one in segments}
    lately = timezone.now() - timedelta(days=1)
    jobs = Job.objects.unfinished().filter(kind=KIND, created_at__gte=lately)
    asked = jobs.values_list("key", flat=True)[:1000]
    found = {key.rpartition(":")[0] + ":" for key in asked if key}
    return {pk for key, pk in keys.items() if key in found}


def ask_refresh(segment: Segment, by: Any = None) -> bool:
    return snapshots.ask_refresh(KIND, subject_of(segment), {}, by)


def refresh(subject: str, at: datetime | None = None) -> dict[str, Any]:
    """The handler of the job. A segment that is gone is nothing to count."""
    segment = Segment.objects.filter(pk=subject.partition(":")[2]).first()
    if segment is None:
        return {"counted": False}
    row = snapshots.take(subject, _count(segment), at or timezone.now())
    return {"counted": True, "seconds": round(row.seconds, 1)}


def refresh_audiences(progress: Callable[..., None], as_of: datetime) -> dict[str, int]:
    """The night: every segment, MOST_SEGMENTS at most."""
    found = list(Segment.objects.order_by("pk")[:MOST_SEGMENTS])
    for number, segment in enumerate(found):
        progress(number, len(found), str(segment))
        snapshots.take(subject_of(segment), _count(segment), as_of)
    return {"counted": len(found)}


def _count(segment: Segment) -> snapshots.Count:
    def count(at: datetime) -> dict[str, Any]:
        as_of = known_until(at)
        found = customers_of(segment.rule)
        with counting():
            size = found.count()
            by_channel = {name: reachable(found, name).count() for name in Channel.values}
        sample = sample_of(found, size, SAMPLE)
        orders = cohort_orders(as_of, sample)
        return {
            "rule": segment.rule,
            "size": size,
            "reachable": by_channel[Channel.EMAIL],
            "reachable_by": by_channel,
            "sample": len(sample),
            "buyers": int(orders.customers.size),
            **_past(orders, len(sample), as_of),
            "forecast": _forecast(orders, len(sample), as_of),
            "changes": changes_of(segment, at) if segment.is_tracked else None,
        }

    return count


def sample_of(found: QuerySet[Customer], size: int, most: int) -> list[int]:
    """Keys, ascending: all, or each n-th by key."""
    step = -(-size // most) or 1
    if step > 1:
        found = found.alias(turn=F("pk") % step).filter(turn=0)
    return list(found.order_by("pk").values_list("pk", flat=True)[: 2 * most])


def _past(orders: CohortOrders, customers: int, as_of: datetime) -> dict[str, Any]:
    """Revenue and margin per customer of the last PAST_DAYS, those who ordered nothing included;
    margin is None while costs of more than a twentieth of the revenue are unknown."""
    import numpy as np

    from marketing.ml.cohorts import LEAST_KNOWN_RATE, t_interval

    since = timezone.localtime(as_of).date().toordinal() - EPOCH - PAST_DAYS
    late = orders.day >= since
    who, n = orders.customer_idx[late], orders.customers.size
    revenue = orders.revenue_minor[late]
    margin = orders.margin_minor[late]
    known = np.isfinite(margin)
    whole = revenue.sum()
    if whole > 0 and known.any():
        margin = np.where(
            known, margin, revenue * margin[known].sum() / max(revenue[known].sum(), 1)
        )
    is_known = whole > 0 and revenue[known].sum() / whole >= LEAST_KNOWN_RATE

    def mean(amount: np.ndarray) -> dict[str, float | None]:
        own = np.bincount(who, amount, n)
        ends = t_interval(np.array([own.sum()]), np.array([(own**2).sum()]), np.array([customers]))
        return _ends(*(float(end[0]) for end in ends))

    return {"revenue": mean(revenue), "margin": mean(margin) if is_known else None}


def _ends(value: float, low: float, high: float) -> dict[str, float | None]:
    return {
        name: None if one != one else round(one, 6)
        for name, one in (("value", value), ("low", low), ("high", high))
    }


def _forecast(orders: CohortOrders, customers: int, as_of: datetime) -> dict[str, Any]:
    """Within AHEAD_DAYS, per customer: spend and margin of all; silent: share without an order of
    those who ever ordered. A refusal stands for what is not foreseen."""
    import numpy as np

    from marketing.ml import cohort_forecast as ml
    from marketing.ml.cohorts import margin_rates

    live, (verdict, why) = live_value(), verdict_of("month")
    median = _shop_median()
    if live is None:
        return {"refusal": sentence(NO_MODEL)}
    if verdict is None or median is None:
        return {"refusal": why or sentence(NOT_JUDGED)}
    if orders.customers.size < LEAST_BUYERS:
        few = gettext_noop("Under %(least)s customers with an order, nothing is foreseen.")
        return {"refusal": sentence(few, least=LEAST_BUYERS)}
    days, margin = population(orders)
    seen, model = own_spend(days, live[1].at(last_day(as_of)))
    model = replace(model, spend=_shop_spend(live[1], model, days.customers))
    groups = ml.Groups(
        np.zeros(days.customers, np.int64), 1, ml.factors_within(model, days, median),
        np.zeros(days.customers, bool), margin_rates(days, margin),
    )  # fmt: skip
    played = ml.play(model, seen, groups, np.array([AHEAD_DAYS]), seed=SEED)
    found: dict[str, Any] = {"run": live[0].pk}
    judged = verdict.measures.get("retention")
    if judged is None or not judged.is_better:
        found["silent_refusal"] = sentence(NOT_BETTER)
    else:
        active = ml.foreseen(played.active, np.array([days.customers]), judged.shock)
        value, low, high = (float(getattr(active, end)[0, 0]) for end in ("value", "low", "high"))
        found["silent"] = _ends(1 - value, 1 - min(high, 1.0), 1 - low)
    judged = verdict.measures.get("revenue")
    if judged is None or not judged.is_better or played.spend is None:
        found["refusal"] = sentence(NO_SPEND if played.spend is None else NOT_BETTER)
        return found
    for name, sums in (("spend", played.spend), ("margin", played.margin)):
        if sums is None:
            continue
        said = ml.foreseen(sums, np.array([customers]), judged.shock)
        found[name] = _ends(*(float(getattr(said, end)[0, 0]) for end in ("value", "low", "high")))
    return found


def _shop_spend(shop: Any, own: Any, customers: int) -> Any:
    """What an order is worth: learned from the sample where it is large, else the shop's."""
    return own.spend if own.spend is not None and customers >= SAMPLE // 4 else shop.spend


def _shop_median() -> float | None:
    kept = Snapshot.objects.filter(pk=Ask("month").subject).first()
    return kept.payload["median_paid"] if kept else None


def changes_of(segment: Segment, at: datetime) -> dict[str, list[list[Any]]]:
    """Who entered and left, per day and per week (from Monday), oldest first, zeros included; of
    the local calendar. Two queries."""
    today = timezone.localtime(at).date()
    monday = today - timedelta(days=today.weekday())
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    weeks = [monday - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    return {
        "days": _changes(segment, TruncDate("at"), days),
        "weeks": _changes(segment, TruncWeek("at"), weeks),
    }


def _changes(segment: Segment, trunc: Any, begins: list) -> list[list[Any]]:
    since = timezone.make_aware(datetime.combine(begins[0], datetime.min.time()))
    rows = (
        segment.changes.filter(at__gte=since)
        .order_by()
        .annotate(begin=trunc)
        .values_list("begin")
        .annotate(
            came=Count("pk", filter=Q(entered=True)), went=Count("pk", filter=Q(entered=False))
        )
    )
    found = {
        (begin.date() if isinstance(begin, datetime) else begin): (entered, left)
        for begin, entered, left in rows
    }
    return [[begin.isoformat(), *found.get(begin, (0, 0))] for begin in begins]
