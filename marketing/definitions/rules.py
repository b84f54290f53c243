"""The rule of a segment: conditions over customer fields, as JSON, to one query and to sentences.

    {"all": [{"field": "stage", "op": "is", "value": "at_risk"},
             {"any": [{"field": "recency_days", "op": "at_least", "value": 60}, …]}]}

`all`, `any` and `none` nest up to MAX_DEPTH. An empty rule means every customer. Fields and
operators stand in rule_fields.py and docs/marketing.md; a test keeps the two alike. A condition on the
event log is {"did": kind, "op": …, "times": n, "days": d}, and may name the `sku`, `category` or `brand`.
rule_check.py refuses what is none; rule_text.py reads and writes the same as text.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketing.definitions.order_facts import things
from marketing.definitions.rule_check import THING_WORDS, THINGS, RuleError, check_rule
from marketing.definitions.rule_fields import FIELDS, OP_WORDS, Field, said_of_herself
from marketing.definitions.rule_moment import Moment
from marketing.models import Suppression
from marketing.models.campaigns import ADDRESS_OF, PURPOSE_OF_CHANNEL, Channel
from shop.models import Consent, Customer, Event, EventKind
from shop.models.event_recency import PLACES
from shop.services.events.latest_events import did, taken_over_until

__all__ = ["FIELDS", "OP_WORDS", "Field", "RuleError", "check_rule", "customers_of", "reachable", "sentences"]  # fmt: skip


DID_WORDS = {
    "is": gettext_lazy("%(event)s exactly %(times)s times within %(days)s days"),
    "at_least": gettext_lazy("%(event)s at least %(times)s times within %(days)s days"),
    "at_most": gettext_lazy("%(event)s at most %(times)s times within %(days)s days"),
}


def customers_of(rule: Any, *, at: datetime | None = None) -> QuerySet[Customer]:
    """Who meets the rule now, as one query. Raises RuleError.

    at: who met it then, by what was known then; refused with the reason for a field that is kept as
    of the last night, or of today, alone.
    """
    check_rule(rule)
    everybody = Customer.objects.filter(is_pseudonym=False)
    if not rule:
        return everybody if at is None else everybody.filter(created_at__lte=at)
    if at is not None and (name := _first_undated(rule)):
        raise RuleError(FIELDS[name].undated % {"field": FIELDS[name].label})
    through = taken_over_until() if '"did"' in json.dumps(rule) else None
    moment = Moment(at or timezone.now(), through, is_past=at is not None)
    return everybody.filter(_query(rule, moment))


def reachable(customers: QuerySet[Customer], channel: str) -> QuerySet[Customer]:
    """Those who have an address, agreed, and are not suppressed, on this channel."""
    latest = Consent.objects.filter(
        customer=OuterRef("pk"), purpose=PURPOSE_OF_CHANNEL[Channel(channel)]
    ).order_by("-recorded_at", "-id")
    suppressed = Suppression.objects.filter(customer=OuterRef("pk"), channel=channel)
    return (
        customers.exclude(**{ADDRESS_OF[Channel(channel)]: ""})
        .annotate(agreed=Subquery(latest.values("granted")[:1]))
        .filter(~Exists(suppressed), agreed=True)
    )


def sentences(rule: Any) -> list[str]:
    """The rule as a person reads it, one line per condition; nested groups are indented."""
    if not rule:
        return [_("every customer")]
    return _sentences(rule, "")


def _sentences(rule: dict, indent: str) -> list[str]:
    if "field" in rule:
        field = FIELDS[rule["field"]]
        named = field.known() if field.known else dict(field.choices)
        value = named.get(rule["value"], rule["value"])
        within = _("within %(days)s days") % {"days": rule["days"]} if "days" in rule else ""
        parts_said = [field.label, OP_WORDS[rule["op"]], value, field.unit, within]
        return [indent + " ".join(str(word) for word in parts_said if str(word))]
    if "attribute" in rule:
        said = {"name": rule["attribute"], "op": OP_WORDS[rule["op"]], "value": rule["value"]}
        return [indent + _("said of herself: %(name)s %(op)s %(value)s") % said]
    if "did" in rule:
        about = [THING_WORDS[kind] % {"code": rule[kind]} for kind in THINGS if kind in rule]
        event = EventKind(rule["did"]).label + (f" ({', '.join(about)})" if about else "")
        words = DID_WORDS[rule["op"]] % {
            "event": event, "times": rule["times"], "days": rule["days"]
        }  # fmt: skip
        return [indent + words]
    group, parts = next(iter(rule.items()))
    lines = [line for part in parts for line in _sentences(part, indent)]
    if group == "all":
        return lines
    title = {"any": _("at least one of:"), "none": _("none of:")}[group]
    return [indent + title, *(f"  {line}" for line in lines)]


def _first_undated(rule: dict) -> str:
    """The first field that no earlier day can be asked of; empty when there is none."""
    if "field" in rule:
        return rule["field"] if FIELDS[rule["field"]].undated else ""
    parts = [] if "op" in rule else next(iter(rule.values()))
    return next((name for part in parts if (name := _first_undated(part))), "")


def _query(rule: dict, at: Moment) -> Q:
    if "field" in rule:
        return FIELDS[rule["field"]].query(rule, at)
    if "attribute" in rule:
        return said_of_herself(rule, at)
    if "did" in rule:
        return _did(rule, at)
    group, parts = next(iter(rule.items()))
    query = Q()
    for part in parts:
        one = _query(part, at)
        # none: each part negated by itself, because a NOT around an OR is never planned as joins.
        query = query | one if group == "any" else query & (~one if group == "none" else one)
    return query


def _did(rule: dict, moment: Moment) -> Q:
    """By when events arrived here (the log's own order): in (at − days, at]; what was watched only
    under consent to analytics.

    Few times are asked of each customer's latest events, which are the log's own answer
    (shop/services/events/latest_events.py); many, and an earlier `at`, of the log.
    """
    at, through = moment.at, moment.through
    start = at - timedelta(days=rule["days"])
    events = Event.objects.allowed().filter(
        kind=rule["did"],
        customer__isnull=False,
        received_at__gt=start,
        received_at__lte=at,
    )
    for kind in THINGS:
        if kind in rule:
            events = events.filter(variant__in=things(kind, rule[kind]))
            through = None  # the latest events are kept per kind alone

    def at_least(times: int) -> Q:
        # Always EXISTS, never pk IN: PostgreSQL makes a (anti-)join of EXISTS, and within an OR a
        # look-up; NOT IN it reads as a list, once per customer where the list outgrows work_mem.
        if through is not None and through <= at and times <= PLACES:
            return Q(did(rule["did"], times, (start, at), through))
        if times == 1:
            return Q(Exists(events.filter(customer=OuterRef("pk"))))
        # EXISTS over a grouped query is no join either, so the groups stand one level below.
        counted = events.order_by().values("customer_id").annotate(times=Count("pk"))
        many = counted.filter(times__gte=times).values("customer_id")
        return Q(Exists(Customer.objects.filter(pk=OuterRef("pk"), pk__in=many)))

    times = rule["times"]
    if rule["op"] == "at_least":
        return at_least(times)
    not_more = ~at_least(times + 1)
    return not_more if rule["op"] == "at_most" or times == 0 else not_more & at_least(times)
