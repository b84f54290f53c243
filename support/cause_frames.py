"""What conversations with low scores have in common: each cause beside all without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet, StdDev
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from decisions.services.experiments import compare_proportions
from support.ml.shares import FLOOR, Share, Z, share_of
from support.models import (
    Aspect,
    AspectMention,
    ConversationScore,
    Handoff,
    Intent,
    Polarity,
)

LOW = 50.0  # of 100: rather discontent than content
WINDOW = timedelta(days=365)
DISCONTENT = 3  # of 5: an answer up to here
LATE, HANDOFF = "late", "handoff"
CAUSES = (
    *(LATE, HANDOFF),
    *(f"aspect:{aspect}" for aspect in Aspect.values),
    *(f"intent:{intent}" for intent in Intent.values),
)
# So many causes are looked at at once that one in twenty would stand out by chance (Bonferroni).
LEVEL = 1 - 0.05 / len(CAUSES)


@dataclass(frozen=True)
class Cause:
    """n: conversations with it. low: share of them with a low score; more: how much more than of
    those without it, with an interval that holds for all causes together; None below the floor.
    answers: share of discontent among the answers of those with it."""

    name: str
    n: int
    low: Share
    more: float | None
    more_low: float | None
    more_high: float | None
    answers: Share

    @property
    def stands_out(self) -> bool:
        return (self.more_low or 0.0) > 0


@dataclass(frozen=True)
class Month:
    month: date
    n: int
    mean: float | None
    low: float | None
    high: float | None


def scored(now: datetime) -> QuerySet[ConversationScore]:
    return ConversationScore.objects.filter(opened_at__gte=now - WINDOW)


def with_cause(rows: QuerySet[ConversationScore], cause: str) -> QuerySet[ConversationScore]:
    """cause: one of CAUSES."""
    return _flagged(rows, [cause]).filter(_condition(cause))


def causes_of(rows: QuerySet[ConversationScore]) -> list[Cause]:
    """One query; those that stand out first, then by how much more."""
    low, answered = Q(score__lt=LOW), Q(ticket__csat__isnull=False)
    bad = Q(ticket__csat__lte=DISCONTENT)
    counts = {"all_n": Count("pk"), "all_low": Count("pk", filter=low)}
    for place, cause in enumerate(CAUSES):
        here = _condition(cause)
        counts |= {
            f"n{place}": Count("pk", filter=here),
            f"low{place}": Count("pk", filter=here & low),
            f"said{place}": Count("pk", filter=here & answered),
            f"bad{place}": Count("pk", filter=here & bad),
        }
    told = _flagged(rows, CAUSES).order_by().aggregate(**counts)
    found = [_cause(cause, place, told) for place, cause in enumerate(CAUSES) if told[f"n{place}"]]
    return sorted(found, key=lambda one: (not one.stands_out, -(one.more or -1.0), -one.n))


def months_of(rows: QuerySet[ConversationScore]) -> list[Month]:
    """Mean score per month of arrival with its 95 % interval; no mean below the floor."""
    found = rows.order_by().annotate(month=TruncMonth("opened_at")).values("month")
    told = found.annotate(n=Count("pk"), mean=Avg("score"), spread=StdDev("score", sample=False))
    lines = []
    for row in told.order_by("month"):
        month, n = row["month"].date(), row["n"]
        if n < FLOOR:
            lines.append(Month(month, n, None, None, None))
            continue
        half = Z * row["spread"] / (n - 1) ** 0.5
        low, high = max(0.0, row["mean"] - half), min(100.0, row["mean"] + half)
        lines.append(Month(month, n, row["mean"], low, high))
    return lines


def cause_label(name: str) -> str:
    kind, _colon, value = name.partition(":")
    if kind == "aspect":
        return _("blame: %(what)s") % {"what": Aspect(value).label}
    if kind == "intent" and value:
        return _("question: %(what)s") % {"what": Intent(value).label}
    return {
        LATE: _("first answer after its promise"),
        HANDOFF: _("handed to a person"),
        "wait": _("long wait"),
        "mood": _("bad mood"),
        "again": _("had to write again"),
        "intent": _("kind of question"),
    }[name]


def _flagged(
    rows: QuerySet[ConversationScore], causes: Iterable[str]
) -> QuerySet[ConversationScore]:
    flags = {}
    for cause in causes:
        kind, _colon, value = cause.partition(":")
        if kind == "aspect":
            blame = AspectMention.objects.filter(
                reading__message__ticket=OuterRef("ticket"),
                aspect=value,
                polarity=Polarity.NEGATIVE,
            )
            flags[f"blames_{value}"] = Exists(blame)
        elif kind == HANDOFF:
            flags["was_handed"] = Exists(Handoff.objects.filter(ticket=OuterRef("ticket")))
    return rows.annotate(**flags)


def _condition(cause: str) -> Q:
    kind, _colon, value = cause.partition(":")
    if kind == "aspect":
        return Q(**{f"blames_{value}": True})
    if kind == "intent":
        return Q(ticket__intent=value)
    if kind == HANDOFF:
        return Q(was_handed=True)
    unanswered = Q(ticket__first_response_at__isnull=True, ticket__sla_due_at__lt=F("scored_at"))
    return Q(ticket__first_response_at__gt=F("ticket__sla_due_at")) | unanswered


def _cause(name: str, place: int, told: dict[str, int]) -> Cause:
    n, low = told[f"n{place}"], told[f"low{place}"]
    rest, rest_low = told["all_n"] - n, told["all_low"] - low
    more = more_low = more_high = None
    if min(n, rest) >= FLOOR:
        found = compare_proportions((low, n), (rest_low, rest), level=LEVEL)
        more, more_low, more_high = found.difference, found.low, found.high
    said = share_of(told[f"bad{place}"], told[f"said{place}"])
    return Cause(name, n, share_of(low, n), more, more_low, more_high, said)
