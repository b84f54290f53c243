"""The merchant API of jobs, model runs and decisions."""

from datetime import timedelta

import pytest
from django.utils import timezone

from decisions import kinds
from decisions.kinds import CannotCarryOutError, DecisionKind
from decisions.models import Decision, Job
from decisions.services.model_runs import live_run, publish_run
from tests.factories_access import make_staff
from tests.factories_decisions import make_decision, make_trained

pytestmark = pytest.mark.django_db
ROOT = "/api/merchant/v1/"


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    compute = lambda inputs: inputs  # noqa: E731
    monkeypatch.setitem(kinds._kinds, "test", DecisionKind("test", "Test", compute=compute))


@pytest.fixture
def api(client):
    def call(method, path, *permissions, **body):
        client.force_login(make_staff(*permissions))
        if method == "get":
            return client.get(ROOT + path)
        return client.post(ROOT + path, body, content_type="application/json")

    return call


def test_decisions_are_paged_newest_first(api, client):
    for number in range(5):
        make_decision(f"k{number}", subject=f"sku:{number}")
        Decision.objects.filter(key=f"k{number}").update(
            created_at=timezone.now() + timedelta(minutes=number)
        )
    first = api("get", "decisions/?limit=3", "decisions.view_decision").json()
    second = client.get(first["next"]).json()
    subjects = [row["subject"] for row in first["results"] + second["results"]]
    assert subjects == [f"sku:{number}" for number in (4, 3, 2, 1, 0)]
    assert first["results"][0]["headline"] == "Order 24 × TEA-1"


def test_a_forged_cursor_is_refused(api):
    assert api("get", "decisions/?cursor=cD10ZWE=", "decisions.view_decision").status_code == 400


def test_a_wrong_filter_is_refused(api):
    assert api("get", "decisions/?state=tea", "decisions.view_decision").status_code == 400


def test_decision_lists_cost_the_same(api, client, django_assert_num_queries):
    make_decision()
    api("get", "decisions/", "decisions.view_decision")
    with django_assert_num_queries(5):
        client.get(ROOT + "decisions/")
    for number in range(20):
        make_decision(f"k{number}")
    with django_assert_num_queries(5):
        assert len(client.get(ROOT + "decisions/").json()["results"]) == 21


def test_approve_records_who(api):
    decision = make_decision()
    rights = ["decisions.view_decision", "decisions.decide_decision"]
    answer = api("post", f"decisions/{decision.pk}/approve/", *rights, note="go")
    assert answer.json()["state"] == "approved"
    assert answer.json()["changes"][0]["note"] == "go"
    assert api("post", f"decisions/{decision.pk}/refuse/", *rights).status_code == 409


def test_approve_needs_the_permission_of_the_kind(api):
    decision = make_decision()
    path = f"decisions/{decision.pk}/approve/"
    assert api("post", path, "decisions.view_decision").status_code == 403
    assert Decision.objects.get().state == "pending"


def test_replay(api):
    answer = api("post", f"decisions/{make_decision().pk}/replay/", "decisions.view_decision")
    assert answer.json() == {"equal": True, "recorded": {"units": 24}, "computed": {"units": 24}}


def test_jobs_list_detail_and_cancel(api):
    parent = Job.objects.create(kind="night")
    Job.objects.create(kind="night_step", parent=parent)
    listed = api("get", "jobs/", "decisions.view_job").json()["results"]
    assert [row["id"] for row in listed] == [parent.pk]
    assert len(api("get", f"jobs/{parent.pk}/", "decisions.view_job").json()["steps"]) == 1
    path = f"jobs/{parent.pk}/cancel/"
    assert api("post", path, "decisions.view_job").status_code == 403
    assert api("post", path, "decisions.change_job").json()["state"] == "cancelled"
    assert api("post", path, "decisions.change_job").status_code == 409


def test_model_runs_and_rollback(api):
    first, second = publish_run(make_trained("a")), publish_run(make_trained("b"))
    rows = api("get", "model-runs/?task=recommender", "decisions.view_modelrun").json()["results"]
    assert [row["id"] for row in rows] == [second.pk, first.pk]
    assert rows[0]["verdict"].startswith("als beats popularity")
    path = f"model-runs/{first.pk}/live/"
    assert api("post", path, "decisions.change_modelrun").status_code == 400
    assert api("post", path, "decisions.change_modelrun", reason="back").json()["state"] == "live"
    assert live_run("recommender") == first


def test_unknown_ones_are_404(api):
    assert api("get", "jobs/99/", "decisions.view_job").status_code == 404


def test_what_cannot_be_carried_out_is_a_conflict_with_the_reason(api, monkeypatch):
    def refuse(decision, by):
        raise CannotCarryOutError("Nothing to send.")

    kind = DecisionKind("test", "Test", approve=refuse, permission="shop.change_order")
    monkeypatch.setitem(kinds._kinds, "test", kind)
    decision = make_decision()
    allowed = ("decisions.view_decision", "shop.change_order")
    answer = api("post", f"decisions/{decision.pk}/approve/", *allowed)
    assert (answer.status_code, answer.json()["detail"]) == (409, "Nothing to send.")
    decision.refresh_from_db()
    assert decision.state == "pending"


@pytest.mark.parametrize("verb", ["approve", "refuse", "replay"])
def test_a_decision_of_an_app_that_is_gone_is_a_conflict(api, verb):
    decision = make_decision(kind="gone")
    answer = api("post", f"decisions/{decision.pk}/{verb}/", "decisions.view_decision")
    assert answer.status_code == 409
