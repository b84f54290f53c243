"""When cohorts have paid for themselves, and why nothing is said where a cost is missing."""

from datetime import UTC, date, datetime

import pytest

from decisions.services.snapshots import Shown
from marketing.models import AcquisitionCost
from marketing.pages.payback import file_rows, payback_of
from shop.importers.run import Options, import_file
from shop.models import Channel

pytestmark = pytest.mark.django_db
NOWHERE = {"category": "", "channel": "", "country": "", "segment": ""}


def cell(period, value, low, state="done"):
    return {"period": period, "state": state, "value": value, "low": low, "high": value + 300}


def cohort(month, margin, customers=100, is_growing=False):
    return {"cohort": month, "customers": customers, "is_growing": is_growing, "margin": margin}


def report(*rows, unit="month", who=NOWHERE, step=1):
    payload = {"unit": unit, "who": who, "step": step, "rows": list(rows)}
    return Shown(payload, datetime(2026, 6, 1, tzinfo=UTC))


def cost(month, pounds, channel=None):
    AcquisitionCost.objects.create(
        key=f"{month}/{channel}", month=date.fromisoformat(month), amount_minor=pounds * 100,
        channel=channel,
    )  # fmt: skip


MARGIN = [cell(0, 500, 300), cell(1, 900, 700), cell(2, 1400, 1100), cell(3, 1600, 0, "foreseen")]


def test_the_first_month_whose_margin_reaches_the_cost_and_the_first_that_surely_does():
    cost("2026-01-01", 600)
    cost("2026-01-01", 200, Channel.objects.create(code="web", name="Web"))
    [line] = payback_of(report(cohort("2026-01-01", MARGIN)))["lines"]
    assert line["each"] == "£8.00"
    assert (line["period"], line["surely"]) == (1, 2)
    [line] = payback_of(report(cohort("2026-01-01", MARGIN), step=4))["lines"]
    assert (line["each"], line["period"]) == ("£2.00", 0)
    web = NOWHERE | {"channel": "web"}
    [line] = payback_of(report(cohort("2026-01-01", MARGIN), who=web))["lines"]
    assert line["each"] == "£2.00"


def test_what_is_not_reached_foreseen_or_not_known_is_not_claimed():
    for month in ("2026-01-01", "2026-02-01", "2026-04-01"):
        cost(month, 1_500)
    found = payback_of(
        report(
            cohort("2026-01-01", MARGIN),
            cohort("2026-02-01", []),
            cohort("2026-03-01", MARGIN),
            cohort("2026-04-01", MARGIN, is_growing=True),
        )
    )["lines"]
    assert (found[0]["period"], found[0]["last_period"]) == (None, 2)
    assert "no margin is known" in found[1]["reason"]
    assert "no cost of this month" in found[2]["reason"]
    assert "each" not in found[2]
    assert "not over" in found[3]["reason"]


def test_without_any_cost_or_with_filters_that_costs_do_not_know_it_is_refused():
    row = cohort("2026-01-01", MARGIN)
    assert "not taken for 0" in payback_of(report(row))["refusal"]
    assert list(file_rows(report(row))) == []
    cost("2026-01-01", 10)
    assert "choose months" in payback_of(report(row, unit="week"))["refusal"]
    tea = NOWHERE | {"category": "tea"}
    assert "take these filters away" in payback_of(report(row, who=tea))["refusal"]


def test_a_file_brings_costs_and_a_later_one_replaces_them(tmp_path):
    Channel.objects.create(code="web", name="Web")
    path = tmp_path / "costs.csv"
    path.write_text(
        "month,channel,amount,source\n2026-01-17,,600.50,ads\n2026-01-01,web,20,\n2026-01-02,web,30,\n2026-02-01,sea,1,\n"
    )
    first = import_file("acquisition_costs", path, options=Options())
    assert (first.new, first.rejected) == (2, 2)
    assert {(c.key, c.amount_minor) for c in AcquisitionCost.objects.all()} == {
        ("2026-01", 60_050), ("2026-01/web", 2_000),
    }  # fmt: skip
    path.write_text("month,channel,amount,source\n2026-01-01,,700,ads\n")
    again = import_file("acquisition_costs", path, options=Options())
    assert (again.new, again.changed) == (0, 1)
    assert import_file("acquisition_costs", path, options=Options()).unchanged == 1
