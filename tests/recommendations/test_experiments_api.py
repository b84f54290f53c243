"""Experiments for programs: drafted, started, read with their verdict, stopped."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from decisions.models import Experiment
from recommendations.services.trial_planning import plan_experiment
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_report import make_answer, make_seen

pytestmark = pytest.mark.django_db
ROOT = "/api/merchant/v1/experiments/"


@pytest.fixture
def ask(client: Client):
    cache.clear()
    secret = make_key(user=make_staff(is_superuser=True), rate_per_minute=10**6).secret

    def asked(method: str, address: str, body=None, key: str = "k"):
        answer = getattr(client, method)(
            ROOT + address, body, content_type="application/json",
            HTTP_IDEMPOTENCY_KEY=f"{method}{address}{key}", **bearer(secret),
        )  # fmt: skip
        return answer.status_code, answer.json()

    return asked


ARMS = [{"name": "as it is", "share": 0.5}, {"name": "varied", "share": 0.5,
        "settings": {"diversity_rate": 0.4}}]  # fmt: skip


def test_a_draft_is_started_read_and_stopped(ask):
    body = {"label": "More variety?", "placement": "home", "arms": ARMS, "traffic_rate": 0.5}
    status, made = ask("post", "", body)
    assert (status, made["state"], made["metric"], made["traffic_rate"]) == (
        201, "draft", "profit", 0.5
    )  # fmt: skip
    assert ask("post", "", body) == (status, made)  # the same key: one experiment
    assert Experiment.objects.count() == 1
    one = f"{made['id']}/"
    assert ask("post", f"{one}start/")[1]["state"] == "running"
    status, again = ask("post", "", body | {"label": "Another"}, key="2")
    status, problem = ask("post", f"{again['id']}/start/")
    assert (status, problem["type"]) == (409, "/problems/experiment-state")
    status, found = ask("get", one)
    assert status == 200
    assert [arm["persons"] for arm in found["people"]] == [0, 0]
    assert found["against"][0]["verdict"] == "cannot tell"
    assert "Too few people" in found["against"][0]["text"]
    assert ask("post", f"{one}stop/")[1]["state"] == "stopped"
    assert [row["id"] for row in ask("get", "?state=stopped")[1]["results"]] == [made["id"]]


def test_what_cannot_be_is_named(ask):
    body = {"label": "x", "placement": "nowhere", "arms": ARMS}
    status, problem = ask("post", "", body)
    assert status == 400
    assert problem["errors"][0]["field"] == "placement"
    arms = [ARMS[0], ARMS[1] | {"share": 0.3}]
    status, problem = ask("post", "", body | {"placement": "home", "arms": arms}, key="2")
    assert (status, problem["errors"][0]["field"]) == (400, "arms")


def test_the_planner_says_what_shows_or_what_is_missing():
    assert not plan_experiment(at=NOW).is_enough
    tea = make_variant("TEA-1")
    for number in range(120):
        customer = make_customer(f"C{number}")
        make_seen("impression", make_answer([tea]), "TEA-1", at=NOW, customer=customer.code)
        if number < 12:
            make_order([(tea, 1)], customer=customer, at=NOW + timedelta(days=1))
    plan = plan_experiment(at=NOW + timedelta(days=2))
    assert plan.persons == 120
    assert plan.mean == pytest.approx(60)
    by_weeks = {week.weeks: week for week in plan.weeks}
    # 2.8 standard errors of a difference between two arms of 60
    assert by_weeks[4].once == pytest.approx(2.8016 * 180.7 * (2 / 60) ** 0.5, rel=0.01)
    assert by_weeks[8].people == int(120 * 2**0.5)
    assert by_weeks[4].always > by_weeks[4].once
