"""The fields of the rule language: label, comparisons, values, the query, and of which moments
they can be asked. Stored snapshots answer for now; what facts answer exactly also for earlier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketing.definitions import order_facts as facts
from marketing.definitions.order_facts import Condition, Query
from marketing.definitions.rule_moment import (
    COMPARE,
    FARTHEST_DAYS,
    LOOKUPS,
    Moment,
    whole_days_ago,
)
from marketing.models import Persona, Stage, Tier, TierMove
from shop.models import Channel, Consent, CustomerAttribute, Purpose
from shop.money import to_minor

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
DAYS = gettext_lazy("days")
# Why an earlier day cannot be asked.
OF_LAST_NIGHT = gettext_lazy(
    "%(field)s is kept as of the last night only; earlier days cannot be asked."
)
OF_LAST_MODELS = gettext_lazy(
    "%(field)s is foreseen as of the last night only and earlier predictions are not kept; earlier "
    "days cannot be asked."
)
OF_TODAY = gettext_lazy(
    "%(field)s is known as it is today, without its history; earlier days cannot be asked."
)


@dataclass(frozen=True)
class Field:
    """undated: why an earlier day cannot be asked; empty: it can. is_windowed: may say within how
    many days. known: values that are rows, with their names."""

    label: Any
    ops: tuple[str, ...]
    query: Query
    choices: tuple[tuple[str, Any], ...] = ()
    is_number: bool = False
    unit: Any = ""
    is_fraction: bool = False
    known: Callable[[], dict[str, str]] | None = None
    undated: Any = ""
    is_windowed: bool = False


def _personas() -> dict[str, str]:
    """Code → name. A persona that a later learning did not find again has no members and says so."""
    gone = f" ({_('not found any more')})"
    return {one.code: f"{one}{gone if one.retired_at else ''}" for one in Persona.objects.all()}


def _channels() -> dict[str, str]:
    return {one.code: one.name for one in Channel.objects.order_by("code")[:200]}


def _tiers() -> dict[str, str]:
    rows = Tier.objects.select_related("programme").order_by("programme", "rank")[:200]
    return {one.code: f"{one.programme}: {one}" for one in rows}


def _in_tier(condition: Condition, moment: Moment) -> Q:
    """By her last move in that programme; the ledger answers for every earlier moment alike."""
    programme = Tier.objects.filter(code=condition["value"]).values("programme")[:1]
    moves = TierMove.objects.filter(
        customer=OuterRef("pk"), programme=Subquery(programme), at__lte=moment.at
    ).order_by("-at", "-id")
    last = Coalesce(Subquery(moves.values("to_tier__code")[:1]), Value(""))
    met = Q(Exact(last, condition["value"]))
    return met if condition["op"] == "is" else ~met


def _column(path: str, scale: Callable[[Any], Any] = lambda value: value) -> Query:
    def query(condition: Condition, _moment: Moment) -> Q:
        return Q(**{f"{path}__{LOOKUPS[condition['op']]}": scale(condition["value"])})

    return query


def _money(path: str) -> Query:
    """The rule says 100.50 of the shop's currency; the column holds minor units."""
    return _column(path, lambda value: to_minor(str(value)))


def _choice(path: str) -> Query:
    def query(condition: Condition, _moment: Moment) -> Q:
        met = Q(**{path: condition["value"]})
        return met if condition["op"] == "is" else ~met

    return query


def _then(now: Query, past: Query) -> Query:
    """The night's snapshot for now, the facts for an earlier moment."""

    def query(condition: Condition, moment: Moment) -> Q:
        return (past if moment.is_past else now)(condition, moment)

    return query


def _known_days(condition: Condition, moment: Moment) -> Q:
    return whole_days_ago("created_at", condition, moment.at) & Q(created_at__lte=moment.at)


def _agreed(condition: Condition, moment: Moment) -> Q:
    """The latest word by then; without any word: no."""
    words = Consent.objects.filter(
        customer=OuterRef("pk"), purpose=condition["value"], recorded_at__lte=moment.at
    ).order_by("-recorded_at", "-id")
    said_yes = Coalesce(Subquery(words.values("granted")[:1]), Value(False))
    return Q(Exact(said_yes, condition["op"] == "is"))


def said_of_herself(condition: Condition, moment: Moment) -> Q:
    """Her newest word by then under a name, while she agrees to what it may be used for. `is_not`:
    she said something else; who said nothing, or does not agree any more, meets neither."""
    known = CustomerAttribute.objects.filter(
        name=condition["attribute"], recorded_at__lte=moment.at
    )
    words = Consent.objects.filter(
        customer=OuterRef("customer"), purpose=OuterRef("purpose"), recorded_at__lte=moment.at
    ).order_by("-recorded_at", "-id")
    hers = known.filter(customer=OuterRef("customer")).order_by("-recorded_at", "-id")
    usable = (
        known.filter(customer=OuterRef("pk"), pk=Subquery(hers.values("pk")[:1]))
        .alias(agreed=Subquery(words.values("granted")[:1]))
        .filter(agreed=True)
        .exclude(value="")
    )
    value, op = condition["value"], condition["op"]
    if isinstance(value, str):
        met = usable.filter(value=value) if op == "is" else usable.exclude(value=value)
    else:
        met = usable.filter(**{f"number__{LOOKUPS[op]}": value})
    return Q(Exists(met))


def _birthday(condition: Condition, moment: Moment) -> Q:
    """Days until it comes next, today 0; the 29th of February is the 28th where there is none."""
    today = timezone.localtime(moment.at).date()
    met = COMPARE[condition["op"]]
    ahead_of: dict[str, int] = {}
    for ahead in range(366):
        day = today + timedelta(days=ahead)
        ahead_of.setdefault(f"{day:%m-%d}", ahead)  # whose day is today has it again in a year
        if f"{day:%m-%d}" == "02-28" and (day + timedelta(days=1)).month == 3:
            ahead_of.setdefault("02-29", ahead)
    named = [name for name, ahead in ahead_of.items() if met(ahead, condition["value"])]
    return Q(birthday__in=sorted(named))


def _next_order(condition: Condition, moment: Moment) -> Q:
    """Days from today to the expected day; below 0 it has passed."""
    days = max(-FARTHEST_DAYS, min(condition["value"], FARTHEST_DAYS))
    day = timezone.localtime(moment.at).date() + timedelta(days=days)
    return Q(**{f"prediction__next_order_on__{LOOKUPS[condition['op']]}": day})


def _number(label: Any, query: Query, unit: Any = "", undated: Any = "") -> Field:
    return Field(label, NUMBER_OPS, query, is_number=True, unit=unit, undated=undated)


def _fraction(label: Any, query: Query, unit: Any = "", undated: Any = "") -> Field:
    return Field(
        label, NUMBER_OPS, query, is_number=True, is_fraction=True, unit=unit, undated=undated
    )


def _bought(label: Any, kind: str) -> Field:
    return Field(label, CHOICE_OPS, facts.bought(kind), is_windowed=True)


def _predicted() -> dict[str, Field]:
    """What the models foresee (models/predictions.py); who has no figure meets no condition on it."""

    def field(label: Any, column: str, unit: Any = "", query: Any = _column) -> Field:
        return _fraction(label, query(f"prediction__{column}"), unit, OF_LAST_MODELS)

    found = {
        "p_alive": field(gettext_lazy("probability of being a customer (0 to 1)"), "p_alive"),
        "churn_90": field(gettext_lazy("probability of no order in 90 days (0 to 1)"), "churn_90"),
        "churn_rise_28": field(
            gettext_lazy("rise of the probability of no order, within 28 days (-1 to 1)"),
            "churn_rise_28",
        ),
        "propensity_30": field(
            gettext_lazy("probability of an order in 30 days (0 to 1)"), "propensity_30"
        ),
        "silent_days": field(gettext_lazy("days of silence"), "silent_days", DAYS),
        "next_order_in_days": _number(
            gettext_lazy("days until the next expected order"), _next_order, DAYS, OF_LAST_MODELS
        ),
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


def _scores() -> dict[str, Field]:
    labels = {
        "recency_score": gettext_lazy("recency score"),
        "frequency_score": gettext_lazy("frequency score"),
        "monetary_score": gettext_lazy("monetary score"),
    }
    return {
        name: _number(label, _column(f"profile__{name}"), undated=OF_LAST_NIGHT)
        for name, label in labels.items()
    }


def _snapshot(column: str, past: Query) -> Query:
    return _then(_column(f"profile__{column}"), past)


FIELDS: dict[str, Field] = {
    "stage": Field(
        gettext_lazy("stage"),
        CHOICE_OPS,
        _choice("profile__stage"),
        tuple(Stage.choices),
        undated=OF_LAST_NIGHT,
    ),
    "recency_days": _number(
        gettext_lazy("days since the last order"),
        _snapshot("recency_days", facts.recency_then),
        DAYS,
    ),
    "frequency": _number(gettext_lazy("orders"), _snapshot("frequency", facts.frequency_then)),
    "monetary_minor": _number(
        gettext_lazy("spent in all (minor units)"),
        _snapshot("monetary_minor", facts.monetary_then),
    ),
    "tenure_days": _number(
        gettext_lazy("days since the first order"),
        _snapshot("tenure_days", facts.tenure_then),
        DAYS,
    ),
    "known_days": _number(gettext_lazy("days since the shop knows her"), _known_days, DAYS),
    **_scores(),
    "mean_gap_days": _fraction(gettext_lazy("mean days between orders"), facts.mean_gap_days, DAYS),
    "order_trend": _number(
        gettext_lazy("orders of the last 90 days less those of the 90 before"), facts.order_trend
    ),
    "mean_unit_price": _fraction(
        gettext_lazy("mean price of a unit bought"), facts.mean_unit_price
    ),
    "discount_share": _fraction(
        gettext_lazy("share of discounts in what was bought (0 to 1)"), facts.discount_share
    ),
    "margin_so_far": _fraction(gettext_lazy("margin so far, net of returns"), facts.margin_so_far),
    "evening_share": _fraction(
        gettext_lazy("share of orders from 18:00 to 4:00 (0 to 1)"), facts.evening_share
    ),
    "weekend_share": _fraction(
        gettext_lazy("share of orders on weekends (0 to 1)"), facts.weekend_share
    ),
    "channels": _number(gettext_lazy("channels ordered by"), facts.channels),
    "categories": _number(gettext_lazy("categories bought from"), facts.categories),
    "tickets_180": _number(gettext_lazy("support tickets within 180 days"), facts.tickets),
    "country": Field(gettext_lazy("country"), CHOICE_OPS, _choice("country"), undated=OF_TODAY),
    "language": Field(
        gettext_lazy("language"),
        CHOICE_OPS,
        _choice("language"),
        (("en", "English"), ("zh", "中文")),
        undated=OF_TODAY,
    ),
    "birthday_in_days": _number(gettext_lazy("days until the birthday"), _birthday, DAYS, OF_TODAY),
    "consent": Field(gettext_lazy("consent"), CHOICE_OPS, _agreed, tuple(Purpose.choices)),
    "bought_sku": _bought(gettext_lazy("has bought SKU"), "sku"),
    "bought_category": _bought(gettext_lazy("has bought from category"), "category"),
    "bought_brand": _bought(gettext_lazy("has bought of brand"), "brand"),
    "bought_channel": Field(
        gettext_lazy("has ordered by channel"),
        CHOICE_OPS,
        facts.bought_by_channel,
        known=_channels,
        is_windowed=True,
    ),
    "persona": Field(
        gettext_lazy("customer persona"),
        CHOICE_OPS,
        _choice("persona_member__persona__code"),
        known=_personas,
        undated=OF_LAST_NIGHT,
    ),
    "tier": Field(gettext_lazy("tier"), CHOICE_OPS, _in_tier, known=_tiers),
    **_predicted(),
}
