"""Effects text by text and step by step, as a job counts them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from decisions.models import Job, Snapshot
from decisions.services import jobs
from marketing.models import Campaign, CopyVariant, Send
from marketing.services.effects import effect_snapshots
from marketing.services.effects.effects import campaign_effects, journey_effects
from marketing.services.journeys import walking
from marketing.services.sending.sends import send_campaign
from shop.models import Customer
from tests.factories import make_order, make_variant
from tests.factories_access import make_staff
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable
from tests.marketing.test_journeys import NOON, event, make_journey, make_ware, send

DAY = timedelta(days=1)


@pytest.fixture
def sent(db, settings):
    """Two texts: 200 customers read English, 200 Chinese, and ten are asked in no language."""
    settings.MARKETING_SEND_COST_MINOR = 3
    make_reachable(200, prefix="E", language="en")
    make_reachable(200, prefix="Z", language="zh")
    make_reachable(10, prefix="N", language="")
    campaign = make_campaign(holdout_rate=0.4)
    CopyVariant.objects.create(
        campaign=campaign, language="zh", subject="看看{product}", body="{greeting}\n{link}",
        provider="templates", state="chosen",
    )  # fmt: skip
    approve(campaign)
    send_campaign(Quiet(), campaign.pk)
    start = timezone.now() - 30 * DAY
    Campaign.objects.filter(pk=campaign.pk).update(started_at=start)
    Send.objects.update(sent_at=start)
    campaign.refresh_from_db()
    return campaign


def people(campaign, prefix, held):
    members = campaign.audience.members.filter(
        is_holdout=held, customer__code__startswith=prefix
    ).order_by("pk")
    return [member.customer for member in members]


def test_each_text_is_compared_with_those_who_would_have_got_it(sent):
    tea, at = make_variant("TEA-1"), sent.started_at + DAY
    chinese, english = people(sent, "Z", False), people(sent, "E", False)
    for customer in chinese[:60]:
        make_order([(tea, 1)], customer=customer, at=at)
    for customer in [*english[:5], *people(sent, "E", True)[:3]]:
        make_order([(tea, 1)], customer=customer, at=at)
    found = {part.key: part for part in campaign_effects(sent).parts}
    assert set(found) == {"en", "zh"}
    zh, en = found["zh"].metrics, found["en"].metrics
    # by hand: £10 less £4 per order, nobody held out ordered, three pence a mail
    assert zh["sent"].value == len(chinese)
    assert zh["converted"].value == 60
    assert zh["incremental_orders"].value == pytest.approx(60)
    assert zh["incremental_profit"].value == pytest.approx(60 * 600)
    assert zh["net_profit"].value == pytest.approx(60 * 600 - 3 * len(chinese))
    assert zh["net_profit"].low > 0
    # who has no language gets the English text and is in its groups
    nobody = people(sent, "N", False), people(sent, "N", True)
    written, held = len(english) + len(nobody[0]), len(people(sent, "E", True)) + len(nobody[1])
    assert en["sent"].value == written
    assert en["incremental_orders"].value == pytest.approx(written * (5 / written - 3 / held))
    assert en["net_profit"].low < 0 < en["net_profit"].high


def test_one_text_is_the_whole_campaign(db):
    make_reachable(3)
    campaign = approve(make_campaign())
    send_campaign(Quiet(), campaign.pk)
    assert campaign_effects(Campaign.objects.get()).parts == []


def test_the_parts_of_one_text_cost_a_fixed_number_of_queries(sent, django_assert_max_num_queries):
    with django_assert_max_num_queries(27):
        campaign_effects(sent)


def test_complaints_are_a_guardrail_beside_unsubscribes(sent):
    Send.objects.filter(pk__in=[one.pk for one in sent.sends.all()[:20]]).update(
        complained_at=timezone.now()
    )
    found = campaign_effects(sent)
    assert found.guardrail == "harmed"
    assert any(msgid.startswith("Too many complained") for msgid in found.sentences)
    assert found.metrics["complaint_rate"].value == pytest.approx(20 / found.metrics["sent"].value)


@pytest.mark.django_db
def test_each_step_of_a_journey_has_its_counts(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    settings.MARKETING_SEND_COST_MINOR = 2
    [ana, ben] = make_reachable(2)
    kettle = make_ware()
    journey = make_journey(
        {"on": "cart_left"}, send("first"), {"id": "w", "wait": {"days": 1}}, send("second"),
        exits=("ordered",),
    )  # fmt: skip
    for one in (ana, ben):
        event(one, kettle)
    walking.walk(NOON + timedelta(hours=1))
    Send.objects.update(sent_at=NOON + timedelta(hours=1))
    make_order([(kettle, 1)], customer=ben, at=NOON + timedelta(hours=5))
    walking.walk(NOON + timedelta(days=1, hours=2))
    found = {
        part.key: {name: one.value for name, one in part.metrics.items()}
        for part in journey_effects(journey, NOON + timedelta(days=2)).parts
    }
    assert list(found) == ["first", "second"]
    assert (found["first"]["sent"], found["first"]["converted"]) == (2, 1)
    assert (found["second"]["sent"], found["second"]["converted"]) == (1, 0)
    assert found["first"]["send_cost"] == 4


def test_a_slow_report_is_read_from_the_job_with_its_age(sent, client):
    subject = effect_snapshots.subject_of(sent)
    at = timezone.now() - timedelta(hours=2)
    effect_snapshots.refresh(subject, at)
    Snapshot.objects.filter(pk=subject).update(seconds=20)
    client.force_login(make_staff("marketing.view_campaign"))
    url = reverse("admin:marketing_campaign_effects", args=[sent.pk])
    text = client.get(url).content.decode()
    assert "Counted on" in text
    assert "Text by text" in text
    assert 'id="metric-zh:sent"' in text
    assert "zh:sent," in client.get(url + "?as=csv").content.decode()
    assert client.post(url).status_code == 302
    assert "It is being counted anew" in client.get(url).content.decode()
    [job] = Job.objects.filter(kind="count_effects")
    jobs.run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "succeeded"
    assert Snapshot.objects.get(pk=subject).as_of > at
    report = effect_snapshots.effect_report(sent)
    assert report.effects.metrics == campaign_effects(sent).metrics or not report.is_stored


def test_what_is_stored_reads_back_as_it_was_counted(sent):
    tea = make_variant("TEA-1")
    for customer in people(sent, "Z", False)[:40]:
        make_order([(tea, 1)], customer=customer, at=sent.started_at + DAY)
    at = timezone.now()
    subject = effect_snapshots.subject_of(sent)
    effect_snapshots.refresh(subject, at)
    Snapshot.objects.filter(pk=subject).update(seconds=20)
    report = effect_snapshots.effect_report(sent)
    assert report.is_stored
    assert report.effects == campaign_effects(sent, at)


def test_the_night_counts_what_still_moves(sent):
    found = effect_snapshots.refresh_effects(Quiet(), timezone.now())
    assert found == {"counted": 1}
    subjects = set(Snapshot.objects.values_list("subject", flat=True))
    assert subjects == {f"effects:campaign:{sent.pk}", f"results:campaign:{sent.pk}"}


@pytest.mark.django_db
def test_a_subject_that_is_gone_is_nothing_to_count():
    assert effect_snapshots.refresh("effects:campaign:99") == {"counted": False}
    assert not Customer.objects.exists()
