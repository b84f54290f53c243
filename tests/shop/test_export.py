"""What the files of an export look like, and what the command says."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.exporters import pages
from shop.exporters.cells import cell
from shop.exporters.registry import UnknownExporterError, exporter_of
from shop.exporters.run import export_file
from tests.factories import make_customer, make_variant

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "'=", "''@"])
def test_no_cell_runs_in_a_spreadsheet(start):
    assert cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


def test_numbers_and_plain_words_are_not_touched():
    assert [cell(v) for v in (-5, "it's", "'tis", "a=b", True, None)] == [
        "-5", "it's", "'tis", "a=b", "yes", "",
    ]  # fmt: skip


def test_the_mark_for_excel_comes_first_and_only_when_asked_for(tmp_path):
    make_customer(name="绿茶")
    for with_bom in (False, True):
        export_file("customers", tmp_path / "c.csv", with_bom=with_bom)
        assert (tmp_path / "c.csv").read_bytes().startswith(b"\xef\xbb\xbf") is with_bom


def test_pages_follow_each_other_without_a_gap(tmp_path, monkeypatch):
    monkeypatch.setattr(pages.pages, "__defaults__", (3,))
    for number in range(10):
        make_customer(f"C-{number}")
    report = export_file("customers", tmp_path / "c.csv")
    with (tmp_path / "c.csv").open(newline="") as file:
        codes = [row["customer_code"] for row in csv.DictReader(file)]
    assert codes == [f"C-{number}" for number in range(10)]
    assert report.rows == 10


def test_a_page_costs_the_same_however_many_rows_it_holds(tmp_path):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            export_file("products", tmp_path / "p.csv")
        return len(seen)

    make_variant("A", category="c")
    few = queries()
    for number in range(20):
        make_variant(f"B{number}", category="c", brand="b")
    assert queries() == few <= 8


def test_a_failed_export_leaves_the_old_file_alone(tmp_path, monkeypatch):
    (tmp_path / "c.csv").write_text("old")
    make_customer()

    def break_down(*_args):
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        export_file("customers", tmp_path / "c.csv", progress=break_down)
    assert [path.name for path in tmp_path.iterdir()] == ["c.csv"]
    assert (tmp_path / "c.csv").read_text() == "old"


def test_the_command_writes_and_reports(tmp_path):
    make_customer()
    out = StringIO()
    call_command("export_data", "customers", str(tmp_path / "c.csv"), verbosity=0, stdout=out)
    assert "c.csv: 1 rows" in out.getvalue()


def test_the_command_says_what_there_is(tmp_path):
    with pytest.raises(CommandError, match="no kind of data called unicorns") as refused:
        call_command("export_data", "unicorns", str(tmp_path / "c.csv"), verbosity=0)
    assert refused.value.returncode == 2
    with pytest.raises(UnknownExporterError, match="in the format excel; there is backroom"):
        exporter_of("products", "excel")
    assert exporter_of("inventory").kind == "stock"
    missing = tmp_path / "no" / "c.csv"
    with pytest.raises(CommandError, match="No such file"):
        call_command("export_data", "customers", str(missing), verbosity=0)


def test_what_a_file_cannot_hold_is_said(tmp_path):
    variant = make_variant()
    variant.product.images.create(file="products/tea.jpg")
    variant.product.__class__.objects.create(code="EMPTY", name="No SKU yet")
    report = export_file("products", tmp_path / "p.csv")
    assert report.left_out == [
        "1 products that have no SKU",
        "1 pictures that are files: copy the media folder",
    ]
