"""The machine room: readable by role, changed by named verbs only, with a fixed number of queries."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from decisions import jobs as registry
from decisions import kinds
from decisions.kinds import DecisionKind
from decisions.models import Decision, Job, JobState, RunState
from decisions.services import artefacts, jobs
from decisions.services.model_runs import live_run, publish_run
from tests.factories_access import make_staff
from tests.factories_decisions import make_decision, make_trained

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    compute = lambda inputs: {"units": inputs["units"]}  # noqa: E731
    monkeypatch.setitem(kinds._kinds, "test", DecisionKind("test", "Test", compute=compute))


@pytest.fixture
def owner():
    """Signed in, and with a client of their own: other tests sign others in beside them."""
    client = Client()
    client.force_login(make_staff(is_superuser=True))
    return client


def lists_with(client, make, url, django_assert_num_queries, count):
    """The list costs the same with 2 rows as with 12."""
    for number in range(2):
        make(number)
    client.get(url)
    with django_assert_num_queries(count):
        client.get(url)
    for number in range(2, 12):
        make(number)
    with django_assert_num_queries(count):
        answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_job_list(owner, django_assert_num_queries):
    url = reverse("admin:decisions_job_changelist")

    def make(number):
        parent = Job.objects.create(kind="night", state="running", lease_until=timezone.now())
        Job.objects.create(kind="night_step", parent=parent, payload={"step": f"child-{number}"})

    page = lists_with(owner, make, url, django_assert_num_queries, 4)
    assert "child-" not in page


def test_model_run_list(owner, django_assert_num_queries):
    url = reverse("admin:decisions_modelrun_changelist")
    make = lambda n: publish_run(make_trained(str(n), task=f"task{n % 3}"))  # noqa: E731
    assert "ndcg" in lists_with(owner, make, url, django_assert_num_queries, 6)


def test_decision_list_stands_by_money(owner, django_assert_num_queries):
    url = reverse("admin:decisions_decision_changelist")
    make = lambda n: make_decision(f"k{n}", subject=f"s{n}", expected_minor=n * 100 or None)  # noqa: E731
    page = lists_with(owner, make, url, django_assert_num_queries, 4)
    assert page.index("£11.00") < page.index("£2.00")


def test_job_page_shows_steps_error_and_verbs(owner):
    parent = Job.objects.create(kind="night", state="failed", error="Traceback\nValueError: x")
    Job.objects.create(
        kind="night_step", parent=parent, state="succeeded",
        payload={"step": "plan", "label": "Reorder plan"}, result={"summary": {"lines": 7}},
    )  # fmt: skip
    page = owner.get(reverse("admin:decisions_job_change", args=[parent.pk])).content.decode()
    for text in ("ValueError: x", "Reorder plan", "lines", "7", "Run again"):
        assert text in page


def test_running_job_refreshes_itself(owner):
    job = Job.objects.create(
        kind="night", state="running", lease_until=timezone.now(), progress_done=1,
        progress_total=4, progress_note="fitting",
    )  # fmt: skip
    page = owner.get(reverse("admin:decisions_job_change", args=[job.pk])).content.decode()
    live = reverse("admin:decisions_job_live", args=[job.pk])
    assert f'data-poll="{live}" data-running' in page
    assert "25 %" in owner.get(live).content.decode()


def test_cancel_and_retry_are_posts_that_need_change(owner, client, monkeypatch):
    monkeypatch.setattr(jobs, "send", lambda job_id, queue: True)
    job = Job.objects.create(kind="night")
    cancel = reverse("admin:decisions_job_verb", args=[job.pk, "cancel"])
    assert owner.get(cancel).status_code == 405
    client.force_login(make_staff("decisions.view_job"))
    assert client.post(cancel).status_code == 403
    owner.post(cancel)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    owner.post(reverse("admin:decisions_job_verb", args=[job.pk, "retry"]))
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_model_run_page_marks_chosen_and_baseline_and_compares(owner):
    first, second = publish_run(make_trained("a")), publish_run(make_trained("b"))
    url = reverse("admin:decisions_modelrun_change", args=[second.pk])
    page = owner.get(url + f"?with={first.pk}").content.decode()
    for text in ("als beats popularity", "chosen", "baseline", f"second line: run #{first.pk}"):
        assert text in page
    assert "Make live" not in page  # it serves already


def test_rollback_needs_permission_and_reason(owner, client):
    first = publish_run(make_trained("a"))
    second = publish_run(make_trained("b"))
    url = reverse("admin:decisions_modelrun_verb", args=[first.pk])
    client.force_login(make_staff("decisions.view_modelrun"))
    assert client.post(url, {"note": "x"}).status_code == 403
    owner.post(url, {"note": " "})
    assert live_run("recommender") == second
    owner.post(url, {"note": "complaints"})
    assert live_run("recommender") == first
    assert first.live_periods.latest("began_at").reason == "complaints"


def test_a_refused_run_and_a_lost_file_offer_no_make_live(owner):
    refused = publish_run(make_trained("a", value=0.1))
    file = artefacts.write_artefact("recommender", ".txt", lambda path: path.write_text("w"))
    lost = publish_run(make_trained("b", artefact=file))
    publish_run(make_trained("c"))
    artefacts.artefact_path(lost).unlink()
    assert refused.state == RunState.REFUSED
    for run in (refused, lost):
        page = owner.get(reverse("admin:decisions_modelrun_change", args=[run.pk]))
        assert "Make live" not in page.content.decode()
    assert "is missing" in page.content.decode()


def test_receipt_page_and_its_queries(owner, django_assert_num_queries):
    decision = make_decision(
        model_run=publish_run(make_trained()),
        score_parts=[{"source": "als", "score": 0.8}],
        constraints_hit=[{"rule": "MOQ", "units": 240}],
        alternatives=[{"units": 120, "expected_minor": 41000}],
        inputs={"lines": [{"sku": "A", "units": 3}]},
    )
    url = reverse("admin:decisions_decision_change", args=[decision.pk])
    owner.get(url)
    with django_assert_num_queries(4):
        page = owner.get(url).content.decode()
    for text in ("Order 24 × TEA-1", "£920.00", "als", "MOQ", "£410.00", "Approve", "Refuse"):
        assert text in page


def test_compute_again_shows_equal_or_the_difference(owner):
    decision = make_decision()
    url = reverse("admin:decisions_decision_replay", args=[decision.pk])
    assert "Equal" in owner.get(url).content.decode()
    Decision.objects.update(output={"units": 25})
    assert "Different" in owner.get(url).content.decode()


@pytest.mark.parametrize(
    ("verb", "state"), [("approve", "approved"), ("refuse", "refused"), ("later", "pending")]
)
def test_verbs_of_a_receipt(owner, client, verb, state):
    decision = make_decision()
    url = reverse("admin:decisions_decision_verb", args=[decision.pk, verb])
    client.force_login(make_staff("decisions.view_decision"))
    assert client.post(url).status_code == 403
    owner.post(url, {"note": "because"})
    decision.refresh_from_db()
    assert decision.state == state
    assert bool(decision.snoozed_until) is (verb == "later")


def test_nothing_can_be_added_changed_or_deleted_by_form(owner):
    decision = make_decision()
    assert owner.get(reverse("admin:decisions_decision_add")).status_code == 403
    delete = reverse("admin:decisions_decision_delete", args=[decision.pk])
    assert owner.post(delete, {"post": "yes"}).status_code == 403


def test_strangers_and_roles_without_view_see_nothing(client):
    job = Job.objects.create(kind="night")
    urls = [
        reverse("admin:decisions_job_change", args=[job.pk]),
        reverse("admin:decisions_job_live", args=[job.pk]),
        reverse("admin:decisions_modelrun_changelist"),
    ]
    assert [client.get(url).status_code for url in urls] == [302] * 3
    client.force_login(make_staff())
    assert [client.get(url).status_code for url in urls] == [403] * 3


def test_unknown_rows_are_not_an_error(owner):
    answer = owner.get(reverse("admin:decisions_decision_change", args=["tea"]))
    assert answer.status_code == 302


def test_every_registered_kind_has_words_and_a_queue():
    handlers = registry.all_handlers()
    assert {"night", "night_step"} <= {handler.kind for handler in handlers}
    for handler in handlers:
        assert str(handler.label) != ""
        assert handler.queue in ("ml", "backroom")
        assert handler.max_attempts >= 1


def test_a_verb_that_cannot_be_carried_out_says_why_and_an_unknown_one_is_refused(
    owner, monkeypatch
):
    def refuse(decision, by):
        raise kinds.CannotCarryOutError("Nothing to send.")

    monkeypatch.setitem(kinds._kinds, "test", DecisionKind("test", "Test", approve=refuse))
    decision = make_decision()
    address = reverse("admin:decisions_decision_verb", args=[decision.pk, "approve"])
    assert "Nothing to send." in owner.post(address, follow=True).content.decode()
    unknown = reverse("admin:decisions_decision_verb", args=[decision.pk, "praise"])
    assert owner.post(unknown).status_code == 400
    decision.refresh_from_db()
    assert decision.state == "pending"
