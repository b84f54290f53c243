"""Two writings of lists at once: the newer one goes on, no list is lost and none of a past run stays.

Each race stands beside its control: the same order of things without the token.
"""

import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection

from recommendations.models import ListPublication, PublishedList
from recommendations.services import lists
from recommendations.services.live_model import serving_model
from shop.models import Customer, Order
from tests.factories import make_order
from tests.factories_crowd import LONG
from tests.factories_recommendations import LATER, START, make_taste_shop, publish_model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
NEXT = LATER + timedelta(days=1)


@pytest.fixture(autouse=True)
def _fresh_files(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


@pytest.fixture
def shop():
    """Everybody's lists are written, and then somebody buys."""
    variants = make_taste_shop()
    Order.objects.update(created_at=START)  # else all of them came in during the last ten minutes
    publish_model()
    lists.publish_lists(LATER)
    buyer = Customer.objects.get(code="C-4")
    make_order([(variants[0], 1)], customer=buyer, at=LATER)
    return buyer


@pytest.fixture(params=[True, False], ids=["token", "control"])
def holds(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(lists, "_holds", lambda token: True)
    return request.param


class Paused:
    """A refresh in a thread of its own that waits before its nth transaction."""

    def __init__(self, before: int):
        self.calls, self.before = 0, before
        self.waits, self.go_on = threading.Event(), threading.Event()
        self.result: dict = {}
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        assert self.waits.wait(LONG)

    def still_mine(self):
        self.calls += 1
        if self.calls == self.before:
            self.waits.set()
            assert self.go_on.wait(LONG)

    def _run(self):
        try:
            self.result = lists.refresh_or_say_why(NEXT, self.still_mine)
        finally:
            connection.close()

    def finish(self) -> dict:
        self.go_on.set()
        self.thread.join(LONG)
        return self.result


def test_a_refresh_that_runs_when_the_night_begins_leaves_no_list_of_the_run_before(shop, holds):
    refresh = Paused(before=2)  # its only block
    run = publish_model(weights={"transitions": 1.0}, salt="next")
    lists.publish_lists(NEXT)
    hers = PublishedList.objects.get(customer=shop).products
    result = refresh.finish()
    stale = PublishedList.objects.exclude(run=run).exists() or not PublishedList.objects.filter(
        customer=shop, products=hers
    )
    if holds:
        assert result["refused"]["msgid"] == lists.OVERTAKEN
        assert not stale
        assert ListPublication.objects.get().run == serving_model().run == run
    else:
        assert stale


def test_of_two_refreshes_neither_takes_the_other_s_lists_away(shop, holds):
    refresh = Paused(before=3)  # its last transaction: what it did not write itself goes
    lists.refresh_lists(NEXT)
    refresh.finish()
    assert PublishedList.objects.filter(customer=shop).exists() is holds


def test_a_refresh_that_begins_while_the_night_writes_waits_for_the_next_quarter(shop):
    publish_model(weights={"transitions": 1.0}, salt="next")
    calls, found = [], []

    def in_between():
        calls.append(1)
        if len(calls) == 2:  # before the night's first block
            other = threading.Thread(target=refresh)
            other.start()
            other.join(LONG)

    def refresh():
        try:
            found.append(lists.refresh_or_say_why(NEXT, lists.no_check))
        finally:
            connection.close()

    lists.publish_lists(NEXT, in_between)
    assert found[0]["refused"]["msgid"] == lists.NOT_YET
    assert PublishedList.objects.count() == 60
