"""Caps over all channels together, in days of the clock and of the customer's own calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from marketing.models import Send, SkipReason
from marketing.services.sending.guards import Asked, reasons_not_to_write
from tests.factories import make_variant
from tests.factories_marketing import make_campaign, make_reachable, make_segment

pytestmark = pytest.mark.django_db
# A Wednesday; in Auckland it is the 13th already, in Los Angeles still the 12th in the morning.
NOW = datetime(2026, 8, 12, 17, tzinfo=UTC)


@pytest.fixture(autouse=True)
def roomy(settings):
    settings.MARKETING_CAP_MESSAGES = settings.MARKETING_CAP_SMS = settings.MARKETING_CAP_PUSH = 9
    settings.MARKETING_CAP_ALL = settings.MARKETING_CAP_A_DAY = settings.MARKETING_CAP_A_WEEK = 0


def got(customer, channel, before: timedelta, **fields) -> None:
    number = Send.objects.count()
    segment = Send.objects.first().campaign.segment if number else make_segment()
    campaign = make_campaign(segment=segment, variant=make_variant(f"V-{number}"))
    Send.objects.create(
        campaign=campaign, customer=customer, channel=channel, handed_over_at=NOW - before,
        **{"state": "sent"} | fields,
    )  # fmt: skip


def is_capped(*customers) -> list[bool]:
    found = reasons_not_to_write({one.pk: one for one in customers}, Asked("email", {}), NOW)
    assert set(found.values()) <= {SkipReason.FREQUENCY_CAP}
    return [one.pk in found for one in customers]


def test_channels_count_together(settings):
    settings.MARKETING_CAP_ALL = 3
    ana, bea = make_reachable(2)
    for channel in ("email", "sms", "push"):
        got(ana, channel, timedelta(days=2))
    got(bea, "email", timedelta(days=2))
    got(bea, "sms", timedelta(days=8))  # before the window
    got(bea, "push", timedelta(days=1), was_wished=True)  # she asked for it
    got(bea, "push", timedelta(days=1), state="failed")
    assert is_capped(ana, bea) == [True, False]
    settings.MARKETING_CAP_ALL = 0
    assert is_capped(ana, bea) == [False, False]


@pytest.mark.parametrize(
    ("zone", "capped"),
    [("Pacific/Auckland", False), ("America/Los_Angeles", True), ("", True)],
)
def test_a_day_is_the_customers_own(settings, zone, capped):
    """Written to ten hours ago: today in Los Angeles … and in London, yesterday in Auckland."""
    settings.TIME_ZONE = "Europe/London"
    settings.MARKETING_CAP_A_DAY = 1
    [ana] = make_reachable(1, time_zone=zone)
    got(ana, "sms", timedelta(hours=10))
    assert is_capped(ana) == [capped]


def test_a_week_begins_on_her_own_monday(settings):
    settings.MARKETING_CAP_A_WEEK = 1
    here, there = make_reachable(2)
    here.time_zone, there.time_zone = "Europe/London", "Pacific/Auckland"
    for one in (here, there):
        one.save()
        got(one, "push", NOW - datetime(2026, 8, 9, 20, tzinfo=UTC))  # Sunday 21:00, Monday 8:00
    assert is_capped(here, there) == [False, True]


def test_all_of_it_is_one_question(settings, django_assert_num_queries):
    settings.MARKETING_CAP_ALL = settings.MARKETING_CAP_A_DAY = settings.MARKETING_CAP_A_WEEK = 2
    people = {one.pk: one for one in make_reachable(5)}
    with django_assert_num_queries(2):
        assert reasons_not_to_write(people, Asked("email", {}), timezone.now()) == {}
