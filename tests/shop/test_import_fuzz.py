"""Hundreds of fuzzed files through every importer; benchmarks/fuzz_imports.py takes ten thousand."""

import pytest

from benchmarks.fuzzing import (
    Case,
    Fault,
    Row,
    add_what_rows_refer_to,
    import_case,
    land_intact_rows,
    make_case,
)
from shop.importers import run
from shop.importers.registry import all_importers, importer_of

SEEDS = range(9_000, 9_006)


@pytest.fixture
def known(db):
    add_what_rows_refer_to()


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_every_fuzzed_file_ends_with_a_report_or_one_sentence(known, tmp_path, seed):
    for importer in all_importers().values():
        import_case(make_case(importer, seed), tmp_path)


@pytest.mark.parametrize("key", sorted(all_importers()))
def test_the_intact_rows_of_every_importer_are_good_rows(known, tmp_path, key):
    """Control: rows that are all rejected would prove nothing of their importer."""
    accepted = [_accepted(make_case(importer_of(*key), seed), tmp_path) for seed in range(12)]
    assert any(accepted)


def _accepted(case: Case, folder) -> bool:
    report, landed = land_intact_rows(case, folder)
    return bool(report) and not report.rejected and bool(landed)


def _case() -> Case:
    header = ["customer_code", "name"]
    rows = [Row({"customer_code": f"F{n}", "name": "Ann"}, line=n + 1) for n in (1, 2, 3)]
    rows[1].is_intact = False
    rows[1].repaired = {"customer_code": "F2", "name": "Bob"}
    content = b"customer_code,name\nF1,Ann\nF 2,Bob\nF3,Ann\n"
    return Case("customers", "backroom", 0, header, rows, content=content)


def test_the_judge_accepts_what_is_right(known, tmp_path):
    assert import_case(_case(), tmp_path) == "imported with rejects"


def test_the_judge_sees_a_lost_row(known, tmp_path, monkeypatch):
    """Control: an importer that drops a good row on the way must be found out."""
    customers = importer_of("customers")
    load = customers.load

    def forgetful(rows, chunk):
        load(rows.head(1), chunk)
        chunk.count(unchanged=rows.height - 1)

    def broken(kind, format):
        return customers.__class__(**{**customers.__dict__, "load": forgetful})

    case = _case()
    real = run.importer_of
    calls = []

    def second_time(kind, format):  # the plain file of intact rows goes through the real one
        calls.append(kind)
        return real(kind, format) if len(calls) == 1 else broken(kind, format)

    monkeypatch.setattr(run, "importer_of", second_time)
    with pytest.raises(Fault, match="intact rows are lost"):
        import_case(case, tmp_path)


def test_the_judge_sees_a_wrong_line(known, tmp_path):
    """Control: a rejects file that names another line must be found out."""
    case = _case()
    case.rows[1].line = 7
    with pytest.raises(Fault, match="are no rows"):
        import_case(case, tmp_path)
