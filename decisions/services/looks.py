"""A look at an experiment a day: the curve, and the verdict that stays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from decisions.ml.comparison import CANNOT_TELL
from decisions.ml.effects import Effect, adjusted_effect
from decisions.ml.moments import Moments
from decisions.ml.sequential import PLANNED_UNITS, Interval, always_valid
from decisions.ml.verdicts import kept_verdict, verdict_of
from decisions.models import Look

# A year and a bit: what a page draws, and what an experiment may last.
MOST_DAYS = 400


@dataclass(frozen=True)
class Rule:
    """level: corrected for the number of arms. planned: units of one arm and the control at which
    the sequence is tightest; both fixed before the first look."""

    control: str
    level: float = 0.95
    planned: int = PLANNED_UNITS


def record_looks(
    subject: str, metric: str, on: date, arms: Mapping[str, Moments], rule: Rule
) -> dict[str, Look]:
    """Write how every arm stands at the end of `on`; the same day again is written over.

    A verdict that the last look before `on` had stays; a later look is never read, so that a night
    that runs twice, or again for an earlier day, gives the same.
    """
    control = arms.get(rule.control)
    found = {}
    with transaction.atomic():
        before = _last_before(subject, metric, on)
        for name, moments in arms.items():
            effect = None if control is None or name == rule.control else _effect(moments, control)
            now = _interval(effect, rule)
            alone = verdict_of(now)
            earlier = before[name].verdict if name in before else CANNOT_TELL
            verdict = kept_verdict(earlier, alone)
            found[name], _made = Look.objects.update_or_create(
                subject=subject, metric=metric, looked_on=on, arm=name,
                defaults={
                    "units": moments.n, "y": moments.y, "y2": moments.y2,
                    "x": moments.x, "x2": moments.x2, "xy": moments.xy,
                    "difference": effect.difference if effect else None,
                    "low": now.low if now else None,
                    "high": now.high if now else None,
                    "verdict": verdict,
                    "has_moved": verdict != alone,
                },
            )  # fmt: skip
    return found


def newest_looks(subject: str, metric: str) -> dict[str, Look]:
    """Arm → its newest look."""
    newest = Look.objects.filter(subject=subject, metric=metric).order_by("-looked_on")
    day = newest.values_list("looked_on", flat=True).first()
    rows = Look.objects.filter(subject=subject, metric=metric, looked_on=day) if day else []
    return {row.arm: row for row in rows}


def curve(subject: str, metric: str) -> list[Look]:
    """The looks of the newest MOST_DAYS days, oldest first."""
    rows = Look.objects.filter(subject=subject, metric=metric).order_by("-looked_on", "id")
    days = list(rows.values_list("looked_on", flat=True).distinct()[:MOST_DAYS])
    if not days:
        return []
    since = min(days)
    return list(
        Look.objects.filter(subject=subject, metric=metric, looked_on__gte=since).order_by(
            "looked_on", "id"
        )
    )


def moments_of(look: Look) -> Moments:
    return Moments(look.units, look.y, look.y2, look.x, look.x2, look.xy)


def _effect(arm: Moments, control: Moments) -> Effect:
    return adjusted_effect(arm, control)[0]


def _interval(effect: Effect | None, rule: Rule) -> Interval | None:
    if effect is None or math.isnan(effect.error):
        return None
    return always_valid(effect, level=rule.level, planned=rule.planned)


def _last_before(subject: str, metric: str, on: date) -> dict[str, Look]:
    earlier = Look.objects.filter(subject=subject, metric=metric, looked_on__lt=on)
    day = earlier.order_by("-looked_on").values_list("looked_on", flat=True).first()
    return {row.arm: row for row in earlier.filter(looked_on=day)} if day else {}
