"""“The forecast is wrong, why?”: eight questions asked of the data, each with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.figures import figure, points
from decisions.models.model_runs import RunState
from inventory.frames import SkuDays, sku_days
from inventory.ml.forecast_check import CheckFacts, verdicts
from inventory.models import DemandForecast, PlannedDemand
from inventory.services.forecast_history import SaidThen, said_then
from shop.models import (
    SOLD_UNITS,
    LineKind,
    OrderLine,
    Price,
    PriceKind,
    ReturnLine,
)

DAYS = 120
WEEKS_DAYS = 28
TITLES = {
    "stockouts": gettext_lazy("Was it out of stock?"),
    "bulk_order": gettext_lazy("Was there one large order?"),
    "price": gettext_lazy("Has its price changed?"),
    "promotion": gettext_lazy("Is a promotion missing from the plan?"),
    "short_history": gettext_lazy("Is its history too short?"),
    "season": gettext_lazy("Does the season or a holiday change it?"),
    "returns": gettext_lazy("Did much come back?"),
    "model": gettext_lazy("Is the model good, and of last night?"),
}
# What of the forecast's contributions answers which question.
CAUSES_OF = {
    "stockouts": ("stock_out",),
    "price": ("price",),
    "promotion": ("promotion",),
    "season": ("season", "festival"),
}


@dataclass(frozen=True)
class Check:
    """One question: ok, look or unknown, what was counted, and where to see it.

    adds_units: what its cause adds to the forecast over the horizon; None where no cause is its own.
    """

    name: str
    title: str
    state: str
    evidence: str
    link: str
    adds_units: float | None = None

    @property
    def adds(self) -> str:
        """In words; nothing for what rounds to nothing."""
        if self.adds_units is None or abs(self.adds_units) < 0.5:
            return ""
        units = figure(abs(self.adds_units))
        if self.adds_units < 0:
            return _("It takes %(units)s units off the forecast.") % {"units": units}
        return _("It adds %(units)s units to the forecast.") % {"units": units}


@dataclass(frozen=True)
class Counted:
    """What the checks counted, with what they count it from."""

    facts: CheckFacts
    past: SkuDays
    largest_order: tuple[int, str, int] | None
    said: list[SaidThen]


def check_forecast(row: DemandForecast, counted: Counted | None = None) -> list[Check]:
    """All eight, in a fixed number of queries; counted anew unless somebody has counted already."""
    counted = counted or count_facts(row)
    states = verdicts(counted.facts)
    texts = _evidence(row, counted)
    return [
        Check(name, str(TITLES[name]), states[name], *texts[name], _added(row, name))
        for name in TITLES
    ]


def _added(row: DemandForecast, check: str) -> float | None:
    """Units over the horizon; None where the forecast keeps no such cause."""
    causes = [
        row.contributions[one] for one in CAUSES_OF.get(check, ()) if one in row.contributions
    ]
    return round(sum(map(sum, causes)), 3) if causes else None


def count_facts(row: DemandForecast) -> Counted:
    until = row.as_of
    past = sku_days(row.variant_id, until, days=DAYS)
    first = past.first
    largest = _largest_order(row.variant_id, first, until)
    said = said_then(row.variant_id, until, days=WEEKS_DAYS)
    compared = [one.is_inside for one in said if one.is_inside is not None]
    reduced = _reduced_days(row.variant_id, until)
    run = row.model_run
    facts = CheckFacts(
        days=DAYS,
        stockout_days=sum(past.out_of_stock),
        units=sum(past.units),
        largest_order_units=largest[2] if largest else 0,
        price_change=_price_change(row.variant_id, until),
        reduced_days=reduced[0],
        planned_days=reduced[1],
        unplanned_sources=_unplanned(row.variant_id, until).count(),
        history_days=row.history_days,
        forecast_units=None if row.is_refused else sum(row.mean_units),
        year_ago_units=_year_ago(row, until),
        holidays=len(_holidays(until)),
        returned_units=_returned(row.variant_id, first, until),
        age_days=(timezone.localdate() - timedelta(days=1) - until).days,
        is_live=run is not None and run.state == RunState.LIVE,
        inside=sum(compared),
        compared=len(compared),
    )
    return Counted(facts, past, largest, said)


def _evidence(row: DemandForecast, counted: Counted) -> dict[str, tuple[str, str]]:
    """Check → what was counted in words, and where it stands."""
    return {
        "stockouts": _about_stockouts(row, counted),
        "bulk_order": _about_bulk(counted),
        "price": _about_price(row, counted),
        "promotion": _about_promotion(row, counted),
        "short_history": _about_history(row),
        "season": _about_season(row, counted),
        "returns": _about_returns(row, counted),
        "model": _about_model(row, counted),
    }


def _about_stockouts(row: DemandForecast, counted: Counted) -> tuple[str, str]:
    facts = counted.facts
    said = _(
        "%(out)s of %(days)s days without stock; they are left out of what is learned, not counted as 0."
    ) % {"out": facts.stockout_days, "days": facts.days}
    return said, _list("shop_stockmovement", row)


def _about_bulk(counted: Counted) -> tuple[str, str]:
    facts, largest = counted.facts, counted.largest_order
    if largest is None:
        return _("Nothing was sold in %(days)s days.") % {"days": facts.days}, ""
    said = _(
        "The largest order, %(number)s, took %(most)s of %(units)s units in %(days)s days."
    ) % {
        "number": largest[1],
        "most": largest[2],
        "units": figure(facts.units),
        "days": facts.days,
    }
    return said, reverse("admin:shop_order_change", args=[largest[0]])


def _about_price(row: DemandForecast, counted: Counted) -> tuple[str, str]:
    change = counted.facts.price_change
    if change is None:
        said = _("It had no list price four weeks ago, or has none now.")
    else:
        said = _("Its list price changed by %(change)s %% in four weeks.") % {
            "change": points(change, signed=True)
        }
    return said, _list("shop_price", row)


def _about_promotion(row: DemandForecast, counted: Counted) -> tuple[str, str]:
    facts = counted.facts
    said = _(
        "Reduced on %(past)s of the past 28 days and on %(ahead)s of the next; %(unknown)s campaigns "
        "ahead of which too little is known to plan with."
    ) % {
        "past": facts.reduced_days,
        "ahead": facts.planned_days,
        "unknown": facts.unplanned_sources,
    }
    return said, _list("shop_price", row)


def _about_history(row: DemandForecast) -> tuple[str, str]:
    if row.is_refused:
        said = _("%(days)s days of history are missing for a first forecast.") % {
            "days": row.days_missing
        }
    else:
        said = _("%(days)s days of known demand; a season shows only after 365.") % {
            "days": row.history_days
        }
    return said, ""


def _about_season(row: DemandForecast, counted: Counted) -> tuple[str, str]:
    facts = counted.facts
    parts = []
    if facts.forecast_units is not None and facts.year_ago_units:
        parts.append(
            _("%(now)s units forecast, %(then)s sold in the same days a year ago.")
            % {"now": figure(facts.forecast_units), "then": figure(facts.year_ago_units)}
        )
    else:
        parts.append(_("Nothing is known of the same days a year ago."))
    if days := _holidays(row.as_of):
        shown = ", ".join(f"{day:%Y-%m-%d}" for day in days[:3])
        parts.append(_("Holidays ahead: %(days)s.") % {"days": shown})
    return " ".join(parts), ""


def _about_returns(row: DemandForecast, counted: Counted) -> tuple[str, str]:
    facts = counted.facts
    said = _(
        "%(back)s of %(units)s units came back in %(days)s days; the forecast counts sales."
    ) % {
        "back": facts.returned_units,
        "units": figure(facts.units),
        "days": facts.days,
    }
    return said, reverse("admin:shop_return_changelist")


def _about_model(row: DemandForecast, counted: Counted) -> tuple[str, str]:
    facts, run = counted.facts, row.model_run
    parts = []
    if run is None:
        parts.append(_("The baseline made it: no model has beaten it yet."))
    else:
        parts.append(_("Made by %(method)s, run %(run)s.") % {"method": row.method, "run": run.pk})
    parts.append(_("Sales up to %(day)s were known.") % {"day": f"{row.as_of:%Y-%m-%d}"})
    if facts.compared:
        parts.append(
            _("%(inside)s of %(days)s past days fell within the 80 %% interval.")
            % {"inside": facts.inside, "days": facts.compared}
        )
    link = reverse("admin:decisions_modelrun_change", args=[run.pk]) if run else ""
    return " ".join(parts), link


def _largest_order(variant_id: int, first: date, until: date) -> tuple[int, str, int] | None:
    """(order key, its number, units) of the order that took most."""
    found = (
        OrderLine.objects.sold()
        .filter(variant=variant_id, **_days("order__placed_at", first, until))
        .order_by()
        .values_list("order", "order__number")
        .annotate(total=Sum(SOLD_UNITS))
        .order_by("-total", "order")
    )
    return found.first()


def _price_change(variant_id: int, until: date) -> float | None:
    lists = Price.objects.filter(
        variant=variant_id, kind=PriceKind.LIST, channel__isnull=True
    ).order_by("-valid_from", "-pk")
    now, then = (
        lists.filter(valid_from__lte=_midnight(day)).values_list("amount_minor", flat=True).first()
        for day in (until + timedelta(days=1), until - timedelta(days=WEEKS_DAYS))
    )
    return now / then - 1 if now is not None and then else None


def _reduced_days(variant_id: int, until: date) -> tuple[int, int]:
    """Days under a campaign or flash price: of the past four weeks, of the next four."""
    first, last = until - timedelta(days=WEEKS_DAYS - 1), until + timedelta(days=WEEKS_DAYS)
    rows = (
        Price.objects.ever_asked()
        .filter(
            variant=variant_id,
            valid_from__lt=_midnight(last + timedelta(days=1)),
            valid_until__gt=_midnight(first),
        )
        .exclude(kind=PriceKind.LIST)
    )
    days: set[date] = set()
    for start, end in rows.values_list("valid_from", "valid_until"):
        if end is None:
            continue  # only a list price has no end, and those are left out
        day = max(timezone.localtime(start).date(), first)
        while day <= min(timezone.localtime(end - timedelta(microseconds=1)).date(), last):
            days.add(day)
            day += timedelta(days=1)
    past = sum(day <= until for day in days)
    return past, len(days) - past


def _unplanned(variant_id: int, until: date) -> Any:
    return PlannedDemand.objects.filter(
        Q(is_counted=False),
        items__variant=variant_id,
        measured_at__isnull=True,
        ends_on__gt=until,
        starts_on__lte=until + timedelta(days=WEEKS_DAYS),
    )


def _year_ago(row: DemandForecast, until: date) -> float | None:
    """Units of the horizon's days 364 days before (the same weekdays); None before its history."""
    if row.history_days < 364:
        return None
    last = until + timedelta(days=WEEKS_DAYS) - timedelta(days=364)
    return sum(sku_days(row.variant_id, last, days=WEEKS_DAYS).units)


def _holidays(until: date) -> tuple[date, ...]:
    from inventory.ml.calendar import holidays_between

    first, last = until + timedelta(days=1), until + timedelta(days=WEEKS_DAYS)
    found = holidays_between(first, last, tuple(settings.SHOP_COUNTRIES))
    return tuple(day for day in found if first <= day <= last)


def _returned(variant_id: int, first: date, until: date) -> int:
    found = ReturnLine.objects.filter(
        variant=variant_id, kind=LineKind.ITEM, **_days("parent__returned_at", first, until)
    )
    return found.aggregate(total=Sum("units"))["total"] or 0


def _days(field: str, first: date, until: date) -> dict[str, datetime]:
    return {
        f"{field}__gte": _midnight(first),
        f"{field}__lt": _midnight(until + timedelta(days=1)),
    }


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _list(name: str, row: DemandForecast) -> str:
    return f"{reverse(f'admin:{name}_changelist')}?q={row.variant.sku}"
