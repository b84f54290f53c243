"""The rule of a segment: conditions over customer fields, as JSON, to one query and to sentences.

    {"all": [{"field": "stage", "op": "is", "value": "at_risk"},
             {"any": [{"field": "recency_days", "op": "at_least", "value": 60}, …]}]}

`all`, `any` and `none` nest up to MAX_DEPTH. An empty rule means every customer. Fields and
operators stand in FIELDS and docs/marketing.md; a test keeps the two alike. A condition on the event
log is {"did": kind, "op": …, "times": n, "days": d}. rule_text.py reads and writes the same as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketing.models import Persona, Stage, Suppression
from marketing.models.campaigns import ADDRESS_OF, PURPOSE_OF_CHANNEL, Channel
from shop.models import Consent, Customer, Event, EventKind, OrderLine
from shop.models.event_recency import PLACES
from shop.money import to_minor
from shop.services.events.latest_events import did, taken_over_until

MAX_DEPTH, MAX_CONDITIONS = 3, 30
MAX_TIMES, MAX_DAYS = 1000, 730
GROUPS = ("all", "any", "none")
NUMBER_OPS = ("at_least", "at_most", "is", "more_than", "less_than")
CHOICE_OPS = ("is", "is_not")
OP_WORDS = {
    "is": gettext_lazy("is"),
    "is_not": gettext_lazy("is not"),
    "at_least": gettext_lazy("is at least"),
    "at_most": gettext_lazy("is at most"),
    "more_than": gettext_lazy("is more than"),
    "less_than": gettext_lazy("is less than"),
}


DID_WORDS = {
    "is": gettext_lazy("%(event)s exactly %(times)s times within %(days)s days"),
    "at_least": gettext_lazy("%(event)s at least %(times)s times within %(days)s days"),
    "at_most": gettext_lazy("%(event)s at most %(times)s times within %(days)s days"),
}


class RuleError(ValueError):
    """What is wrong with a rule, in words for the person who wrote it."""


@dataclass(frozen=True)
class Field:
    label: Any
    ops: tuple[str, ...]
    query: Callable[[Any, str], Q]
    choices: tuple[tuple[str, Any], ...] = ()
    is_number: bool = False
    unit: Any = ""
    is_fraction: bool = False
    known: Callable[[], dict[str, str]] | None = None  # values that are rows, with their names


def _personas() -> dict[str, str]:
    """Code → name. A persona that a later learning did not find again has no members and says so."""
    gone = f" ({_('not found any more')})"
    return {one.code: f"{one}{gone if one.retired_at else ''}" for one in Persona.objects.all()}


LOOKUPS = {
    "at_least": "gte", "at_most": "lte", "is": "exact", "more_than": "gt", "less_than": "lt",
}  # fmt: skip


def _number(path: str) -> Callable[[Any, str], Q]:
    return lambda value, op: Q(**{f"{path}__{LOOKUPS[op]}": value})


def _money(path: str) -> Callable[[Any, str], Q]:
    """The rule says 100.50 of the shop's currency; the column holds minor units."""
    return lambda value, op: Q(**{f"{path}__{LOOKUPS[op]}": to_minor(str(value))})


def _choice(path: str) -> Callable[[Any, str], Q]:
    return lambda value, op: Q(**{path: value}) if op == "is" else ~Q(**{path: value})


def _bought(path: str) -> Callable[[Any, str], Q]:
    def query(value: Any, op: str) -> Q:
        lines = OrderLine.objects.sold().filter(order__customer=OuterRef("pk"), **{path: value})
        return Q(Exists(lines)) if op == "is" else ~Q(Exists(lines))

    return query


def _predicted() -> dict[str, Field]:
    """What the models foresee (models/predictions.py); who has no figure meets no condition on it."""

    def field(label: Any, column: str, unit: Any = "", query: Any = _number) -> Field:
        return Field(
            label, NUMBER_OPS, query(f"prediction__{column}"), is_number=True, unit=unit,
            is_fraction=True,
        )  # fmt: skip

    days = gettext_lazy("days")
    found = {
        "p_alive": field(gettext_lazy("probability of being a customer (0 to 1)"), "p_alive"),
        "churn_90": field(gettext_lazy("probability of no order in 90 days (0 to 1)"), "churn_90"),
        "propensity_30": field(
            gettext_lazy("probability of an order in 30 days (0 to 1)"), "propensity_30"
        ),
        "silent_days": field(gettext_lazy("days of silence"), "silent_days", days),
    }
    for horizon, orders, value, margin in (
        (30, gettext_lazy("orders expected in 30 days"), gettext_lazy("spend expected in 30 days"),
         gettext_lazy("margin expected in 30 days")),
        (90, gettext_lazy("orders expected in 90 days"), gettext_lazy("spend expected in 90 days"),
         gettext_lazy("margin expected in 90 days")),
        (365, gettext_lazy("orders expected in 365 days"),
         gettext_lazy("spend expected in 365 days"), gettext_lazy("margin expected in 365 days")),
    ):  # fmt: skip
        found[f"orders_{horizon}"] = field(orders, f"orders_{horizon}")
        found[f"value_{horizon}"] = field(value, f"spend_{horizon}_minor", query=_money)
        found[f"margin_{horizon}"] = field(margin, f"margin_{horizon}_minor", query=_money)
    return found


FIELDS: dict[str, Field] = {
    "stage": Field(
        gettext_lazy("stage"), CHOICE_OPS, _choice("profile__stage"), tuple(Stage.choices)
    ),
    "recency_days": Field(
        gettext_lazy("days since the last order"),
        NUMBER_OPS,
        _number("profile__recency_days"),
        is_number=True,
        unit=gettext_lazy("days"),
    ),
    "frequency": Field(
        gettext_lazy("orders"), NUMBER_OPS, _number("profile__frequency"), is_number=True
    ),
    "monetary_minor": Field(
        gettext_lazy("spent in all (minor units)"),
        NUMBER_OPS,
        _number("profile__monetary_minor"),
        is_number=True,
    ),
    "tenure_days": Field(
        gettext_lazy("days since the first order"),
        NUMBER_OPS,
        _number("profile__tenure_days"),
        is_number=True,
        unit=gettext_lazy("days"),
    ),
    "recency_score": Field(
        gettext_lazy("recency score"), NUMBER_OPS, _number("profile__recency_score"), is_number=True
    ),
    "frequency_score": Field(
        gettext_lazy("frequency score"),
        NUMBER_OPS,
        _number("profile__frequency_score"),
        is_number=True,
    ),
    "monetary_score": Field(
        gettext_lazy("monetary score"),
        NUMBER_OPS,
        _number("profile__monetary_score"),
        is_number=True,
    ),
    "country": Field(gettext_lazy("country"), CHOICE_OPS, _choice("country")),
    "language": Field(
        gettext_lazy("language"),
        CHOICE_OPS,
        _choice("language"),
        (("en", "English"), ("zh", "中文")),
    ),
    "bought_sku": Field(gettext_lazy("has bought SKU"), CHOICE_OPS, _bought("variant__sku")),
    "bought_category": Field(
        gettext_lazy("has bought from category"),
        CHOICE_OPS,
        _bought("variant__product__category__code"),
    ),
    "persona": Field(
        gettext_lazy("customer persona"),
        CHOICE_OPS,
        _choice("persona_member__persona__code"),
        known=_personas,
    ),
    **_predicted(),
}


def check_rule(rule: Any) -> None:
    """Raises RuleError with the first thing that is wrong."""
    counted = _check(rule, 1) if rule else 0
    if counted > MAX_CONDITIONS:
        raise RuleError(_("A rule has at most %(most)s conditions.") % {"most": MAX_CONDITIONS})


def customers_of(rule: Any, *, at: datetime | None = None) -> QuerySet[Customer]:
    """Who meets the rule now, as one query. Raises RuleError.

    at: who met it then; only rules on events can be asked that, because a customer's profile is
    kept as of the last night alone.
    """
    check_rule(rule)
    if not rule:
        return Customer.objects.all() if at is None else Customer.objects.filter(created_at__lte=at)
    if at is not None and (name := _first_field(rule)):
        raise RuleError(
            _("%(field)s is kept as of the last night only; earlier days cannot be asked.")
            % {"field": FIELDS[name].label}
        )
    through = taken_over_until() if '"did"' in json.dumps(rule) else None
    return Customer.objects.filter(_query(rule, Moment(at or timezone.now(), through)))


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
        parts_said = [field.label, OP_WORDS[rule["op"]], value, field.unit]
        return [indent + " ".join(str(word) for word in parts_said if str(word))]
    if "did" in rule:
        event = EventKind(rule["did"]).label
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


def _first_field(rule: dict) -> str:
    """The first condition that is not on the event log; empty when there is none."""
    if "field" in rule:
        return rule["field"]
    parts = [] if "did" in rule else next(iter(rule.values()))
    return next((name for part in parts if (name := _first_field(part))), "")


@dataclass(frozen=True)
class Moment:
    """When a rule is asked, and until when the latest events say all of the log (None: they don't)."""

    at: datetime
    through: datetime | None


def _query(rule: dict, at: Moment) -> Q:
    if "field" in rule:
        return FIELDS[rule["field"]].query(rule["value"], rule["op"])
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


def _check(rule: Any, depth: int) -> int:
    """The number of conditions in it."""
    if not isinstance(rule, dict):
        raise RuleError(_("A rule is a group or a condition."))
    if depth > MAX_DEPTH + 1:
        raise RuleError(_("Groups nest at most %(most)s deep.") % {"most": MAX_DEPTH})
    if "field" in rule:
        _check_condition(rule)
        return 1
    if "did" in rule:
        _check_did(rule)
        return 1
    if len(rule) != 1 or next(iter(rule)) not in GROUPS:
        raise RuleError(_("A group is one of all, any, none."))
    parts = next(iter(rule.values()))
    if not isinstance(parts, list) or not parts:
        raise RuleError(_("A group holds a list of conditions."))
    return sum(_check(part, depth + 1) for part in parts)


def _check_condition(rule: dict) -> None:
    if set(rule) != {"field", "op", "value"}:
        raise RuleError(_("A condition has a field, an op and a value."))
    field = FIELDS.get(str(rule["field"]))
    if field is None:
        raise RuleError(_("There is no field %(field)s.") % {"field": rule["field"]})
    if rule["op"] not in field.ops:
        raise RuleError(
            _("%(field)s cannot be compared by %(op)s.")
            % {"field": rule["field"], "op": rule["op"]}
        )
    _check_value(field, rule["value"])


def _check_did(rule: dict) -> None:
    if set(rule) != {"did", "op", "times", "days"}:
        raise RuleError(_("A condition on events has did, op, times and days."))
    if rule["did"] not in EventKind.values:
        raise RuleError(_("There is no event %(event)s.") % {"event": rule["did"]})
    if rule["op"] not in DID_WORDS:
        raise RuleError(_("Events are counted by at_least, at_most or is."))
    least = 1 if rule["op"] == "at_least" else 0
    _check_bounds("times", rule["times"], least, MAX_TIMES)
    _check_bounds("days", rule["days"], 1, MAX_DAYS)


def _check_bounds(name: str, value: Any, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise RuleError(
            _("%(name)s is a whole number from %(least)s to %(most)s.")
            % {"name": name, "least": least, "most": most}
        )


def _check_value(field: Field, value: Any) -> None:
    if field.is_fraction:
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 10**12:
            raise RuleError(_("%(field)s needs a number.") % {"field": field.label})
    elif field.is_number:
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 2**53:
            raise RuleError(_("%(field)s needs a whole number.") % {"field": field.label})
    elif not isinstance(value, str) or not value or len(value) > 100:
        raise RuleError(_("%(field)s needs a value.") % {"field": field.label})
    elif (field.choices or field.known) and value not in (
        field.known() if field.known else dict(field.choices)
    ):
        raise RuleError(_("%(value)s is no %(field)s.") % {"value": value, "field": field.label})
