import pytest
from django.urls import reverse

from shop.models import OrderState
from support.models import Message, Ticket
from support.services.drafts import draft_reply
from support.services.handoffs import hand_off
from support.services.triage import triage_ticket
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_access import make_staff
from tests.factories_support import make_ticket

pytestmark = pytest.mark.django_db
PERMISSIONS = ("support.view_ticket", "support.change_ticket", "shop.view_order")


@pytest.fixture
def agent(client):
    client.force_login(make_staff(*PERMISSIONS))
    return client


@pytest.fixture
def ticket():
    customer = make_customer(name="Ada")
    make_order([(make_variant(), 1)], customer=customer, number="T-1", state=OrderState.PAID)
    made = make_ticket("Where is my order T-1?", customer=customer, subject="Late")
    triage_ticket(made.pk, now=NOW)
    draft_reply(made.pk, now=NOW)
    return made


def act(client, ticket, verb, **fields):
    url = reverse("admin:support_inbox_act", args=[ticket.number])
    return client.post(url, {"verb": verb, **fields}, follow=True)


def test_the_page_shows_draft_citations_and_customer(agent, ticket):
    page = agent.get(reverse("admin:support_inbox")).content.decode()
    assert "Your order T-1, placed on 2 March 2026, is paid" in page
    assert 'class="ib-draft"' in page
    assert "<b>[1]</b>" in page
    assert "Ada" in page
    assert "£10.00" in page


def test_the_number_of_queries_does_not_grow_with_the_list(
    agent, ticket, django_assert_max_num_queries
):
    def count():
        with django_assert_max_num_queries(24) as queries:
            agent.get(reverse("admin:support_inbox"), {"ticket": ticket.number})
        return len(queries)

    before = count()
    for n in range(12):
        make_ticket(f"Question {n}", customer=make_customer(f"D-{n}"))
    assert count() == before


def test_an_edited_draft_is_sent(agent, ticket):
    draft = ticket.drafts.get()
    act(agent, ticket, "send", draft=draft.pk, body=draft.body + "\r\nP.S. Thanks")
    draft.refresh_from_db()
    assert draft.state == "sent"
    assert draft.reply.body.endswith("\nP.S. Thanks")
    assert draft.reply.author is not None
    assert draft.decision.decided_by == draft.reply.author


def test_a_second_press_says_so_and_sends_nothing_more(agent, ticket):
    draft = ticket.drafts.get()
    act(agent, ticket, "send", draft=draft.pk, body="One")
    page = act(agent, ticket, "send", draft=draft.pk, body="Two").content.decode()
    assert "sent or replaced meanwhile" in page
    assert Message.objects.filter(kind="outbound").count() == 1


def test_other_verbs(agent, ticket):
    act(agent, ticket, "note", body="Ask the courier", key="1")
    act(agent, ticket, "intent", intent="complaint")
    act(agent, ticket, "take")
    act(agent, ticket, "hand_off", key="2")
    act(agent, ticket, "discard", draft=ticket.drafts.get().pk)
    act(agent, ticket, "solve")
    now = Ticket.objects.get(pk=ticket.pk)
    assert (now.state, now.intent, now.intent_source) == ("solved", "complaint", "agent")
    assert now.assigned_to is not None
    assert now.handoffs.get().resolved_at is not None
    assert ticket.messages.filter(kind="note").count() == 2
    assert not ticket.messages.filter(kind="outbound").exists()


def test_the_handoff_banner_names_its_cause(agent):
    ticket = make_ticket("Get me a human")
    hand_off(ticket, "asked_for_person", key="1")
    page = agent.get(reverse("admin:support_inbox")).content.decode()
    assert "the customer asked for a person" in page


def test_looking_is_not_changing(client, ticket):
    client.force_login(make_staff("support.view_ticket"))
    page = client.get(reverse("admin:support_inbox")).content.decode()
    assert "data-reply" not in page
    assert "£10.00" not in page  # may not see orders
    assert act(client, ticket, "solve").status_code == 403
    assert Ticket.objects.get(pk=ticket.pk).state == "open"


def test_strangers_see_nothing(client, ticket):
    assert client.get(reverse("admin:support_inbox")).status_code == 302
    client.force_login(make_staff("shop.view_order"))
    assert client.get(reverse("admin:support_inbox")).status_code == 403


def test_what_customers_write_is_never_markup(agent):
    make_ticket("<script>alert(1)</script>", subject="<b>bold</b>")
    page = agent.get(reverse("admin:support_inbox")).content.decode()
    assert "<script>alert(1)" not in page
    assert "<b>bold</b>" not in page


@pytest.mark.parametrize("name", ["ticket", "knowledgearticle", "draft", "handoff"])
def test_lists_open_and_cost_a_fixed_number_of_queries(
    admin_client, ticket, name, django_assert_max_num_queries
):
    url = reverse(f"admin:support_{name}_changelist")
    for n in range(5):
        hand_off(make_ticket(f"Q {n}", customer=make_customer(f"D-{n}")), "agent", key="1")
    with django_assert_max_num_queries(20):
        assert admin_client.get(url).status_code == 200


def test_a_corrected_intent_in_the_form_is_an_agents_word(admin_client, ticket):
    url = reverse("admin:support_ticket_change", args=[ticket.pk])
    form = admin_client.get(url).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None}
    data |= {"intent": "invoice", "messages-TOTAL_FORMS": 0, "messages-INITIAL_FORMS": 0}
    assert admin_client.post(url, data).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.intent, ticket.intent_source) == ("invoice", "agent")
