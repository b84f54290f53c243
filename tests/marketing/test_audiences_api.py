"""The merchant's API of kept lists: freeze, read, members, put away, campaigns."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from decisions.models import Job
from decisions.services import jobs
from marketing.definitions.rule_text import parse
from marketing.models import Audience, Campaign
from marketing.services.audiences import frozen
from marketing.services.customers import cohort_snapshots
from tests.factories import make_customer
from tests.factories_access import make_key, make_staff
from tests.factories_marketing import make_campaign, make_reachable, make_segment
from tests.marketing.test_frozen import british, freeze

pytestmark = pytest.mark.django_db
ALL = [f"marketing.{verb}_audience" for verb in ("view", "add", "change", "delete")]
ALL += ["marketing.add_campaign", "shop.view_customer"]


@pytest.fixture
def api(client):
    cache.clear()
    by = make_staff(*ALL, username="maria")

    secrets = {}

    def call(method, path, body=None, *, user=by, key="k1"):
        if user.pk not in secrets:
            secrets[user.pk] = make_key(user=user).secret
        headers = {"X-Api-Key": secrets[user.pk], "Idempotency-Key": key}
        extra = {"data": body, "content_type": "application/json"} if body is not None else {}
        send = getattr(client, method.lower())
        return send("/api/merchant/v1/" + path, headers=headers, **extra)

    return call


def write_all() -> None:
    for job in Job.objects.filter(kind=frozen.KIND):
        assert jobs.run_job(job.pk).state == "succeeded"


def test_a_list_is_frozen_read_put_away_and_deleted(api):
    make_reachable(3, country="GB")
    british()
    made = api("POST", "audiences/", {"name": "Tea", "segments": ["british"]})
    assert (made.status_code, made.json()["state"]) == (201, "writing")
    assert "being written" in made.json()["standing"]["reason"]
    pk = made.json()["id"]
    members = api("GET", f"audiences/{pk}/members/")
    assert (members.status_code, members.json()["type"]) == (409, "/problems/audience")
    write_all()
    found = api("GET", f"audiences/{pk}/").json()
    assert (found["state"], found["segment"], found["customer_count"]) == ("ready", "british", 3)
    assert (found["frozen_by"], found["sentences"]) == ("maria", ["country is GB"])
    standing = found["standing"]
    assert (standing["is_counted"], standing["members"], standing["left"]) == (True, 3, 0)
    assert standing["reachable"][0] == {"channel": "email", "customers": 3}
    put = api("POST", f"audiences/{pk}/steps/", {"to": "archived"}, key="k2").json()
    assert (put["state"], put["archived_at"] is None) == ("archived", False)
    assert api("GET", "audiences/?is_archived=false").json()["results"] == []
    [line] = api("GET", "audiences/?is_archived=true&segment=british").json()["results"]
    assert line["id"] == pk
    assert (
        api("POST", f"audiences/{pk}/steps/", {"to": "kept"}, key="k3").json()["state"] == "ready"
    )
    assert api("DELETE", f"audiences/{pk}/", key="k4").status_code == 204
    assert api("GET", f"audiences/{pk}/").status_code == 404


def test_several_segments_or_a_rule(api):
    make_customer("A", country="GB", language="zh")
    make_customer("B", country="GB")
    british()
    make_segment(parse("language is zh"), code="zh")
    both = api("POST", "audiences/", {"name": "Both", "segments": ["zh", "british"]}).json()
    own = api("POST", "audiences/", {"name": "Own", "rule": parse("country is GB")}, key="k2")
    write_all()
    assert (both["segment"], both["combined"]) == (None, ["british", "zh"])
    counts = Audience.objects.order_by("pk").values_list("customer_count", flat=True)
    assert (own.status_code, list(counts)) == (201, [1, 2])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"segments": ["british"], "rule": {}}, 400),
        ({}, 400),
        ({"segments": []}, 400),
        ({"segments": ["nobody-has-it"]}, 400),
        ({"segments": ["a", "b", "c", "d", "e", "f", "g"]}, 400),
        ({"rule": []}, 400),
        ({"rule": {"field": "odd", "op": "is", "value": 1}}, 400),
        ({"rule": {"field": "country", "op": "is", "value": "\x00"}}, 400),
        ({"rule": {}, "holdout_rate": 0.6}, 400),
        ({"rule": {}, "as_of": "2999-01-01T00:00:00Z"}, 409),
        ({"segments": ["british"], "as_of": "2026-01-01T00:00:00Z"}, 409),
    ],
)
def test_what_cannot_be_frozen_is_refused(api, body, status):
    british()
    answer = api("POST", "audiences/", {"name": "Tea"} | body)
    assert answer.status_code == status, answer.content
    assert not Audience.objects.exists()
    assert not Job.objects.exists()


def test_members_by_code_and_addresses_only_for_whom_may_see(api):
    make_reachable(6, country="GB")
    make_customer("MUTE", country="GB", email="mute@example.com")
    audience = freeze(holdout_rate=0.4)
    path = f"audiences/{audience.pk}/members/"
    rows = api("GET", path).json()["results"]
    assert len(rows) == 7
    for row in rows:
        may = row["customer"] != "MUTE" and row["arm"] == "written_to"
        assert (row["may_be_written_to"], "address" in row) == (may, may)
    held = api("GET", path + "?arm=holdout").json()["results"]
    assert [row["customer"] for row in held] == [
        row["customer"] for row in rows if row["arm"] == "holdout"
    ]
    assert not any(row["may_be_written_to"] for row in api("GET", path + "?channel=sms").json()["results"])  # fmt: skip
    reader = make_staff("marketing.view_audience", username="reader")
    assert "@" not in api("GET", path, user=reader).content.decode()
    first = api("GET", path + "?limit=3").json()
    assert [row["customer"] for row in first["results"]] == [row["customer"] for row in rows[:3]]
    assert first["next"]
    audience.members.filter(customer__code="R-0")[0].customer.delete()  # erased
    assert "R-0" not in api("GET", path).content.decode()


def test_whether_one_customer_is_on_a_list(api):
    make_reachable(1, country="GB")
    audience = freeze()
    make_customer("LATE", country="GB")
    path = f"audiences/{audience.pk}/members/"
    assert api("GET", path + "R-0/").json() == {
        "customer": "R-0", "is_member": True, "arm": "written_to", "chance": 1.0,
        "may_be_written_to": ["email"],
    }  # fmt: skip
    for code in ("LATE", "nobody"):
        found = api("GET", path + f"{code}/").json()
        assert (found["is_member"], found["may_be_written_to"]) == (False, [])


def test_a_campaign_is_drafted_for_a_list_once(api):
    make_reachable(2, country="GB")
    audience = freeze()
    path = f"audiences/{audience.pk}/campaigns/"
    made = api("POST", path, {"name": "Spring", "goal": "announce"})
    assert made.status_code == 201, made.content
    assert (made.json()["frozen_audience"], made.json()["segment"]) == (audience.pk, "british")
    again = api("POST", path, {"name": "Spring", "goal": "announce"})
    assert again.json() == made.json()
    assert Campaign.objects.count() == 1
    [line] = api("GET", "audiences/").json()["results"]
    assert line["campaign_count"] == 1
    assert api("DELETE", f"audiences/{audience.pk}/", key="k9").status_code == 409
    frozen.archive(audience)
    late = api("POST", path, {"name": "Summer", "goal": "announce"}, key="k2")
    assert (late.status_code, Campaign.objects.count()) == (409, 1)


def test_each_verb_needs_its_own_right_and_lists_of_campaigns_are_not_here(api):
    make_reachable(1, country="GB")
    audience, other = freeze(), Audience.objects.create(segment=british("x"), is_complete=True)
    make_campaign(audience=other, segment=other.segment)
    reader = make_staff("marketing.view_audience", username="reader")
    nobody, path = make_staff(username="nobody"), f"audiences/{audience.pk}/"
    body = {"name": "A", "rule": {}}
    for method, there, sent in (
        ("POST", "audiences/", body),
        ("DELETE", path, None),
        ("POST", path + "steps/", {"to": "archived"}),
        ("POST", path + "campaigns/", {"name": "A", "goal": "thank"}),
    ):
        assert api(method, there, sent, user=reader, key="k5").status_code == 403
    for there in ("", "members/", "members/R-0/"):
        assert api("GET", path + there, user=reader).status_code == 200
        assert api("GET", path + there, user=nobody).status_code == 403
        assert api("GET", f"audiences/{other.pk}/{there}").status_code == 404


def test_a_page_of_lists_or_members_takes_as_many_queries_as_one_line(
    api, django_assert_num_queries, django_assert_max_num_queries
):
    make_reachable(1, country="GB")
    audience = freeze()
    api("GET", "audiences/")  # the key is known from now on
    for path in ("audiences/", f"audiences/{audience.pk}/members/"):
        with django_assert_max_num_queries(20) as first:
            api("GET", path)
        make_reachable(4, prefix=path[10:12] or "X", country="GB")
        for n in range(3):
            freeze(key=f"{path}{n}")
        with django_assert_num_queries(len(first)):
            api("GET", path)


def test_a_list_that_failed_says_why_and_a_large_shop_that_nobody_counted(api, monkeypatch):
    make_customer("A", country="GB")
    british()
    pk = api("POST", "audiences/", {"name": "Tea", "segments": ["british"]}).json()["id"]
    Job.objects.update(state="failed", error="Traceback\nRuleError: the persona is gone")
    found = api("GET", f"audiences/{pk}/").json()
    assert (found["state"], found["reason"]) == ("failed", "RuleError: the persona is gone")
    monkeypatch.setattr(cohort_snapshots, "is_small_shop", lambda most: False)
    other = freeze(key="other")
    standing = api("GET", f"audiences/{other.pk}/").json()["standing"]
    assert (standing["is_counted"], standing["left"]) == (False, None)
    assert "counted by a job" in standing["reason"]


def test_as_of_is_told_and_asked(api):
    now = timezone.now()
    make_customer("A", created_at=now - timedelta(days=50))
    make_customer("B", created_at=now - timedelta(days=5))
    then = (now - timedelta(days=20)).isoformat()
    pk = api("POST", "audiences/", {"name": "Then", "rule": {}, "as_of": then}).json()["id"]
    write_all()
    found = api("GET", f"audiences/{pk}/").json()
    assert (found["customer_count"], found["as_of"][:10]) == (1, then[:10])
