"""The audience explorer for programs: the page's figures, and reasons where there is none."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from decisions.models import Job, Snapshot
from marketing.models import SegmentChange
from marketing.pages import audiences as page
from marketing.services.audiences import audience_figures as figures
from marketing.services.audiences.memberships import refresh_membership
from marketing.services.customers import cohort_snapshots
from tests.factories import make_customer, make_order, make_variant
from tests.factories_access import make_key, make_staff
from tests.factories_marketing import give_consent, make_segment
from tests.marketing.test_audiences_page import of_country

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FIGURES, COMPARED = "segment-figures/", "segment-comparisons/?segments="


@pytest.fixture
def api(client):
    cache.clear()
    by = make_staff("marketing.view_segment", "marketing.change_segment", username="maria")
    secrets = {}

    def call(method, path, body=None, *, user=by, key="k1"):
        if user.pk not in secrets:
            secrets[user.pk] = make_key(user=user).secret
        headers = {"X-Api-Key": secrets[user.pk], "Idempotency-Key": key}
        extra = {"data": body, "content_type": "application/json"} if body is not None else {}
        send = getattr(client, method.lower())
        return send("/api/merchant/v1/" + path, headers=headers, **extra)

    return call


def british_shop(buyers: int = 20):
    tea = make_variant("TEA")
    people = [make_customer(f"C{n}", country="GB") for n in range(buyers)]
    for number, one in enumerate(people):
        make_order([(tea, 1 + number % 2)], customer=one, at=timezone.now() - 30 * DAY)
    if people:
        give_consent(people[0])
    return of_country("GB", "british")


def test_figures_are_those_of_the_page(api):
    segment = british_shop()
    figures.refresh(figures.subject_of(segment))
    [line] = page.lines_of([segment])
    [found] = api("GET", FIGURES).json()["results"]
    kept = Snapshot.objects.get(pk=figures.subject_of(segment)).payload
    assert (found["customers"], found["reachable_by_email"]) == (line["size"], line["reachable"])
    assert (found["is_counted"], found["reason"], found["is_of_this_rule"]) == (True, "", True)
    for name, key in (("revenue_365", "revenue"), ("margin_365", "margin")):
        assert {end: found[name][end] for end in ("value", "low", "high")} == kept[key]
        assert (found[name]["level"], found[name]["reason"]) == (0.95, "")
    for name in ("spend_90", "margin_90", "no_order_90"):
        assert not found[name]["is_known"]
        assert found[name]["reason"] == line["why_no_spend"] != ""
    assert (found["changes"]["is_known"], found["changes"]["entered_7"]) == (False, None)
    assert "not tracked" in found["changes"]["reason"]


def test_what_is_not_known_says_why_and_nothing_else_does(api):
    british_shop(buyers=3)
    make_segment({}, code="never-counted")
    segment = of_country("FR", "french")
    for one in ("british", "french"):
        figures.refresh(figures.subject_of(type(segment).objects.get(code=one)))
    found = {row["segment"]: row for row in api("GET", FIGURES).json()["results"]}
    assert "Too few customers" in found["british"]["revenue_365"]["reason"]
    assert "no known cost" in found["french"]["margin_365"]["reason"]
    assert "Nothing was counted yet" in found["never-counted"]["reason"]
    assert found["never-counted"]["customers"] is None
    for row in found.values():
        for name in ("revenue_365", "margin_365", "spend_90", "margin_90", "no_order_90"):
            figure = row[name]
            assert figure["is_known"] == (figure["value"] is not None) == (not figure["reason"])


def test_who_entered_and_left_and_a_rule_that_has_changed(api):
    ann, segment = make_customer("A", country="GB"), of_country("GB", "british")
    refresh_membership(segment, timezone.now() - 40 * DAY)
    for days, entered in ((1, True), (3, False), (20, True)):
        SegmentChange.objects.create(
            segment=segment, customer=ann, entered=entered, at=timezone.now() - days * DAY
        )
    figures.refresh(figures.subject_of(segment))
    segment.rule = {}
    segment.save()
    [found] = api("GET", FIGURES).json()["results"]
    assert found["changes"] == {
        "is_known": True, "reason": "",
        "entered_7": 1, "left_7": 1, "entered_28": 2, "left_28": 1,
    }  # fmt: skip
    assert found["is_of_this_rule"] is False
    [growth] = api("GET", COMPARED + "british&by=day").json()["changes"]
    assert (growth["is_known"], len(growth["periods"])) == (True, 28)
    assert sum(one["entered"] for one in growth["periods"]) == 2
    [growth] = api("GET", COMPARED + "british").json()["changes"]
    assert len(growth["periods"]) == 12


def test_overlap_and_its_refusals(api):
    for code, country, language in (("A", "GB", "en"), ("B", "GB", "zh"), ("C", "FR", "zh")):
        make_customer(code, country=country, language=language)
    of_country("GB", "british")
    make_segment({"all": [{"field": "language", "op": "is", "value": "zh"}]}, code="zh")
    of_country("XX", "empty")
    of_country("YY", "none")
    found = api("GET", COMPARED + "zh,british").json()
    assert found["segments"] == ["british", "zh"]
    assert found["overlap"]["pairs"] == [
        {"first": "british", "second": "zh", "both": 1, "either": 3, "jaccard": 1 / 3, "reason": ""}
    ]
    shared = next(one for one in found["overlap"]["combinations"] if len(one["segments"]) == 2)
    assert shared == {"segments": ["british", "zh"], "customers": 1}
    alone = api("GET", COMPARED + "zh").json()["overlap"]
    assert (alone["is_counted"], "two segments" in alone["reason"]) == (False, True)
    [pair] = api("GET", COMPARED + "empty,none").json()["overlap"]["pairs"]
    assert (pair["jaccard"], "Nobody" in pair["reason"]) == (None, True)


def test_retention_and_why_members_of_then_are_not_known(api):
    since = timezone.now() - 13 * 7 * DAY
    tea, people = make_variant("TEA"), []
    for n in range(4):
        people.append(make_customer(f"O{n}", created_at=since - 30 * DAY))
    make_order([(tea, 1)], customer=people[0], at=timezone.now() - 80 * DAY)
    make_order([(tea, 1)], customer=people[1], at=timezone.now() - DAY)  # the shop goes on
    make_segment({}, code="everybody")
    of_country("GB", "british")
    british, everybody = api("GET", COMPARED + "everybody,british&weeks=12").json()["retention"]
    assert (british["is_known"], british["is_counted"], british["periods"]) == (False, False, [])
    assert "tracked" in british["reason"]
    assert (everybody["is_known"], everybody["members"], everybody["reason"]) == (True, 4, "")
    first = everybody["periods"][0]
    assert (first["period"], first["customers"], first["share"]) == (1, 1, 0.25)
    assert 0 < first["low"] < 0.25 < first["high"] < 1


def test_a_large_shop_says_that_nobody_has_asked_and_can_be_asked(api, monkeypatch):
    make_customer("A")
    make_segment({}, code="all")
    of_country("GB", "british")
    monkeypatch.setattr(cohort_snapshots, "is_small_shop", lambda most: False)
    found = api("GET", COMPARED + "all,british").json()
    assert (found["overlap"]["is_counted"], found["overlap"]["combinations"]) == (False, [])
    assert "nobody has asked" in found["overlap"]["reason"]
    assert {one["segment"]: "nobody has asked" in one["reason"] for one in found["retention"]} == {
        "all": True, "british": False,
    }  # fmt: skip
    codes = ["all", "british"]
    answer = api("POST", "segment-comparisons/", {"segments": codes})
    assert (answer.status_code, answer.json()) == (202, {"asked": 2})
    assert Job.objects.count() == 2
    answer = api("POST", FIGURES, {"segments": codes}, key="k2")
    assert (answer.status_code, answer.json()) == (202, {"asked": 2})
    assert api("POST", FIGURES, {"segments": codes}, key="k3").json() == {"asked": 0}
    assert all(row["is_being_counted"] for row in api("GET", FIGURES).json()["results"])


@pytest.mark.parametrize(
    "query",
    ["", "segments=", "segments=,", "segments=nobody", "segments=a,b,c,d,e,f,g",
     "segments=all&weeks=3", "segments=all&by=year", "segments=all%00"],
)  # fmt: skip
def test_odd_questions_are_refused(api, query):
    make_segment({}, code="all")
    answer = api("GET", f"segment-comparisons/?{query}")
    assert answer.status_code == 400, answer.content


def test_a_page_takes_as_many_queries_as_one_line_and_is_paginated(
    api, django_assert_num_queries, django_assert_max_num_queries
):
    make_segment({}, code="s0")
    api("GET", FIGURES)
    with django_assert_max_num_queries(12) as first:
        api("GET", FIGURES)
    for n in range(1, 5):
        segment = make_segment({}, code=f"s{n}")
        figures.refresh(figures.subject_of(segment))
    with django_assert_num_queries(len(first)):
        api("GET", FIGURES)
    some = api("GET", FIGURES + "?limit=2").json()
    assert [one["segment"] for one in some["results"]] == ["s4", "s3"]
    assert some["next"]
    # A small shop counts while the reader waits: one overlap, and some eight reads per segment.
    with django_assert_max_num_queries(50):
        api("GET", COMPARED + "s0,s1,s2,s3,s4")


def test_roles_are_respected(api):
    make_segment({}, code="all")
    reader = make_staff("marketing.view_segment", username="reader")
    nobody = make_staff(username="nobody")
    for path in (FIGURES, COMPARED + "all"):
        assert api("GET", path, user=reader).status_code == 200
        assert api("GET", path, user=nobody).status_code == 403
    for path in (FIGURES, "segment-comparisons/"):
        answer = api("POST", path, {"segments": ["all"]}, user=reader)
        assert answer.status_code == 403
    assert not Job.objects.exists()
