"""Rulings while others work on them: many who ask, two who decide, a campaign that goes live meanwhile."""

import threading

import pytest

from decisions.services import receipts
from marketing.models import Campaign, WordingRuling
from marketing.services.campaigns import campaigns
from marketing.services.content import wordings
from tests.factories_content import make_kettle, make_ruling
from tests.factories_crowd import LONG, crowd, until_blocked_or
from tests.factories_marketing import make_campaign, make_reachable

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
SING = "{product} remembers your grandmother's kitchen"


def test_eight_who_ask_at_once_get_one_ruling():
    def ask(number: int) -> int:
        said = wordings.ask(f"{SING}.", language="en", reason=f"Reason {number}.", by=None)
        return said.pk

    assert len(set(crowd(ask, size=8))) == 1
    assert WordingRuling.objects.count() == 1


def test_of_an_approval_and_a_withdrawal_at_once_the_withdrawal_stands():
    for _round in range(5):
        ruling = make_ruling(SING, state="pending")
        verbs = (wordings.approve, wordings.withdraw)
        crowd(lambda number, one=ruling, two=verbs: two[number](one, None), size=2)
        ruling.refresh_from_db()
        assert ruling.state == "withdrawn"


def goes_live_meanwhile(monkeypatch) -> str:
    """The ruling is withdrawn after the approval has read it and before the approval is written."""
    ruling = make_ruling(SING)
    make_reachable(2)
    body = f"{{greeting}}\n\n{{product}} is yours for {{price}}. {SING}.\n\n{{link}}"
    campaign = make_campaign(variant=make_kettle(), body=body)
    decision = campaigns.propose_campaign(campaign)
    read, gone, forbidden = threading.Event(), threading.Event(), campaigns.forbidden

    def look(*given):
        found = forbidden(*given)
        read.set()
        until_blocked_or(gone.is_set)  # the withdrawal is through, or waits for our lock
        return found

    monkeypatch.setattr(campaigns, "forbidden", look)

    def act(number: int) -> bool:
        if number == 0:
            return bool(receipts.approve(decision))
        read.wait(timeout=LONG)
        try:
            return wordings.withdraw(ruling, None)
        finally:
            gone.set()

    crowd(act, size=2)
    return Campaign.objects.get().state


def test_a_campaign_that_goes_live_while_its_ruling_is_withdrawn_is_paused(monkeypatch):
    assert goes_live_meanwhile(monkeypatch) == "paused"


def test_control_without_the_lock_it_is_live_until_the_clock_comes(monkeypatch):
    monkeypatch.setattr(campaigns, "hold", lambda rows: list(rows.order_by("pk")))
    assert goes_live_meanwhile(monkeypatch) == "approved"
    assert wordings.pull_withdrawn() == 1
    assert Campaign.objects.get().state == "paused"
