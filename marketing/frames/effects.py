"""Reads for effects: who was written to and who was held out, what became of the messages, and
what buyers had met before they bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from decisions.services.experiments import Moments
from inventory.profit_frames import ArmSums, Members, Window, arm_sums
from marketing.definitions.journey_plan import read_plan
from marketing.models import Campaign, EnrolmentState, Journey, Send, SendState, SkipReason
from shop.models import Order, OrderState

if TYPE_CHECKING:
    from marketing.ml.attribution import Path  # numpy: not at start-up

TREATED, HOLDOUT = "treated", "holdout"
# What customers spent in the weeks before tells most of what they would have spent anyway.
BEFORE = timedelta(days=90)
# So many touches are read for attribution, the newest first; more are said to be left out.
MOST_TOUCHES = 200_000


@dataclass(frozen=True)
class Subject:
    """Whatever was sent and can be judged. name: key of its snapshots. sends: all its messages."""

    name: str
    members: Members
    window: Window
    ends_at: datetime
    sends: QuerySet[Send]


def campaign_subject(campaign: Campaign, until: datetime) -> Subject | None:
    """Everybody on the frozen list counts in her arm, written to or skipped: skipping people
    after the draw would make the arms differ. None before it began."""
    if campaign.started_at is None or campaign.audience_id is None:
        return None
    start, ends = campaign.started_at, campaign.window_until or campaign.started_at
    members = Members(
        "SELECT customer_id, CASE WHEN is_holdout THEN 'holdout' ELSE 'treated' END AS arm "
        "FROM marketing_audiencemember WHERE audience_id = %s AND NOT is_left_out",
        [campaign.audience_id],
        start,
    )
    window = Window(min(until, ends), (start - BEFORE, start))
    return Subject(f"campaign:{campaign.pk}", members, window, ends, campaign.sends.all())


def everybody_drawn(campaign: Campaign, start: datetime) -> Members:
    """Also those who were left out because the message would not pay: they got nothing, like the
    holdout, each with the chance that her row names."""
    return Members(
        "SELECT customer_id, CASE WHEN is_holdout OR is_left_out THEN 'holdout' ELSE 'treated' END "
        "AS arm FROM marketing_audiencemember WHERE audience_id = %s",
        [campaign.audience_id],
        start,
    )


def journey_subject(journey: Journey, until: datetime) -> Subject | None:
    """Each customer counts once, from her first enrolment on; held out if she ever was: the draw
    is by customer. None before anybody entered."""
    first = journey.enrolments.order_by("entered_at").values_list("entered_at", flat=True).first()
    if first is None:
        return None
    members = Members(
        "SELECT customer_id, CASE WHEN SUM(CASE WHEN state = %s THEN 1 ELSE 0 END) > 0 "
        "THEN 'holdout' ELSE 'treated' END AS arm, MIN(entered_at) AS since "
        "FROM marketing_enrolment WHERE journey_id = %s AND entered_at < %s GROUP BY customer_id",
        [
            EnrolmentState.HELD_OUT.value,
            journey.pk,
            connection.ops.adapt_datetimefield_value(until),
        ],
    )
    sends = Send.objects.filter(enrolment__journey=journey).exclude(reason=SkipReason.HELD_OUT)
    window = Window(until, (first - BEFORE, first))
    return Subject(f"journey:{journey.pk}", members, window, until, sends)


def step_subject(journey: Journey, step: str, until: datetime) -> Subject | None:
    """Who reached a step: each customer once, from the first time on, in the arm that was drawn then.

    Only draws with the chance of now count, and of them only a customer's first: shares that
    changed on the way would mix customers of different times into the arms. Who was drawn and then
    skipped for another reason stays in her arm. Where the step holds nobody out, all who reached it
    are one arm. None before anybody reached it.
    """
    reached = Send.objects.filter(
        enrolment__journey=journey, step=step, claimed_at__lt=until
    ).order_by("pk")
    chance = step_chance(journey, step, until)
    drawn = reached.filter(propensity__isnull=chance is None)
    first_ever = drawn.filter(customer=OuterRef("customer"), pk__lt=OuterRef("pk"))
    firsts = drawn.filter(~Exists(first_ever), propensity=chance) if chance else drawn
    since = firsts.values_list("claimed_at", flat=True).first()
    if since is None:
        return None
    sql = (
        "SELECT send.customer_id, CASE WHEN MAX(CASE WHEN send.reason = %s THEN 1 ELSE 0 END) = 1 "
        "THEN 'holdout' ELSE 'treated' END AS arm, MIN(send.claimed_at) AS since "
        "FROM marketing_send send JOIN marketing_enrolment road ON road.id = send.enrolment_id "
        "WHERE road.journey_id = %s AND send.step = %s AND send.claimed_at < %s AND "
    )
    params: list[Any] = [
        SkipReason.HELD_OUT.value,
        journey.pk,
        step,
        connection.ops.adapt_datetimefield_value(until),
    ]
    if chance is None:
        sql += "send.propensity IS NULL GROUP BY send.customer_id"
    else:
        sql += (
            "send.propensity = %s AND NOT EXISTS (SELECT 1 FROM marketing_send earlier "
            "JOIN marketing_enrolment way ON way.id = earlier.enrolment_id "
            "WHERE way.journey_id = %s AND earlier.step = %s AND earlier.id < send.id "
            "AND earlier.customer_id = send.customer_id AND earlier.propensity IS NOT NULL) "
            "GROUP BY send.customer_id"
        )
        params += [chance, journey.pk, step]
    sends = drawn.exclude(reason=SkipReason.HELD_OUT).filter(
        customer__in=firsts.order_by().values("customer")
    )
    window = Window(until, (since - BEFORE, since))
    return Subject(f"journey:{journey.pk}:{step}", Members(sql, params), window, until, sends)


def step_chance(journey: Journey, step: str, until: datetime) -> float | None:
    """The chance of getting the message that the live version gives; where it holds nobody out (any
    more), that of the newest draw. None where nobody was ever drawn."""
    drawn = Send.objects.filter(
        enrolment__journey=journey, step=step, claimed_at__lt=until, propensity__isnull=False
    )
    if journey.live_version:
        sends = read_plan(journey.live_version.definition).sends
        rate = next((one.data["holdout_rate"] for one in sends if one.step == step), 0.0)
        chance = round(1 - rate, 6)
        if rate and drawn.filter(propensity=chance).exists():
            return chance
    newest = drawn.order_by("-pk").first()
    return newest.propensity if newest else None


def sold_out_at(variant_ids: list[int], since: datetime, until: datetime) -> datetime | None:
    """When the first of these SKUs could not be bought any more, by the stock ledger; None when
    all could be bought all the time, or are never counted."""
    import numpy as np

    from inventory import evidence  # numeric: not at start-up

    if not variant_ids or until <= since:
        return None
    days = evidence.Window(
        timezone.localtime(since).date(), timezone.localtime(until).date(), until
    )
    spans = evidence.out_spans(days, evidence.Rows(np.array(sorted(variant_ids), dtype=np.int64)))
    inside = spans.end > since.timestamp()
    if not inside.any():
        return None
    first = max(float(spans.start[inside].min()), since.timestamp())
    return datetime.fromtimestamp(first, since.tzinfo) if first < until.timestamp() else None


def campaign_sums(campaign: Campaign, until: datetime) -> dict[str, ArmSums]:
    """{treated, holdout} → sums; without a holdout, treated alone; empty before the start."""
    subject = campaign_subject(campaign, until)
    return arm_sums(subject.members, subject.window) if subject else {}


def afterwards(subject: Subject, until: datetime) -> dict[str, ArmSums] | None:
    """The same arms in as many days again, after the window: what was only pulled forward is
    missing there. None until that time is over, or where everybody began at her own moment."""
    members = subject.members
    if members.since is None:
        return None
    length = subject.ends_at - members.since
    if subject.ends_at + length > until:
        return None
    later = Members(members.sql, members.params, subject.ends_at)
    before = (members.since - BEFORE, members.since)
    return arm_sums(later, Window(subject.ends_at + length, before))


def send_funnel(sends: QuerySet[Send]) -> dict[str, int]:
    """Messages by what became of them, in one query."""

    def has(column: str) -> Count:
        return Count("pk", filter=Q(**{f"{column}__isnull": False}))

    return sends.aggregate(
        sent=Count("pk", filter=Q(state=SendState.SENT)),
        skipped=Count("pk", filter=Q(state=SendState.SKIPPED)),
        failed=Count("pk", filter=Q(state__in=[SendState.FAILED, SendState.UNKNOWN])),
        **{
            name: has(f"{name}_at")
            for name in (
                "delivered",
                "bounced",
                "complained",
                "opened",
                "clicked",
                "unsubscribed",
            )
        },
    )


def left_per_customer(sends: QuerySet[Send]) -> dict[str, Moments]:
    """`unsubscribed_at` and `complained_at` → per customer who was sent anything: messages after which
    she did it (y), and messages (x). Empty where nothing was sent. One query."""
    names = ("unsubscribed_at", "complained_at")
    hers = sends.filter(state=SendState.SENT).order_by().values("customer")
    each = hers.annotate(x=Count("pk"), **{f"y_{name}": Count(name) for name in names})
    wanted: dict[str, Any] = {"n": Count("customer"), "sx": Sum("x"), "sxx": Sum(F("x") * F("x"))}
    for name in names:
        y = F(f"y_{name}")
        wanted |= {f"sy_{name}": Sum(y), f"syy_{name}": Sum(y * y), f"sxy_{name}": Sum(F("x") * y)}
    sums = each.aggregate(**wanted)
    if not sums["n"]:
        return {}
    return {
        name: Moments.from_sums(
            sums["n"], sums[f"sy_{name}"], sums[f"syy_{name}"], sums["sx"], sums["sxx"],
            sums[f"sxy_{name}"],
        )
        for name in names
    }  # fmt: skip


@dataclass(frozen=True)
class Touches:
    """paths: what customers met before what they did. is_cut: more than could be read."""

    paths: list[Path]
    is_cut: bool


def touch_paths(since: datetime, until: datetime) -> Touches:
    """Clicked messages of all campaigns and journeys in the period, and the orders of whoever
    clicked, placed after her first click. Touches are named `campaign:7` and `journey:3`."""
    from marketing.ml.attribution import Path, ways

    clicks = (
        Send.objects.filter(clicked_at__gte=since, clicked_at__lt=until)
        .order_by("-clicked_at")
        .values_list("customer_id", "clicked_at", "campaign_id", "enrolment__journey_id")
    )
    rows = list(clicks[: MOST_TOUCHES + 1])
    is_cut, rows = len(rows) > MOST_TOUCHES, rows[:MOST_TOUCHES][::-1]
    first: dict[int, datetime] = {}
    for customer, at, _campaign, _journey in rows:
        if at is not None:  # the query's own condition, said again for the type
            first.setdefault(customer, at)
    spent = _spent_since(first, since, until)
    met = ways(
        (customer, f"campaign:{campaign}" if campaign else f"journey:{journey}")
        for customer, _at, campaign, journey in rows
    )
    return Touches([Path(way, *spent.get(who, (0, 0))) for who, way in met.items()], is_cut)


def _spent_since(
    first: dict[int, datetime], since: datetime, until: datetime
) -> dict[int, tuple[int, int]]:
    """Customer → (orders, minor units) after her first click."""
    orders = (
        Order.objects.filter(
            customer__in=Send.objects.filter(clicked_at__gte=since, clicked_at__lt=until).values(
                "customer"
            ),
            placed_at__gte=since,
            placed_at__lt=until,
            currency=settings.SHOP_CURRENCY,
        )
        .exclude(state=OrderState.CANCELLED)
        .values_list("customer_id", "placed_at", "total_minor", "tax_minor")
    )
    found: dict[int, tuple[int, int]] = {}
    for customer, at, total, tax in orders.iterator(chunk_size=5000):
        if customer in first and at >= first[customer]:
            count, money = found.get(customer, (0, 0))
            found[customer] = count + 1, money + total - tax
    return found


def featured_skus(campaign: Campaign) -> list[int]:
    return list(campaign.items.values_list("variant_id", flat=True))
