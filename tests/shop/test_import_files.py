"""Files as people send them: encodings, quotes, nonsense, and files that cannot be read at all."""

import csv
import gzip
import io
from decimal import Decimal

import polars as pl
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decisions.services.jobs import create_job, run_job
from shop.importers.columns import Reading, money, whole
from shop.importers.encodings import UnusableFileError
from shop.importers.moments import parse_moments
from shop.importers.run import Options, import_file
from shop.importers.seen import Counted, Seen, hashes_of
from shop.importers.source import CsvSource
from shop.models import Customer, Order, Return

TEXT = 'customer_code,name\nC1,"王, 伟"\nC2,Zoë £5\n'


def rows_of(path, **options) -> list[tuple]:
    frame = pl.concat(CsvSource(path, **options).frames())
    return frame.drop("broken").rows()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_found(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert rows_of(path) == [("C1", "王, 伟", 2), ("C2", "Zoë £5", 3)]
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(TEXT.encode(encoding)))
    assert rows_of(packed) == rows_of(path)


def test_windows_1252_is_read_and_damaged_utf8_is_not(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("customer_code,name\nC2,Zoë £5\n".encode("cp1252"))
    assert rows_of(path) == [("C2", "Zoë £5", 2)]
    path.write_bytes(TEXT.encode() + b"C3,\xff\xfe\x81\n")
    with pytest.raises(UnusableFileError, match="is neither UTF-8, GB18030 nor Windows-1252"):
        CsvSource(path)


def test_line_numbers_survive_quoted_newlines_and_broken_rows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"x\ny"\n\n2,"a ""b"" c"\n3\n4,5,6\n7,8,,\n9,"open\n10,11\n')
    frame = pl.concat(CsvSource(path).frames())
    assert frame["line"].to_list() == [2, 5, 6, 7, 8, 9, 10]
    assert frame["b"].to_list()[:2] == ["x\ny", 'a "b" c']
    assert [bool(problem) for problem in frame["broken"]] == [
        False,
        False,
        True,
        True,
        False,
        True,  # its quote never closes: that line is lost, the next one is not
        False,
    ]


def test_a_field_that_is_too_long_is_one_rejected_row_over_however_many_lines(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f'a,b\n"x\ny",{"z" * 100_001}\n"1",{"z" * 100_001}\n3,4\n')
    frame = pl.concat(CsvSource(path).frames())
    assert frame["line"].to_list() == [2, 4, 5]
    assert [bool(problem) for problem in frame["broken"]] == [True, True, False]
    assert frame["a"].to_list() == ["x\ny", "1", "3"]  # nothing of them is lost


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.text(st.sampled_from('ab",\n\r é王 ;=1'), max_size=6), min_size=2, max_size=2),
        min_size=1,
        max_size=8,
    ),
    chunk=st.integers(1, 5),
)
def test_any_table_that_csv_writes_is_read_back(tmp_path_factory, rows, chunk):
    out = io.StringIO()
    csv.writer(out).writerows([["first", "second"], *rows])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(out.getvalue().encode())
    frame = pl.concat(CsvSource(path, chunk_rows=chunk).frames())
    expected = [row for row in csv.reader(io.StringIO(out.getvalue(), newline="")) if row][1:]
    assert [list(row) for row in frame.select("first", "second").rows()] == expected


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n" + b"x" * 1_000_002)
    with pytest.raises(UnusableFileError, match="Line 2 is longer than 1,000,000 characters"):
        list(CsvSource(path).frames())


def test_gzip_that_unpacks_to_hundreds_of_times_its_size_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("shop.importers.encodings.BOMB_BYTES", 1_000_000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 1_000_000))
    with pytest.raises(UnusableFileError, match="unpacks to more than 200 times its size"):
        CsvSource(path)


def test_what_was_seen_is_found_again_over_many_parts(monkeypatch):
    monkeypatch.setattr("shop.importers.seen.RUN", 3)
    seen, counted = Seen(), Counted()
    for part in range(5):
        keys = pl.Series("k", [f"{part}-{n}" for n in range(4)])
        assert not seen.has(hashes_of(keys)).any()
        assert counted.of(keys).to_list() == [0] * 4
        seen.add([hashes_of(keys)])
        counted.put(keys, pl.Series(range(part, part + 4)))
        assert seen.has(hashes_of(keys)).all()
    counted.put(pl.Series("k", ["0-1"]), pl.Series([99]))
    assert counted.of(pl.Series("k", ["0-1", "4-3", "9-9"])).to_list() == [99, 7, 0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"\x00\x01\x02\x03" * 50, "is no text file"),
        (b"\x1f\x8b\x08\x00broken", "is damaged"),
        (gzip.compress(TEXT.encode() * 999)[:-20], "is damaged"),
        (b"1,2,3\n4,5,6\n", "has no header line"),
        (b"name,email\nAnn,a@example.com\n", "lacks the column customer_code; it has name, email"),
        (b"customer_code,customer_code\n1,2\n", "has the column customer_code twice"),
    ],
)
@pytest.mark.django_db
def test_a_broken_file_gets_one_sentence_and_status_2(tmp_path, content, says):
    path = tmp_path / "people.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=says) as caught:
        call_command("import_data", "customers", str(path), verbosity=0)
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)


def parsed(column, values, reading=None) -> list:
    frame = pl.DataFrame({"v": pl.Series(values, dtype=pl.String)})
    return frame.select(column.parse(pl.col("v"), reading or Reading(time_zone="UTC")))[
        "v"
    ].to_list()


def test_money_and_whole_numbers_are_exact_or_nothing():
    nonsense = ["1e309", "NaN", "inf", "--1", "1,23", "0x10", "٣", "1.2.3", "£5", "9" * 40, "=1+1"]
    assert parsed(money("v"), nonsense) == [None] * len(nonsense)
    assert parsed(whole("v"), nonsense) == [None] * len(nonsense)
    assert parsed(money("v"), ["1,234.50", "-0.07", ".5", "2.555"]) == [123450, -7, 50, None]
    assert parsed(whole("v"), ["1,200", "6.0", "6.5", "-3"]) == [1200, 6, None, -3]
    comma = Reading(decimal=",", time_zone="UTC")
    assert parsed(money("v"), ["1.234,50", "2,5", "2.50"], comma) == [123450, 250, None]


def test_times_are_the_shops_own_clock():
    london = [
        "2011-07-01 09:00",
        "2010-10-31 01:30",
        "2010-03-28 01:30",
        "2011-07-01T09:00:00+08:00",
    ]
    found = parse_moments(pl.Series(london), True, "Europe/London")
    assert [f"{at:%m-%d %H:%M}" for at in found] == [
        "07-01 08:00",
        "10-31 00:30",  # occurs twice: the first
        "03-28 01:30",  # skipped by the clocks: moved on
        "07-01 01:00",
    ]
    assert parse_moments(pl.Series(["31.12.2011 8:05", "0000-01-01", "x"]), True, "UTC").to_list()[
        1:
    ] == [None, None]


CELL = st.one_of(
    st.sampled_from(["", "1", "-2", "3.5", "0", "12,5", "abc", "=1+1", "\x00", "1e309", "0.005"]),
    st.text(max_size=5),
)
ROW = st.tuples(
    st.sampled_from(["1", "2", "C3", "A4", ""]), st.sampled_from(["85123A", "POST", "D", "x"]), CELL,
    CELL, st.sampled_from(["2011-01-01 10:00", "bad", "1/2/2011 9:00"]), CELL,
    st.sampled_from(["", "17850"]),
)  # fmt: skip


@pytest.mark.django_db
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=st.lists(ROW, min_size=1, max_size=12))
def test_whatever_the_file_holds_rows_and_money_add_up(tmp_path_factory, rows):
    names = [
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
    ]
    path = tmp_path_factory.mktemp("money") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, *rows])
    with transaction.atomic():
        report = import_file("orders", path, format="online-retail", options=Options())
        written = _money_in_database()
        transaction.set_rollback(True)

    assert report.rows_read == len(rows) == report.new + report.rejected
    assert report.money.read == report.money.accepted + report.money.rejected
    assert written == report.sums["orders"] - report.sums["returns"]
    assert abs(report.money.accepted - written) <= Decimal("0.005") * len(rows)


def _money_in_database() -> Decimal:
    orders = sum(Order.objects.values_list("total_minor", flat=True))
    returns = sum(Return.objects.values_list("refund_minor", flat=True))
    return Decimal(orders - returns) / 100


@pytest.mark.django_db
def test_a_job_imports_and_keeps_the_report(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(TEXT, encoding="utf-8")
    job, _created = create_job("import_data", {"path": str(path), "kind": "customers"})

    done = run_job(job.pk)

    assert (done.state, done.result["new"], done.result["rejected"]) == ("succeeded", 2, 0)
    assert Customer.objects.count() == 2
