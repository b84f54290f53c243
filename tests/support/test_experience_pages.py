"""The page of scores: refused without a model, causes beside those without them, ways to each row."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from decisions.services.model_runs import publish_run
from support import cause_frames as frames
from support.models import AspectMention, ConversationScore, CustomerExperience, TextReading
from tests.factories import make_customer
from tests.factories_access import make_staff
from tests.factories_decisions import make_trained
from tests.factories_support import make_ticket

pytestmark = pytest.mark.django_db
PAGE = "admin:support_experience"
FIGURE = {"value": 0.8, "low": 0.7, "high": 0.9, "n": 60}


@pytest.fixture
def run():
    metrics = dict.fromkeys(("own", "mood_alone", "rank_correlation"), FIGURE)
    metrics["repurchase"] = {"refused": "too_few", "n": 3, "least": 50}
    changes = {"metric": "auc", "value": 0.8, "baseline_value": 0.6, "higher_is_better": True}
    return publish_run(
        make_trained(task="experience", baseline="mood_alone", metrics=metrics, **changes)
    )


def plant(run, n, *, score, customer=None, late=False, blames=""):
    """Scored conversations of today, without a model."""
    at = timezone.now() - timedelta(hours=30)
    for _ in range(n):
        ticket = make_ticket(
            at=at, customer=customer, intent="other", state="solved", sentiment=0.0,
            sla_due_at=at + timedelta(hours=24), csat=2 if score < 50 else 5,
            first_response_at=at + timedelta(hours=26 if late else 1),
        )  # fmt: skip
        ConversationScore.objects.create(
            ticket=ticket, run=run, score=score, wait_hours=1, opened_at=at, causes={"mood": -1.0}
        )
        if blames:
            reading = TextReading.objects.create(message=ticket.messages.get(), version="test")
            AspectMention.objects.create(
                reading=reading, aspect=blames, polarity=-1, confidence=0.9, start=0, end=5,
                written_at=at,
            )  # fmt: skip


def test_without_a_model_no_score_is_shown_and_what_is_missing_is_said(admin_client):
    make_ticket(csat=4)
    page = admin_client.get(reverse(PAGE)).content.decode()
    assert "No score is shown." in page
    assert "One customer has said" in page
    assert "100 answers" in page


def test_a_planted_cause_stands_out_and_others_do_not(run):
    plant(run, 40, score=20, late=True, blames="delivery")
    plant(run, 40, score=90, blames="price")
    plant(run, 5, score=10, blames="fit")
    found = {c.name: c for c in frames.causes_of(frames.scored(timezone.now()))}
    assert [name for name, one in found.items() if one.stands_out] == ["late", "aspect:delivery"]
    late = found["late"]
    assert (late.n, late.low.hits, late.answers.hits, late.answers.n) == (40, 40, 40, 40)
    assert round(late.more, 3) == round(1 - 5 / 45, 3)
    assert found["aspect:price"].more_high < 0
    assert found["aspect:fit"].more is None  # five conversations say nothing
    assert "intent:praise" not in found


def test_months_refuse_below_the_floor_and_hold_their_mean(run):
    plant(run, 30, score=40)
    [month] = frames.months_of(frames.scored(timezone.now()))
    assert (month.n, month.mean, month.low, month.high) == (30, 40, 40, 40)
    ConversationScore.objects.filter(pk__in=ConversationScore.objects.values("pk")[:15]).delete()
    [month] = frames.months_of(frames.scored(timezone.now()))
    assert (month.n, month.mean) == (15, None)


def test_the_page_leads_to_each_conversation(admin_client, run, django_assert_max_num_queries):
    customer = make_customer(name="Ada")
    plant(run, 30, score=20, customer=customer, late=True)
    plant(run, 30, score=80)
    CustomerExperience.objects.create(
        customer=customer, run=run, score=20, conversations=30, last_at=timezone.now()
    )
    with django_assert_max_num_queries(16):
        page = admin_client.get(reverse(PAGE)).content.decode()
    assert "70–90 %" in page
    ticket = ConversationScore.objects.order_by("score", "-opened_at", "-pk")[0].ticket
    assert f"ticket={ticket.number}" in page
    chosen = admin_client.get(reverse(PAGE), {"cause": "late"}).content.decode()
    assert "first answer after its promise" in chosen
    assert chosen.count("?view=all") == 20
    assert "page=2" in chosen
    for odd in ("?cause=zz", "?page=0", "?cause=intent:", "?cause=%00"):
        assert admin_client.get(reverse(PAGE) + odd).status_code == 200
    inbox = admin_client.get(reverse("admin:support_inbox"), {"ticket": ticket.number})
    assert "experience 20" in inbox.content.decode()


def test_who_may_not_see_scores_sees_none(client, run):
    client.force_login(make_staff("support.view_ticket"))
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.get("/api/merchant/v1/experience/conversations/").status_code == 403


def test_programs_read_scores_page_by_page(admin_client, run):
    plant(run, 3, score=20, customer=make_customer())
    plant(run, 2, score=80)
    url = "/api/merchant/v1/experience/conversations/"
    page = admin_client.get(url, {"limit": 2, "most_score": 50}).json()
    assert len(page["results"]) == 2
    assert page["next"]
    assert page["results"][0]["causes"] == {"mood": -1.0}
    assert page["results"][0]["model_run"] == run.pk
    assert len(admin_client.get(url, {"customer": "C-1"}).json()["results"]) == 3
    assert admin_client.get(url, {"most_score": 101}).status_code == 400
