"""import_data evidence and export_data evidence: decisions go through the services, twice is once."""

import csv

import pytest

from marketing.models import ClaimRecord, Evidence, EvidenceUse
from marketing.services.content import evidence
from marketing.services.content.evidence_records import document_of, revise_evidence
from shop.exporters.run import export_file
from shop.importers.run import Options, import_file
from shop.models import Variant
from tests.factories import make_variant
from tests.factories_content import make_evidence, make_kettle, make_use
from tests.factories_marketing import approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
SENTENCE = "The spout is solid brass"
BODY = f"{{greeting}}\n\n{{product}} is yours for {{price}}. {SENTENCE}.\n\n{{link}}"
HEADER = "code,revision,title,url,excerpt,valid_from,valid_until,state,sentence,kind,language,sku"
LAB = "LAB-7,1,Report,https://lab.example/7,Brass.,2026-01-01,"


@pytest.fixture
def read(tmp_path):
    def call(*lines, header=HEADER):
        path, rejects = tmp_path / "evidence.csv", tmp_path / "rejects.csv"
        path.write_text("\n".join([header, *lines]), encoding="utf-8")
        rejects.unlink(missing_ok=True)
        report = import_file("evidence", path, options=Options(rejects=rejects))
        with (
            rejects.open(encoding="utf-8-sig", newline="") if report.rejected else path.open() as f
        ):
            refused = list(csv.DictReader(f)) if report.rejected else []
        return report, [(int(r["line"]), r["column"], r["reason"]) for r in refused]

    return call


def counts(report) -> tuple[int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.rejected


def test_documents_and_their_sentences_come_in_once(read):
    make_variant("KET-1")
    lines = [
        f"{LAB},approved,,,,",
        f"LAB-7,1,,,,,,,{SENTENCE},specification,en,KET-1",
        f"LAB-7,1,,,,,,,{SENTENCE},specification,en,",
        "LAB-8,,Waits,https://lab.example/8,Glass.,2026-01-01,2026-12-31,,,,,",
    ]
    report, refused = read(*lines)
    assert (counts(report), refused) == ((4, 0, 0, 0), [])
    one, other = Evidence.objects.order_by("code")
    assert (one.state, one.decided_at is not None, one.revision) == ("approved", True, 1)
    assert (other.state, other.decided_at, str(other.valid_until)) == (
        "pending",
        None,
        "2026-12-31",
    )
    assert EvidenceUse.objects.filter(evidence=one).count() == 2
    assert counts(read(*lines)[0]) == (0, 0, 4, 0)
    assert EvidenceUse.objects.count() == 2


def test_withdrawing_by_a_file_pulls_live_copy_in_its_transaction(read):
    make_use(SENTENCE, make_evidence(code="LAB-7"))
    make_reachable(2)
    campaign = approve(make_campaign(variant=make_kettle(), body=BODY))
    report, _refused = read("LAB-7,1,withdrawn", header="code,revision,state")
    assert counts(report) == (0, 1, 0, 0)
    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert not ClaimRecord.objects.filter(state="live").exists()
    assert counts(read("LAB-7,1,approved", header="code,revision,state")[0]) == (0, 0, 1, 0)
    assert Evidence.objects.get().state == "withdrawn"  # onwards only


def test_a_trial_run_withdraws_nothing(tmp_path):
    make_evidence(code="LAB-7")
    path = tmp_path / "evidence.csv"
    path.write_text("code,state\nLAB-7,withdrawn\n")
    assert import_file("evidence", path, options=Options(dry_run=True)).changed == 1
    assert Evidence.objects.get().state == "approved"


def test_an_approved_revision_takes_the_place_of_the_one_before(read):
    use = make_use(SENTENCE, make_evidence(code="LAB-7"))
    header = "code,revision,title,url,excerpt,valid_from,state,keeps_uses,sentence,kind,language"
    lines = [
        "LAB-7,2,Renewed,https://lab.example/8,Brass.,2026-01-01,approved,yes,,,",
        f"LAB-7,2,,,,,,,{SENTENCE},specification,en",
    ]
    report, refused = read(*lines, header=header)
    assert (counts(report), refused) == ((1, 0, 1, 0), [])  # its uses came with the approval
    use.evidence.refresh_from_db()
    assert use.evidence.state == "withdrawn"
    assert EvidenceUse.objects.count() == 2
    report, refused = read(
        "LAB-7,1,,,,,approved,,,,", "LAB-7,3,T,https://a.example/,E,2026-01-01,,,,,", header=header
    )
    assert (counts(report), refused) == ((1, 0, 1, 0), [])


def test_refusals_name_line_column_and_reason_and_write_nothing(read):
    make_evidence(code="DONE")
    make_evidence(code="TWO", state="pending", revision=1)
    make_evidence(code="TWO", state="approved", revision=2)
    report, refused = read(
        "A,,,https://lab.example/7,E,2026-01-01,,,,,,",
        "B,,T,,E,2026-01-01,,,,,,",
        "C,,T,https://lab.example/7,E,2026-01-01,2025-01-01,,,,,",
        "DONE,1,Other,,,,,,,,,",
        "TWO,1,,,,,,approved,,,,",
        "TWO,3,T,https://lab.example/7,E,2026-01-01,,,,,,",
        f"DONE,1,,,,,,,{SENTENCE},,en,",
        f"DONE,1,,,,,,,{SENTENCE},health,en,LOST",
        "DONE,1,,,,,,,,health,,",
        "D,1,T,ftp://x,E,2026-01-01,,,,,,",
        "E,1,T,https://a.example/,E,2026-01-01,,lost,,,,",
    )
    assert refused == [
        (2, "title", "is missing"),
        (3, "url", "cannot be: Give a file or an address."),
        (4, "valid_until", "cannot be: It ends before it begins."),
        (5, "title", "differs from what was decided on: give it the next revision"),
        (6, "state", "cannot be: a later revision is approved already"),
        (7, "state", "cannot be: another revision waits for approval"),
        (8, "kind", "is missing"),
        (9, "sku", "is no SKU of the shop"),
        (10, "sentence", "is missing"),
        (11, "url", "is no http address of at most 200 characters"),
        (12, "state", "is none of pending, approved, withdrawn"),
    ]
    assert (report.rejected, Evidence.objects.count(), EvidenceUse.objects.count()) == (11, 3, 0)


def test_a_row_that_contradicts_an_earlier_one_is_refused(read):
    header = "code,title,url,excerpt,valid_from,state,sentence,kind,language"
    first = "LAB-7,Report,https://lab.example/7,Brass.,2026-01-01,,,,"
    lines = [
        first, first, "LAB-7,Other,,,,,,,", "LAB-7,,,,,approved,,,",
        f"LAB-7,,,,,,{SENTENCE},health,en", f"LAB-7,,,,,,{SENTENCE},rating,en",
    ]  # fmt: skip
    for came in ((2, 0, 1, 3), (0, 0, 3, 3)):
        report, refused = read(*lines, header=header)
        assert counts(report) == came
        assert refused == [
            (4, "title", "is not what an earlier row says"),
            (5, "state", "is not what an earlier row says"),
            (7, "kind", "is not what is stored of this sentence"),
        ]


@pytest.mark.parametrize(
    "name", ["../secret.txt", "2026/03/lost.pdf", "2026/03/r.html", "/etc/passwd"]
)
def test_a_file_names_only_what_lies_in_the_folder(read, settings, tmp_path, name):
    settings.VAR_DIR = tmp_path / "var"
    folder = tmp_path / "var" / "evidence" / "2026" / "03"
    folder.mkdir(parents=True)
    for one in ("report.pdf", "r.html"):
        (folder / one).write_text("x")
    (tmp_path / "var" / "secret.txt").write_text("x")
    header = "code,title,file,excerpt,valid_from"
    _report, refused = read(
        f"A,T,{name},E,2026-01-01", "B,T,2026/03/report.pdf,E,2026-01-01", header=header
    )
    assert refused == [(2, "file", "is no file below VAR_DIR/evidence")]
    assert [one.file.name for one in Evidence.objects.all()] == ["2026/03/report.pdf"]


def test_a_file_costs_few_queries_for_what_is_there(read, django_assert_max_num_queries):
    lines = [
        f"L-{n},1,T,https://lab.example/{n},E,2026-01-01,,,{SENTENCE},health,en," for n in range(50)
    ]
    read(*lines)
    with django_assert_max_num_queries(12):
        assert counts(read(*lines)[0]) == (0, 0, 50, 0)


def test_the_export_comes_back_the_same_and_runs_nothing(tmp_path):
    variant = make_kettle()
    first = make_evidence(code="LAB-7", title="=1+1", excerpt="+cmd|' /C calc'!A0")
    make_use("@SUM(A1) is what it weighs", first, product=variant.product)
    second = revise_evidence(first, document_of(first).__class__(
        **{**document_of(first).__dict__, "title": "'-2", "keeps_uses": True}))  # fmt: skip
    evidence.approve_evidence(second, None)
    before = export_file("evidence", tmp_path / "one.csv")
    text = (tmp_path / "one.csv").read_text(encoding="utf-8")
    assert "'=1+1" in text
    assert "'+cmd|" in text
    assert "'@SUM(A1)" in text
    assert not any(
        cell[:1] in ("=", "+", "@", "-") for row in csv.reader(text.splitlines()) for cell in row
    )
    EvidenceUse.objects.all().delete()
    Evidence.objects.all().delete()
    report = import_file("evidence", tmp_path / "one.csv", options=Options(rejects=tmp_path / "r"))
    assert (report.rejected, report.new) == (0, 4)
    export_file("evidence", tmp_path / "two.csv")
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert Variant.objects.count() == 1
    assert before is not None
