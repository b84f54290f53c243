import pytest
from django.core import mail

from decisions.models import Decision, Job
from decisions.services import receipts
from decisions.services.jobs import run_job
from shop.models import OrderState
from support.ml.reply_words import WORDS
from support.models import Draft, Message
from support.services.drafts import draft_reply
from support.services.replies import (
    DraftClosedError,
    EmptyReplyError,
    NoAddressError,
    discard_draft,
    email_reply,
    kept_rate,
    send_draft,
    send_reply,
)
from support.services.triage import triage_ticket
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_support import make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    customer = make_customer(name="Ada")
    make_order([(make_variant(), 1)], customer=customer, number="T-1", state=OrderState.PAID)
    ticket = make_ticket("Where is my order T-1?", customer=customer, email="")
    triage_ticket(ticket.pk, now=NOW)
    return draft_reply(ticket.pk, now=NOW)


def test_sending_unchanged_approves_the_receipt_and_answers(draft):
    message = send_draft(draft, draft.body)
    draft.refresh_from_db()
    ticket = draft.ticket
    ticket.refresh_from_db()
    assert (draft.state, draft.kept_rate, draft.diff) == ("sent", 1.0, [])
    assert "[1]" in draft.body
    assert "[1]" not in message.body
    assert ticket.state == "pending"
    assert ticket.first_response_at is not None
    assert Decision.objects.get().state == "approved"


def test_what_the_agent_changed_is_kept(draft):
    message = send_draft(draft, draft.body.replace("Kind regards", "All the best"))
    draft.refresh_from_db()
    assert "All the best" in message.body
    assert "+All the best," in draft.diff
    assert 0.5 < draft.kept_rate < 1


def test_sending_twice_sends_once(draft):
    send_draft(draft, draft.body)
    with pytest.raises(DraftClosedError):
        send_draft(draft, "again")
    assert Message.objects.filter(kind="outbound").count() == 1


def test_approving_from_the_brief_sends_the_draft(draft):
    receipts.approve(draft.decision)
    draft.refresh_from_db()
    assert draft.state == "sent"


def test_refusing_sends_nothing(draft):
    discard_draft(draft)
    draft.refresh_from_db()
    assert (draft.state, draft.decision.state) == ("discarded", "refused")
    assert not Message.objects.filter(kind="outbound").exists()


def test_the_receipt_is_computed_again(draft):
    output, same = receipts.replay(Decision.objects.get())
    assert same
    assert output["body"] == draft.body


def test_the_mail_leaves_once(draft):
    message = send_draft(draft, draft.body)
    job = Job.objects.get(kind="email_reply")
    run_job(job.pk)
    assert not email_reply(message.pk)
    [sent] = mail.outbox
    assert sent.to == ["C-1@example.com"]
    assert draft.ticket.number in sent.subject
    assert sent.body == message.body


def test_without_an_address_nothing_changes(draft):
    ticket = make_ticket(email="")
    with pytest.raises(NoAddressError):
        send_reply(ticket, "Hello", key="1")
    assert ticket.messages.count() == 1


def test_an_empty_reply_is_refused_and_the_receipt_stays_open(draft):
    with pytest.raises(EmptyReplyError):
        send_reply(draft.ticket, "  ", key="1")
    assert Decision.objects.get().state == "pending"


def test_a_reply_by_hand_replaces_the_draft_and_sends_once(draft):
    first = send_reply(draft.ticket, "I will look into it.", key="1")
    assert send_reply(draft.ticket, "I will look into it.", key="1") == first
    draft.refresh_from_db()
    assert (draft.state, draft.decision.state) == ("superseded", "superseded")
    assert Draft.objects.filter(state="open").count() == 0


def test_kept_rate_by_hand():
    assert kept_rate("abcd", "abcd") == 1.0
    assert kept_rate("abcd", "ab") == 0.5
    assert kept_rate("abcd", "") == 0.0


def test_a_subject_with_line_breaks_is_one_header():
    ticket = make_ticket(subject="Refund\rBcc: all@example.com\x0b\u2028now")
    message = send_reply(ticket, "On its way.", key="k")
    assert email_reply(message.pk)
    assert mail.outbox[0].subject == f"Re: Refund Bcc: all@example.com now [{ticket.number}]"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_state_of_an_order_can_be_said(language):
    for state in OrderState.values:
        assert {state, *([] if state == "placed" else [f"{state}_on"])} <= WORDS[language].keys()
