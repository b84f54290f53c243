"""The page of a brief: what is proven, what is not and why, and who may do what."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketing.models import (
    BrandVoice,
    Brief,
    Candidate,
    ClaimRecord,
    Evidence,
    EvidenceUse,
    PolicyRule,
)
from marketing.pages.briefs import difference
from marketing.services.content import briefs
from tests.factories_access import make_staff
from tests.factories_content import make_brief, make_evidence, make_kettle, write
from tests.factories_marketing import approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
MAY = ["marketing.view_brief", "marketing.add_brief", "marketing.add_evidenceuse"]


def signed_in(*permissions: str) -> Client:
    client = Client()
    client.force_login(make_staff(*permissions))
    return client


def page(client: Client, brief: Brief) -> str:
    return client.get(reverse("admin:marketing_brief_page", args=[brief.pk])).content.decode()


def do(client: Client, brief: Brief, **data) -> int:
    return client.post(reverse("admin:marketing_brief_do", args=[brief.pk]), data).status_code


def test_a_brief_is_written_in_the_form_and_its_candidates_are_asked_for():
    client, kettle = signed_in(*MAY, "shop.view_variant"), make_kettle()
    data = {
        "channel": "email", "goal": "announce", "tone": "warm", "language": "en", "count": 3,
        "items-TOTAL_FORMS": 1, "items-INITIAL_FORMS": 0, "items-MIN_NUM_FORMS": 0,
        "items-MAX_NUM_FORMS": 3, "items-0-position": 1, "items-0-variant": kettle.pk,
    }  # fmt: skip
    answer = client.post(reverse("admin:marketing_brief_add"), data)
    brief = Brief.objects.get()
    assert answer.url == reverse("admin:marketing_brief_page", args=[brief.pk])
    assert (brief.rounds, brief.job.kind) == (1, "write_candidates")
    assert "data-running" in page(client, brief)


def test_claims_are_marked_with_their_ground_and_refusals_with_their_sentence():
    client, brief = signed_in(*MAY), write(make_brief(count=1))
    candidate = brief.candidates.get()
    briefs.edit_candidate(
        candidate, {"body": "{product} is {price}. The spout is solid brass."}, at=timezone.now()
    )
    shown = page(client, brief)
    assert '<mark class="mk-claim mk-true" title="{price} · price:' in shown
    assert "<q>The spout is solid brass</q>" in shown
    assert "cannot be published" in shown
    assert 'value="choose"' not in shown


def test_a_document_is_attached_on_the_page_and_the_sentence_may_be_said():
    client, brief, document = signed_in(*MAY), write(make_brief(count=1)), make_evidence()
    candidate = brief.candidates.get()
    text = {"body": "The spout is solid brass."}
    briefs.edit_candidate(candidate, text, at=timezone.now())
    assert "Attach a document" in page(client, brief)
    sent = {
        "verb": "attach", "sentence": "The spout is solid brass", "evidence": document.pk,
        "kind": "specification",
    }  # fmt: skip
    assert do(client, brief, **sent) == 302
    use = EvidenceUse.objects.get()
    assert (use.product, use.attached_by is not None) == (brief.variants.get().product, True)
    assert "Test report 7" in page(client, brief)
    assert do(client, brief, verb="choose", candidate=candidate.pk) == 302
    assert Candidate.objects.get().state == "chosen"


def test_the_page_costs_the_same_for_one_candidate_and_for_eight(django_assert_max_num_queries):
    kettle = make_kettle()
    brief = write(make_brief(variant=kettle, count=8))
    client = signed_in(*MAY)
    with django_assert_max_num_queries(32):
        page(client, brief)


def test_who_may_only_look_sees_no_button_and_can_do_nothing():
    client, brief = signed_in("marketing.view_brief"), write(make_brief())
    assert 'value="choose"' not in page(client, brief)
    assert do(client, brief, verb="choose", candidate=brief.candidates.first().pk) == 403
    nobody = signed_in("shop.view_order")
    address = reverse("admin:marketing_brief_page", args=[brief.pk])
    assert nobody.get(address).status_code == 403


@pytest.mark.parametrize("data", [{"verb": "choose", "candidate": "x"}, {"verb": "attach"}])
def test_odd_input_is_no_crash(data):
    assert do(signed_in(*MAY), write(make_brief()), **data) == 404
    assert do(signed_in(*MAY), Brief.objects.get(), verb="?") == 400


def test_a_running_round_can_be_stopped_on_the_page():
    client, brief = signed_in(*MAY), make_brief()
    assert do(client, brief, verb="stop") == 302
    brief.job.refresh_from_db()
    assert brief.job.state == "cancelled"


def test_differences_are_marked_and_escaped():
    assert difference("An old <b> text", "A new <b> text") == (
        "<del>An</del><ins>A</ins> <del>old</del><ins>new</ins> &lt;b&gt; text"
    )
    assert difference("很好的茶", "很香的茶") == "很<del>好</del><ins>香</ins>的茶"


def test_evidence_is_added_approved_and_withdrawn_and_its_file_is_only_handed_out(
    tmp_path, settings
):
    settings.VAR_DIR = tmp_path
    may = ["marketing.view_evidence", "marketing.add_evidence", "marketing.change_evidence"]
    client = signed_in(*may)
    data = {
        "title": "Survey", "code": "EV-1", "excerpt": "It says so.", "valid_from": "2026-01-01",
        "file": SimpleUploadedFile("survey.txt", b"It says so."),
        "uses-TOTAL_FORMS": 0, "uses-INITIAL_FORMS": 0,
    }  # fmt: skip
    client.post(reverse("admin:marketing_evidence_add"), data)
    found = Evidence.objects.get()
    assert (found.state, found.added_by is not None) == ("pending", True)
    client.get(reverse("admin:marketing_evidence_approve", args=[found.pk]))
    assert Evidence.objects.get().state == "approved"
    answer = client.get(reverse("admin:marketing_evidence_file", args=[found.pk]))
    assert b"".join(answer.streaming_content) == b"It says so."
    assert answer["Content-Disposition"].startswith("attachment")
    assert (
        client.get(reverse("admin:marketing_evidence_change", args=[found.pk])).status_code == 200
    )
    client.get(reverse("admin:marketing_evidence_withdraw", args=[found.pk]))
    assert Evidence.objects.get().state == "withdrawn"


def test_the_lists_open_and_cost_little(django_assert_max_num_queries):
    make_reachable(1)
    approve(make_campaign(variant=make_kettle()))
    BrandVoice.objects.create(pk=1, persona="a shopkeeper")
    names = ["claimrecord", "evidence", "policyrule", "glossaryterm", "brandvoice", "brief"]
    client = signed_in(*(f"marketing.view_{name}" for name in names))
    assert ClaimRecord.objects.count() == 1
    for name in names:
        with django_assert_max_num_queries(14):
            answer = client.get(reverse(f"admin:marketing_{name}_changelist"))
        assert answer.status_code == 200


def test_a_rule_can_be_edited_and_switched_off_but_not_deleted():
    client = signed_in("marketing.view_policyrule", "marketing.change_policyrule")
    rule = PolicyRule.objects.get(code="gb-health")
    address = reverse("admin:marketing_policyrule_change", args=[rule.pk])
    assert client.get(address).status_code == 200
    deleted = client.post(reverse("admin:marketing_policyrule_delete", args=[rule.pk]))
    assert deleted.status_code == 403
