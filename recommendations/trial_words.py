"""How the figures of an experiment are written: money, or shares of the people."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from access.figures import percent, points
from decisions.models import Experiment, ExperimentMetric
from shop.money import format_money

MONEY = (ExperimentMetric.PROFIT, ExperimentMetric.REVENUE)
Written = Callable[[float], str]


def written_of(experiment: Experiment) -> tuple[Written, Written]:
    """How a level is written, and how a difference of two levels."""
    return (money, money) if experiment.metric in MONEY else (share, share_points)


def money(value: float) -> str:
    return format_money(round(value))


def share(value: float) -> str:
    return percent(value, 2)


def share_points(value: float) -> str:
    return _("%(n)s points") % {"n": points(value, 2)}
