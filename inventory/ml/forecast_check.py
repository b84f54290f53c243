"""The eight questions of people who do not believe a forecast, decided from counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass

OK, LOOK, UNKNOWN = "ok", "look", "unknown"
CHECKS = (
    "stockouts", "bulk_order", "price", "promotion", "short_history", "season", "returns", "model",
)  # fmt: skip
# Each limit is where the thing begins to move a four-week forecast by a tenth or more.
STOCKOUT_SHARE = 0.1  # of the days looked at
BULK_SHARE = 0.2  # of the units of the days looked at, in one order …
BULK_LEAST_UNITS = 5  # … that is not simply the one order of a slow SKU
PRICE_CHANGE = 0.05
YEAR_DAYS = 365
SEASON_CHANGE = 0.5  # against the same weeks a year before
RETURN_SHARE = 0.15
STALE_DAYS = 2
INSIDE_LEAST = 0.6  # of days within the 80 % interval; 0.8 is what it promises
INSIDE_DAYS = 14  # fewer compared days say nothing


@dataclass(frozen=True)
class CheckFacts:
    """What is counted for one SKU over the days looked at; None = not known.

    days, stockout_days, units, largest_order_units: of the past that the page shows.
    price_change:       newest list price over the one four weeks before, less 1.
    reduced_days:       days with a reduction in the past four weeks; planned_days ahead.
    unplanned_sources:  campaigns in the horizon of which too little is known to plan with.
    history_days:       days with known demand.
    forecast_units, year_ago_units: of the horizon, and of the same days a year before.
    holidays:           public holidays in the horizon.
    returned_units:     that came back in the days looked at.
    age_days:           between the forecast's last known day and the last full day.
    is_live:            a model that beat its baseline made it.
    inside, compared:   days of the past weeks within the 80 % interval, of those compared.
    """

    days: int
    stockout_days: int
    units: float
    largest_order_units: int
    price_change: float | None
    reduced_days: int
    planned_days: int
    unplanned_sources: int
    history_days: int
    forecast_units: float | None
    year_ago_units: float | None
    holidays: int
    returned_units: int
    age_days: int
    is_live: bool
    inside: int
    compared: int


def verdicts(facts: CheckFacts) -> dict[str, str]:
    """Check → ok, look (it may move the number), or unknown (the data cannot tell)."""
    return {
        "stockouts": _when(facts.stockout_days >= STOCKOUT_SHARE * facts.days),
        "bulk_order": _bulk(facts),
        "price": UNKNOWN
        if facts.price_change is None
        else _when(abs(facts.price_change) >= PRICE_CHANGE),
        "promotion": _when(
            bool(facts.unplanned_sources) or (facts.reduced_days > 0) != (facts.planned_days > 0)
        ),
        "short_history": _when(facts.history_days < YEAR_DAYS),
        "season": _season(facts),
        "returns": UNKNOWN
        if not facts.units
        else _when(facts.returned_units >= RETURN_SHARE * facts.units),
        "model": _model(facts),
    }


def _when(true: bool) -> str:
    return LOOK if true else OK


def _bulk(facts: CheckFacts) -> str:
    if not facts.units:
        return UNKNOWN
    large = facts.largest_order_units
    return _when(large >= BULK_LEAST_UNITS and large >= BULK_SHARE * facts.units)


def _season(facts: CheckFacts) -> str:
    if facts.forecast_units is None or not facts.year_ago_units:
        return LOOK if facts.holidays else UNKNOWN
    change = facts.forecast_units / facts.year_ago_units - 1
    return _when(bool(facts.holidays) or abs(change) >= SEASON_CHANGE)


def _model(facts: CheckFacts) -> str:
    if not facts.is_live or facts.age_days > STALE_DAYS:
        return LOOK
    if facts.compared < INSIDE_DAYS:
        return UNKNOWN
    return _when(facts.inside < INSIDE_LEAST * facts.compared)
