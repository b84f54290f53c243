"""Whom the messages drove away: unsubscribes and complaints against what is borne."""

from __future__ import annotations

from statistics import NormalDist

from django.utils.translation import gettext_noop

from decisions.services import experiments as statistics
from marketing.frames import effects as frames
from marketing.services.effects.effect_building import Building
from marketing.services.effects.metrics import (
    BY_COMPLAINTS,
    BY_RULE,
    BY_WILSON,
    LEVEL,
    RATE,
)

# Of the messages sent; more people leaving than that costs more later than a campaign brings now.
# Origin: the 0.5 % at which mail providers start to look at a sender (Google, sender guidelines,
# complaints above 0.3 %), as a bound for the milder sign.
UNSUBSCRIBE_MARGIN = 0.005
# Of the messages sent: beyond it mail providers hold a sender's mail back (the same guidelines).
COMPLAINT_MARGIN = 0.003
COMPLAINED = gettext_noop(
    "Too many complained: %(complaint_rate)s of those reached, more than the %(complaint_margin)s at which "
    "providers hold mail back."
)
UNSUBSCRIBED = {
    "harmed": gettext_noop("Too many left: %(unsubscribe_rate)s of those reached, more than the %(unsubscribe_margin)s allowed."),
    "unharmed": gettext_noop("Few left: %(unsubscribe_rate)s of those reached, below the %(unsubscribe_margin)s allowed."),
    "cannot tell": gettext_noop("Whether too many left cannot be told yet: %(unsubscribe_rate)s of those reached; %(unsubscribe_margin)s are allowed."),
}  # fmt: skip


def add_guardrail(found: Building) -> None:
    found.add("unsubscribe_margin", UNSUBSCRIBE_MARGIN, RATE, BY_RULE)
    left = frames.left_per_customer(found.subject.sends)
    if not left:
        return
    rate, interval = _share(left["unsubscribed_at"])
    found.add("unsubscribe_rate", rate, RATE, BY_WILSON, interval)
    found.guardrail = statistics.guardrail(interval, UNSUBSCRIBE_MARGIN)
    found.sentences.append(UNSUBSCRIBED[found.guardrail])
    rate, interval = _share(left["complained_at"])
    found.add("complaint_margin", COMPLAINT_MARGIN, RATE, BY_RULE)
    found.add("complaint_rate", rate, RATE, BY_COMPLAINTS, interval)
    if statistics.guardrail(interval, COMPLAINT_MARGIN) == "harmed":
        found.guardrail = "harmed"
        found.sentences.append(COMPLAINED)


def _share(left: statistics.Moments) -> tuple[float, statistics.Interval]:
    """Of messages, and its interval. Where a customer got several, hers are no messages of several
    people: Wilson's interval counts as many as the delta method says they are worth."""
    rate = left.y / left.x
    units = statistics.units_behind(left) if left.x > 1 else float(left.n)
    edge = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    return rate, statistics.Interval(*statistics.wilson(rate * units, units, z=edge))
