"""Documents by code and revision: what was approved stays, and a renewed one takes its place."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from marketing.models import ClaimRecord, Evidence, EvidenceUse
from marketing.services.content import evidence, evidence_records
from marketing.services.content.evidence_records import (
    Document,
    create_evidence,
    document_of,
    revise_evidence,
)
from marketing.services.sending.sends import send_campaign
from tests.factories_access import make_staff
from tests.factories_content import make_evidence, make_kettle, make_use
from tests.factories_crowd import LONG
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
SENTENCE = "The spout is solid brass"
BODY = f"{{greeting}}\n\n{{product}} is yours for {{price}}. {SENTENCE}.\n\n{{link}}"


def document(**other) -> Document:
    said = {"title": "Test report 7", "excerpt": "Brass.", "url": "https://lab.example/7"}
    return Document(**(said | {"valid_from": timezone.localdate()} | other))


def live_campaign(use: EvidenceUse):
    make_reachable(2)
    campaign = approve(make_campaign(variant=make_kettle(), body=BODY))
    assert ClaimRecord.objects.filter(evidence=use.evidence, state="live").exists()
    return campaign


def states() -> list[tuple[str, int, str]]:
    return list(Evidence.objects.order_by("pk").values_list("code", "revision", "state"))


def test_the_same_code_and_content_is_the_same_document():
    first = create_evidence(document(), code="LAB-7")
    assert create_evidence(document(), code="LAB-7").pk == first.pk
    with pytest.raises(evidence.EvidenceError, match="another document with this code"):
        create_evidence(document(title="Another"), code="LAB-7")
    assert states() == [("LAB-7", 1, "pending")]
    assert create_evidence(document()).code.startswith("EV-")


def test_one_that_waits_is_changed_and_one_that_was_approved_gets_a_revision():
    first = create_evidence(document(), code="LAB-7")
    assert revise_evidence(first, document(title="Mended")).pk == first.pk
    evidence.approve_evidence(first, None)
    assert revise_evidence(first, document(title="Mended")).pk == first.pk
    second = revise_evidence(first, document(title="Renewed"))
    assert revise_evidence(first, document(title="Renewed")).pk == second.pk
    assert states() == [("LAB-7", 1, "approved"), ("LAB-7", 2, "pending")]
    first.refresh_from_db()
    assert (first.title, second.title) == ("Mended", "Renewed")


def test_a_file_travels_into_the_next_revision(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    first = create_evidence(document(url="", file_name="r.txt", file=b"brass"), code="LAB-7")
    same = document(url="", file_name="r.txt", file=b"brass")
    assert create_evidence(same, code="LAB-7").pk == first.pk
    with pytest.raises(evidence.EvidenceError):
        create_evidence(document(url="", file_name="r.txt", file=b"steel"), code="LAB-7")
    evidence.approve_evidence(first, None)
    later = document(url="", title="Renewed")
    assert revise_evidence(first, later).file.name == first.file.name
    first.refresh_from_db()
    with first.file.open("rb") as file:
        assert file.read() == b"brass"


@pytest.mark.parametrize(
    "wrong", [{"url": ""}, {"url": "no address"}, {"valid_until": timezone.localdate() - timedelta(9)}]
)  # fmt: skip
def test_what_is_no_document_is_refused_with_a_reason(wrong):
    with pytest.raises(evidence.EvidenceError, match=r"file|URL|ends"):
        create_evidence(document(**wrong), code="LAB-7")
    assert states() == []


def test_approving_a_revision_withdraws_the_one_before_and_pulls_its_copy():
    use = make_use(SENTENCE)
    campaign = live_campaign(use)
    second = revise_evidence(use.evidence, document(title="Renewed"))
    campaign.refresh_from_db()
    assert campaign.state == "approved"  # until the new one is approved
    assert evidence.approve_evidence(second, None)
    assert not evidence.approve_evidence(second, None)
    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert [state for _code, _revision, state in states()] == ["withdrawn", "approved"]
    assert not EvidenceUse.objects.filter(evidence=second).exists()


def test_a_revision_that_keeps_its_uses_keeps_live_copy_live():
    use = make_use(SENTENCE)
    campaign = live_campaign(use)
    second = revise_evidence(use.evidence, document(title="Renewed", keeps_uses=True))
    evidence.approve_evidence(second, None)
    campaign.refresh_from_db()
    assert campaign.state == "approved"
    claim = ClaimRecord.objects.get(words=SENTENCE)
    assert (claim.evidence_id, claim.source) == (second.pk, f"evidence:{second.pk}")
    send_campaign(Quiet(), campaign.pk)
    assert len(mail.outbox) == 2


def test_what_a_renewed_document_carries_is_pulled_with_it():
    use = make_use(SENTENCE)
    campaign = live_campaign(use)
    second = revise_evidence(use.evidence, document(title="Renewed", keeps_uses=True))
    evidence.approve_evidence(second, None)
    assert evidence.withdraw_evidence(second, None)
    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert ClaimRecord.objects.get(words=SENTENCE).state == "pulled"


def test_a_revision_that_holds_only_tomorrow_does_not_keep_copy_live():
    use = make_use(SENTENCE)
    campaign = live_campaign(use)
    tomorrow = timezone.localdate() + timedelta(days=1)
    second = revise_evidence(use.evidence, document(valid_from=tomorrow, keeps_uses=True))
    evidence.approve_evidence(second, None)
    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert EvidenceUse.objects.get(evidence=second).sentence == SENTENCE


def test_an_earlier_revision_does_not_come_back_over_a_later_one():
    first = make_evidence(state="pending", code="LAB-7")
    make_evidence(code="LAB-7", revision=2)
    with pytest.raises(evidence.EvidenceError, match="later revision"):
        evidence.approve_evidence(first, None)
    assert document_of(first).title == "Test report 7"


def test_the_back_office_opens_one_revision_at_a_time(client):
    first = make_evidence(code="LAB-7")
    make_use(SENTENCE, first)
    client.force_login(
        make_staff("marketing.view_evidence", "marketing.change_evidence", username="m")
    )
    page = reverse("admin:marketing_evidence_change", args=[first.pk])
    assert "LAB-7" in client.get(page).content.decode()
    revise = reverse("admin:marketing_evidence_revise", args=[first.pk])
    opened = client.get(revise)["Location"]
    second = Evidence.objects.get(revision=2)
    assert opened == reverse("admin:marketing_evidence_change", args=[second.pk])
    assert (second.state, second.title, second.keeps_uses) == ("pending", first.title, False)
    Evidence.objects.filter(pk=second.pk).update(title="Renewed")
    assert client.get(revise)["Location"] == opened  # the one that waits, as it was left
    assert states() == [("LAB-7", 1, "approved"), ("LAB-7", 2, "pending")]
    shown = client.get(opened).content.decode()
    assert 'name="keeps_uses"' in shown
    assert 'name="code"' not in shown
    assert SENTENCE in shown  # what whoever approves it vouches for
    client.get(reverse("admin:marketing_evidence_approve", args=[second.pk]))
    assert [state for _code, _revision, state in states()] == ["withdrawn", "approved"]


def test_the_clock_pulls_what_was_approved_while_its_document_was_withdrawn():
    use = make_use(SENTENCE)
    campaign = live_campaign(use)
    Evidence.objects.filter(pk=use.evidence_id).update(
        state="withdrawn"
    )  # its pull saw no copy yet
    assert evidence.pull_expired() == 1
    assert evidence.pull_expired() == 0
    campaign.refresh_from_db()
    assert campaign.state == "paused"


def both_add(monkeypatch) -> list[object]:
    """Two programs add the same document; each has looked before either has written."""
    looked, seen = threading.Barrier(2, timeout=LONG), threading.local()
    found: list[object] = []

    def look(code: str) -> list[Evidence]:
        rows = evidence.lock_revisions(code)
        if not hasattr(seen, "once"):
            seen.once = True
            looked.wait()
        return rows

    def add() -> None:
        try:
            found.append(create_evidence(document(), code="LAB-7").pk)
        except IntegrityError as error:
            found.append(type(error))
        finally:
            connection.close()

    monkeypatch.setattr(evidence_records, "lock_revisions", look)
    threads = [threading.Thread(target=add) for _program in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=LONG)
    return found


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_programs_that_add_the_same_document_at_once_add_one(monkeypatch):
    first, second = both_add(monkeypatch)
    assert first == second == Evidence.objects.get().pk


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_without_the_second_try_one_of_them_breaks(monkeypatch):
    monkeypatch.setattr(evidence_records, "_written", transaction.atomic(lambda write: write()))
    assert IntegrityError in both_add(monkeypatch)
