import pytest

from decisions.models import Job
from support.models import Handoff, Message, Ticket, TicketState
from support.services.handoffs import hand_off
from support.services.tickets import (
    NewTicket,
    StateChangeError,
    TicketClosedError,
    add_inbound,
    correct_intent,
    move,
    open_ticket,
)
from tests.factories import NOW, make_customer
from tests.factories_support import make_ticket

pytestmark = pytest.mark.django_db


def test_the_same_key_opens_one_ticket():
    new = NewTicket(body="Where is it?", key="mail-1", customer=make_customer(), opened_at=NOW)
    first, again = open_ticket(new), open_ticket(new)
    assert first == again
    assert (Ticket.objects.count(), Message.objects.count()) == (1, 1)
    assert Job.objects.filter(kind="triage_ticket").count() == 1
    assert first.number == f"S-{first.pk:05d}"
    assert (first.sla_due_at - NOW).total_seconds() == 24 * 3600


def test_a_number_that_a_file_brought_along_is_left_to_that_ticket():
    """A shop that moves house brings its old help desk's numbers, which may look like ours."""
    ours = open_ticket(NewTicket(body="Hello?", key="mail-1", opened_at=NOW)).pk + 3
    for number in (f"S-{ours:05d}", f"S-{ours:05d}-2"):
        Ticket.objects.create(number=number, opened_at=NOW)
    made = open_ticket(NewTicket(body="Hello?", key="mail-2", opened_at=NOW))
    assert (made.pk, made.number) == (ours, f"S-{ours:05d}-3")


def test_a_customer_who_writes_again_opens_the_ticket_again():
    ticket = make_ticket(state=TicketState.SOLVED)
    message = add_inbound(ticket, "It came back!", key="m-2")
    assert add_inbound(ticket, "It came back!", key="m-2") == message
    ticket.refresh_from_db()
    assert ticket.state == TicketState.OPEN
    assert ticket.messages.count() == 2


def test_a_closed_ticket_takes_no_message():
    ticket = make_ticket(state=TicketState.CLOSED)
    with pytest.raises(TicketClosedError):
        add_inbound(ticket, "Hello?", key="m-2")
    assert ticket.messages.count() == 1


def test_the_state_machine_refuses_and_changes_nothing():
    ticket = make_ticket(state=TicketState.CLOSED)
    with pytest.raises(StateChangeError):
        move(ticket, TicketState.OPEN)
    ticket.refresh_from_db()
    assert ticket.state == TicketState.CLOSED


def test_a_stale_copy_does_not_overwrite_a_rival():
    ticket = make_ticket()
    stale = Ticket.objects.get(pk=ticket.pk)
    move(ticket, TicketState.CLOSED)
    with pytest.raises(StateChangeError):
        move(stale, TicketState.SOLVED)


def test_a_handoff_always_leaves_a_note_and_happens_once():
    ticket = make_ticket("I want to talk to a person")
    for _ in range(2):
        hand_off(ticket, "asked_for_person", key="message:1")
    assert Handoff.objects.count() == 1
    assert ticket.messages.filter(kind="note").count() == 1


def test_solving_closes_the_handoff():
    ticket = make_ticket()
    handoff = hand_off(ticket, "agent", key="x")
    move(ticket, TicketState.SOLVED)
    handoff.refresh_from_db()
    assert handoff.resolved_at is not None


def test_an_agents_word_is_marked_as_such():
    ticket = make_ticket(intent="other", intent_confidence=0.4, intent_source="model")
    correct_intent(ticket, "invoice")
    ticket.refresh_from_db()
    assert (ticket.intent, ticket.intent_source, ticket.intent_confidence) == (
        "invoice",
        "agent",
        None,
    )
