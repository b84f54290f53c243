"""What a table of sales becomes: zeros, gaps, closed days, late starters, half weeks."""

import numpy as np
import polars as pl
import pytest

from inventory.ml.panel import period_of
from inventory.ml.sales_table import SalesTableError, read_sales


def table(rows, columns=("sku", "date", "units")):
    return pl.DataFrame(
        {name: [str(row[i]) for row in rows] for i, name in enumerate(columns)},
        schema=dict.fromkeys(columns, pl.String),
    )


def many_skus(days, skus=6):
    return [(f"S{number}", day, 1) for day in days for number in range(skus)]


def test_a_day_absent_for_all_of_many_skus_is_closed():
    panel, facts = read_sales(table(many_skus(["2026-03-02", "2026-03-04"])), "D")
    assert facts.closed_periods == 1
    assert np.isnan(panel.units[:, 1]).all()


def test_a_day_absent_in_a_small_shop_is_a_day_without_a_sale():
    rows = [("A", "2026-03-02", 2), ("B", "2026-03-02", 1), ("A", "2026-03-04", 3)]
    panel, facts = read_sales(table(rows), "D")
    assert facts.closed_periods == 0
    assert panel.units.tolist() == [[2, 0, 3], [1, 0, 0]]


def test_before_its_first_row_a_sku_has_no_demand():
    rows = [("A", "2026-03-02", 2), ("B", "2026-03-03", 1)]
    panel, _facts = read_sales(table(rows), "D")
    assert np.isnan(panel.units[1, 0])


def test_returns_are_counted_and_are_not_demand():
    rows = [("A", "2026-03-02", 2), ("A", "2026-03-02", -2)]
    panel, facts = read_sales(table(rows), "D")
    assert panel.units.tolist() == [[2]]
    assert facts.return_rows == 1


def test_half_a_week_at_the_edge_is_no_week():
    days = [f"2026-03-{day:02d}" for day in range(4, 18)]  # Wednesday to Tuesday
    panel, facts = read_sales(table([("A", day, 1) for day in days]), "W")
    assert panel.units.tolist() == [[7]]
    assert facts.edge_days_dropped == 7


def test_one_row_a_month_is_taken_as_it_is():
    rows = [("A", "2026-01-31", 5), ("A", "2026-02-28", 7)]
    panel, facts = read_sales(table(rows), "M")
    assert panel.units.tolist() == [[5, 7]]
    assert facts.edge_days_dropped == 0


def test_weeks_begin_on_monday():
    days = np.array(["2026-03-01", "2026-03-02", "2026-03-08"], dtype="datetime64[D]")
    assert [str(day) for day in period_of(days, "W")] == ["2026-02-23", "2026-03-02", "2026-03-02"]


def test_promotions_of_later_days_are_plans_only_where_unsold_days_have_rows():
    columns = ("sku", "date", "units", "promotion")
    full = [("A", "2026-03-02", 2, 0), ("A", "2026-03-03", 0, 1), ("A", "2026-03-04", 1, 0)]
    assert read_sales(table(full, columns), "D")[0].promotion_ahead
    assert not read_sales(table([full[0], full[2]], columns), "D")[0].promotion_ahead


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ([("A", 1)], ("sku", "units"), "no column date"),
        ([("A", "2026-03-02", "x")], ("sku", "date", "units"), "Line 2: units 'x'"),
        ([("A", "soon", 1)], ("sku", "date", "units"), "Line 2: date 'soon'"),
        ([("", "2026-03-02", 1)], ("sku", "date", "units"), "Line 2: sku"),
        ([("A", "2026-03-02", "nan")], ("sku", "date", "units"), "is not a number"),
        ([], ("sku", "date", "units"), "no rows"),
        ([("A", "2026-03-02", -1)], ("sku", "date", "units"), "no row with sold units"),
    ],
)
def test_a_broken_table_is_refused_in_one_sentence(rows, columns, message):
    with pytest.raises(SalesTableError, match=message):
        read_sales(table(rows, columns), "D")
