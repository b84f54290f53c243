"""A metric: a number with an id, a unit, where it came from and, where it is an estimate, an interval."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop

LEVEL = 0.95
COUNT, MONEY, RATE, DAYS = "count", "money", "rate", "days"

# What a metric was computed from, for whoever wants to check it.
BY_LEDGER = gettext_noop("the stock ledger, all warehouses")
BY_SENDS = gettext_noop("rows of the send log")
BY_COST = gettext_noop("messages sent × what each cost on its channel, an SMS by its parts")
BY_ORDERS = gettext_noop("everybody on the list, their orders and returns")
BY_PROFIT = gettext_noop("the same, and today's unit costs")
BY_DISCOUNTS = gettext_noop("discounts of whole orders, already taken off revenue and profit")
BY_COMPLAINTS = gettext_noop("complained ÷ sent, Wilson's interval")
BY_UNKNOWN = gettext_noop("order lines whose SKU has no cost")
BY_DIFFERENCE = gettext_noop("difference per customer × customers written to")
BY_ADJUSTED = gettext_noop("the same, what she spent in the 90 days before taken out (CUPED)")
BY_NET = gettext_noop("profit brought less the cost of sending")
BY_VARIANCE = gettext_noop("1 − variance with what was before taken out ÷ without")
BY_POWER = gettext_noop("shown in 4 of 5 such campaigns")
BY_WILSON = gettext_noop("unsubscribed ÷ sent, Wilson's interval")
BY_RULE = gettext_noop("a rule, the same for every campaign")
BY_LINES = gettext_noop("order lines by SKU, refunds not taken off")
BY_QUANTILE = gettext_noop(
    "the 99 % quantile of whoever brought anything, both groups together; beyond it nobody counts for more"
)
BY_LIMIT = gettext_noop("customers of both groups who brought or took more than that")
BY_BELIEF = gettext_noop(
    "normal prior around no effect, standard deviation 30 % of the holdout's figure, and the data"
)
BY_RATIO = gettext_noop("revenue ÷ orders of the group")
BY_DELTA = gettext_noop("difference of the two ratios (delta method, customers as units)")
BY_ARMS = gettext_noop("difference per customer between the variants, wave by wave (CUPED)")
BY_SIZES = gettext_noop("customers written to per variant against the shares they were drawn with")
BY_LATER = gettext_noop("revenue of as many days after the window (CUPED)")


@dataclass(frozen=True)
class Metric:
    """value: None where unknown. low, high: None for what was counted. unit: count, money (minor
    units of the shop's currency), days or rate (0 to 1). source: what it was computed from."""

    id: str
    value: float | None
    unit: str
    source: str
    low: float | None = None
    high: float | None = None
