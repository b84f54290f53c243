"""The marketer's pages: builder, live count, the campaign's path, pinned queries."""

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.test import Client
from django.urls import reverse

from decisions.models import Job
from decisions.services import jobs
from marketing.models import Campaign, Segment
from marketing.services.audiences.segments import refresh_segments
from marketing.services.campaigns import campaigns
from marketing.services.sending.sends import send_campaign
from tests.factories_marketing import (
    AS_OF,
    Quiet,
    approve,
    make_campaign,
    make_reachable,
    make_rhythm,
    make_segment,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner"))
    return client


def do(client, campaign, verb, **data):
    return client.post(
        reverse("admin:marketing_campaign_do", args=[campaign.pk]),
        {"verb": verb, **data},
        follow=True,
    )


def rule_form(*conditions, group="all") -> dict:
    fields, ops, values = zip(*conditions, strict=True)
    return {"rule-group": group, "rule-field": fields, "rule-op": ops, "rule-value": values}


def test_a_segment_is_built_from_rows_and_counted_while_editing(owner):
    make_rhythm()
    refresh_segments(Quiet(), AS_OF)
    rule = rule_form(("stage", "is", "new"), ("frequency", "at_most", "1"), ("", "is", ""))
    page = owner.post(reverse("admin:marketing_segment_preview"), rule)
    assert page.context["preview"]["count"] == 30
    assert len(page.context["preview"]["sample"]) == 10
    name = {"name": "Fresh", "code": "fresh"}
    assert owner.post(reverse("admin:marketing_segment_add"), rule | name).status_code == 302
    segment = Segment.objects.get(code="fresh")
    assert segment.rule["all"] == [
        {"field": "stage", "op": "is", "value": "new"},
        {"field": "frequency", "op": "at_most", "value": 1},
    ]
    page = owner.get(reverse("admin:marketing_segment_change", args=[segment.pk]))
    assert "30" in page.content.decode()


def test_a_rule_that_cannot_be_is_told_at_its_field(owner):
    rule = rule_form(("recency_days", "at_least", "soon"))
    assert owner.post(reverse("admin:marketing_segment_preview"), rule).status_code == 400
    answer = owner.post(reverse("admin:marketing_segment_add"), rule | {"name": "X", "code": "x"})
    assert "whole number" in answer.content.decode()
    assert not Segment.objects.filter(code="x").exists()


def test_a_new_segment_begins_with_rows_and_may_be_written_as_text(owner):
    page = owner.get(reverse("admin:marketing_segment_add")).content.decode()
    assert "rule-field" in page
    written = {"rule-group": "all", "rule-raw": "did view within 3 days", "name": "X", "code": "x"}
    owner.post(reverse("admin:marketing_segment_add"), written)
    wanted = {"all": [{"did": "view", "op": "at_least", "times": 1, "days": 3}]}
    assert Segment.objects.get(code="x").rule == wanted


def test_nested_rules_are_kept_as_json(owner):
    rule = {"all": [{"any": [{"field": "country", "op": "is", "value": "GB"}]}]}
    segment = make_segment(rule)
    page = owner.get(reverse("admin:marketing_segment_change", args=[segment.pk]))
    assert "rule-raw" in page.content.decode()


def test_from_draft_to_results_on_one_page(owner):
    make_reachable(12, name="Ana <script>")
    campaign = make_campaign()
    page = do(owner, campaign, "draft").content.decode()
    assert 'class="mk-claim mk-true" title="{price}' in page
    copy = campaign.copies.first()
    page = do(owner, campaign, "edit", copy=copy.pk, subject="Half price", body="{product}").content
    assert b'class="mk-claim mk-false"' in page
    assert "Choose a text" in do(owner, campaign, "propose").content.decode()
    good = campaign.copies.filter(state="candidate").first()
    do(owner, campaign, "choose", copy=good.pk)
    assert "write to 12 people" in do(owner, campaign, "propose").content.decode()
    do(owner, campaign, "approve")
    campaign.refresh_from_db()
    assert campaign.state == "approved"
    jobs.run_job(Job.objects.get(kind="send_campaign").pk)
    page = owner.get(reverse("admin:marketing_campaign_path", args=[campaign.pk])).content.decode()
    assert len(mail.outbox) == 12
    assert "Nobody was held out" in page
    assert "<script>alert" not in page
    assert "Ana <script>" not in page


def test_pause_resume_cancel_and_take_back(owner):
    make_reachable(2)
    campaign = make_campaign()
    do(owner, campaign, "propose")
    do(owner, campaign, "take_back")
    do(owner, campaign, "propose")
    do(owner, campaign, "approve")
    for verb, state in (
        ("pause", "paused"),
        ("resume", "approved"),
        ("pause", "paused"),
        ("cancel", "cancelled"),
    ):
        do(owner, campaign, verb)
        campaign.refresh_from_db()
        assert campaign.state == state
    assert "moved on" in do(owner, campaign, "pause").content.decode()
    assert (
        owner.post(
            reverse("admin:marketing_campaign_do", args=[campaign.pk]), {"verb": "x"}
        ).status_code
        == 400
    )


def test_who_may_only_look_cannot_act():
    make_reachable(1)
    campaign = make_campaign()
    analyst = User.objects.create_user("analyst", is_staff=True)
    analyst.user_permissions.add(Permission.objects.get(codename="view_campaign"))
    client = Client()
    client.force_login(analyst)
    page = client.get(reverse("admin:marketing_campaign_path", args=[campaign.pk]))
    assert page.status_code == 200
    assert 'value="propose"' not in page.content.decode()
    assert do(client, campaign, "propose").status_code == 403
    assert client.get(reverse("admin:marketing_segment_changelist")).status_code == 403


LISTS = [
    "segment",
    "campaign",
    "customerprofile",
    "customerprediction",
    "audience",
    "copyvariant",
    "send",
    "suppression",
]


@pytest.mark.parametrize("model", LISTS)
def test_lists_take_the_same_queries_for_one_row_and_for_many(
    owner, model, django_assert_max_num_queries
):
    make_reachable(12)
    refresh_segments(Quiet(), AS_OF)
    send_campaign(Quiet(), approve(make_campaign()).pk)
    with django_assert_max_num_queries(10):
        assert owner.get(reverse(f"admin:marketing_{model}_changelist")).status_code == 200


def test_the_campaign_page_takes_a_fixed_number_of_queries(owner, django_assert_max_num_queries):
    make_reachable(30)
    campaign = approve(make_campaign(holdout_rate=0.4))
    send_campaign(Quiet(), campaign.pk)
    with django_assert_max_num_queries(25):
        owner.get(reverse("admin:marketing_campaign_path", args=[campaign.pk]))


def test_only_a_draft_has_a_form(owner):
    make_reachable(1)
    campaign = make_campaign()
    url = reverse("admin:marketing_campaign_change", args=[campaign.pk])
    assert 'name="goal"' in owner.get(url).content.decode()
    campaigns.propose_campaign(campaign)
    assert 'name="goal"' not in owner.get(url).content.decode()
    assert Campaign.objects.count() == 1
