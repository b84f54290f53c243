"""The night drafts what waits, once."""

from datetime import timedelta

import pytest

from support.models import Draft, Handoff
from support.services.drafts import draft_waiting
from support.services.replies import discard_draft
from support.services.triage import triage_waiting
from tests.factories import NOW
from tests.factories_support import make_article, make_ticket

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def quiet(done: int, total: int = 0, note: str = "") -> None:
    """Progress that nobody watches."""


def test_the_night_sorts_and_drafts_once():
    make_article()
    make_ticket("How do I return this and get a refund?")
    make_ticket("Wo ist meine Bestellung? Ich habe sie nicht erhalten")
    make_ticket("How do I return this?", at=NOW - timedelta(days=60))
    assert triage_waiting(quiet) == 3
    assert draft_waiting(quiet, now=LATER) == {"drafts": 1, "handoffs": 1}
    assert triage_waiting(quiet) == 0
    assert draft_waiting(quiet, now=LATER) == {"drafts": 0, "handoffs": 0}
    assert (Draft.objects.count(), Handoff.objects.count()) == (1, 1)


def test_a_discarded_draft_is_not_proposed_again():
    make_article()
    make_ticket("How do I return this and get a refund?")
    triage_waiting(quiet)
    draft_waiting(quiet, now=LATER)
    discard_draft(Draft.objects.get())
    assert draft_waiting(quiet, now=LATER) == {"drafts": 0, "handoffs": 0}
