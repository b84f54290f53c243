"""Customers and their consents from a file, on both databases."""

import csv
from pathlib import Path

import pytest

from shop.importers.run import Options, import_file
from shop.models import Consent, Customer

pytestmark = pytest.mark.django_db

FILE = """customer_code,email,name,country,consent_marketing_email,consent_at
C1,ann@example.com,Ann,GB,yes,2026-01-05 10:00
C2,,王伟,CN,no,2026-01-05
C3,not-an-address,Eve,GB,,
C4,ann@example.com,Imposter,GB,,
C1,other@example.com,Ann again,GB,,
C5,=cmd|' /C calc'!A0,Mallory,GB,perhaps,
,x@example.com,Nobody,,,
"""


def imported(path: Path, text: str, **options):
    path.write_text(text, encoding="utf-8")
    return import_file(
        "customers", path, options=Options(rejects=path.with_suffix(".rejects"), **options)
    )


def test_good_rows_land_and_bad_rows_say_where_and_why(tmp_path):
    report = imported(tmp_path / "people.csv", FILE)

    assert (report.rows_read, report.new, report.rejected) == (7, 2, 5)
    ann, wei = Customer.objects.order_by("code")
    assert (ann.email, ann.name, wei.name, wei.email) == ("ann@example.com", "Ann", "王伟", "")
    assert ann.allows("marketing_email")
    assert not wei.allows("marketing_email")
    with open(report.rejects_file, encoding="utf-8-sig", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert [(r["line"], r["column"], r["reason"]) for r in rejects] == [
        ("4", "email", "is no e-mail address"),
        ("5", "email", "belongs to another customer"),
        ("6", "customer_code", "is repeated"),
        (
            "7",
            "email; consent_marketing_email",
            "is no e-mail address; is neither yes nor no",
        ),
        ("8", "customer_code", "is missing"),
    ]
    assert rejects[0]["name"] == "Eve"
    assert rejects[3]["value"].startswith("'=")


def test_twice_equals_once(tmp_path):
    imported(tmp_path / "people.csv", FILE)
    before = list(Customer.objects.values()), list(Consent.objects.values())

    again = imported(tmp_path / "people.csv", FILE)

    assert (again.new, again.changed, again.unchanged, again.rejected) == (0, 0, 2, 5)
    assert not again.written
    assert before == (list(Customer.objects.values()), list(Consent.objects.values()))


def test_a_change_is_one_changed_row_and_blanks_erase_nothing(tmp_path):
    imported(tmp_path / "people.csv", FILE)
    report = imported(
        tmp_path / "news.csv",
        "Customer ID;name;consent_marketing_email;consent_at\n"
        "C1;Ann Lee;;\nC2;;yes;02/03/2026 09:30\n",
    )

    assert (report.new, report.changed, report.unchanged) == (0, 2, 0)
    assert Customer.objects.get(code="C1").name == "Ann Lee"
    wei = Customer.objects.get(code="C2")
    assert wei.name == "王伟"
    assert wei.allows("marketing_email")


def test_dry_run_counts_and_writes_nothing(tmp_path):
    report = imported(tmp_path / "people.csv", FILE, dry_run=True)

    assert (report.new, report.rejected) == (2, 5)
    assert not Customer.objects.exists()
