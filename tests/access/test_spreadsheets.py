"""No cell of a file that leaves for a spreadsheet is carried out there."""

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.spreadsheets import inert, lines_of, write_rows

ROOT = Path(__file__).resolve().parents[2]
# What is read in again has its own, reversible form; its files are named here.
REVERSIBLE = {"shop/exporters/run.py", "shop/importers/rejects.py", "access/spreadsheets.py"}
REVERSIBLE |= {"inventory/services/warehouse_forecast_file.py"}  # what export_data writes
NOT_SHIPPED = ("tests", "benchmarks", ".venv", "var")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("-12.50", "-12.50"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("tea", "tea"),
        ("", ""),
        (-3, -3),
        (None, None),
    ],
)
def test_what_begins_like_a_formula_stands_behind_a_quote(value, written):
    assert inert(value) == written


@given(st.lists(st.lists(st.text(max_size=12) | st.integers() | st.none(), min_size=1), max_size=5))
def test_no_cell_begins_like_a_formula_whatever_was_typed(rows):
    whole = io.StringIO()
    write_rows(whole, rows)
    assert "".join(lines_of(rows)) == whole.getvalue()
    for row in csv.reader(io.StringIO(whole.getvalue(), newline="")):
        for cell in row:
            assert not re.match(r"[=@\t＝＋－＠]|[+-](?!\d[\d .,]*$)", cell), cell


def test_nobody_else_writes_files_for_spreadsheets():
    """A csv.writer of one's own would leave this out again."""
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).parts[0] not in NOT_SHIPPED
        and re.search(r"csv\.(Dict)?[wW]riter\(", path.read_text(encoding="utf-8"))
    }
    assert found - REVERSIBLE == set()
