"""Kept lists while others work on them: two workers that write one, a deletion beside a campaign."""

import threading

import pytest
from django.db import IntegrityError

from marketing.models import Audience, AudienceMember, Campaign
from marketing.services.audiences import frozen
from marketing.services.campaigns import list_campaigns
from tests.factories import make_customer
from tests.factories_crowd import LONG, Meeting, crowd, until_blocked_or
from tests.factories_marketing import Quiet
from tests.marketing.test_frozen import british, freeze

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
FIELDS = {"name": "Spring", "goal": "announce"}


def two_workers(monkeypatch) -> list[object]:
    """Both look for members before either has written any, where nothing stops them."""
    for n in range(20):
        make_customer(f"C{n}", country="GB")
    segment = british()
    audience = frozen.ask_frozen(frozen.Freeze("L", segment.rule, (segment,)), key="k")
    looked, insert = Meeting(), frozen._insert

    def wait_for_the_other(*given) -> None:
        looked.wait()
        insert(*given)

    monkeypatch.setattr(frozen, "_insert", wait_for_the_other)
    return crowd(
        lambda _number: frozen.write_members(Quiet(), audience.pk), size=2, refusals=IntegrityError
    )


def test_two_workers_write_a_list_once(monkeypatch):
    assert two_workers(monkeypatch) == [{"frozen": True, "customers": 20}] * 2
    assert AudienceMember.objects.count() == 20


def test_control_without_the_lock_one_of_them_breaks(monkeypatch):
    unlocked = Audience.objects.filter(is_complete=False)
    monkeypatch.setattr(frozen, "lock_unwritten", lambda pk: unlocked.filter(pk=pk).first())
    assert IntegrityError in {type(one) for one in two_workers(monkeypatch)}


def campaign_and_deletion(monkeypatch) -> list[object]:
    """The list is deleted after the campaign's look at it and before the campaign is written."""
    make_customer("A", country="GB")
    audience, hold = freeze(), frozen.hold_kept
    seen, gone = threading.Event(), threading.Event()

    def look(pk: int) -> Audience:
        row = hold(pk)
        seen.set()
        until_blocked_or(gone.is_set)  # the deletion is through, or waits for our lock
        return row

    monkeypatch.setattr(list_campaigns, "hold_kept", look)

    def act(number: int) -> str:
        if number == 0:
            list_campaigns.draft_for(audience, FIELDS, key="c")
            return "drafted"
        seen.wait(timeout=LONG)
        try:
            frozen.delete_kept(audience)
        finally:
            gone.set()
        return "deleted"

    return crowd(act, size=2, refusals=(frozen.AudienceError, IntegrityError))


def row_of(pk: int) -> Audience:
    return Audience.objects.get(pk=pk)


def test_a_list_is_not_deleted_while_a_campaign_is_made_for_it(monkeypatch):
    drafted, refused = campaign_and_deletion(monkeypatch)
    assert drafted == "drafted"
    assert "archive it instead" in str(refused)
    assert Campaign.objects.get().frozen_audience == Audience.objects.get()


def test_control_without_the_lock_the_campaign_breaks(monkeypatch):
    monkeypatch.setattr(frozen, "hold_kept", row_of)
    broken, deleted = campaign_and_deletion(monkeypatch)
    assert deleted == "deleted"
    assert isinstance(broken, IntegrityError)
