import pytest

from shop.models import OrderState
from support.models import Draft, Handoff, Ticket
from support.services.drafts import draft_reply
from support.services.triage import triage_ticket, triage_tickets
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_support import make_article, make_message, make_ticket

pytestmark = pytest.mark.django_db


def test_a_ticket_is_read_in_full():
    customer = make_customer(name="Ada")
    order = make_order([(make_variant(), 1)], customer=customer, number="T-1002")
    ticket = make_ticket("Where is my order t-1002? It has not arrived.", customer=customer)
    triage_ticket(ticket.pk, now=NOW)
    ticket.refresh_from_db()
    assert (ticket.language, ticket.intent, ticket.order) == ("en", "where_is_my_order", order)
    assert 0 < ticket.intent_confidence <= 1
    assert ticket.triaged_at == NOW
    assert ticket.sla_due_at > ticket.opened_at


def test_chinese_and_angry():
    ticket = make_ticket("收到的时候已经碎了，太差了，气死了！")
    triage_ticket(ticket.pk, now=NOW)
    ticket.refresh_from_db()
    assert (ticket.language, ticket.intent) == ("zh", "damaged")
    assert ticket.sentiment < -0.3
    assert ticket.urgency == 4


def test_never_another_customers_order():
    stranger = make_customer("C-2")
    make_order([(make_variant(), 1)], customer=stranger, number="T-1002")
    ticket = make_ticket("Where is order T-1002?", customer=make_customer("C-1"))
    anonymous = make_ticket("Where is order T-1002?")
    for one in (ticket, anonymous):
        triage_ticket(one.pk, now=NOW)
        one.refresh_from_db()
        assert one.order is None
        draft_reply(one.pk, now=NOW)
    assert not Draft.objects.exists()
    assert set(Handoff.objects.values_list("cause", flat=True)) == {"no_record"}


def test_triage_twice_equals_once():
    ticket = make_ticket("I want my money back")
    triage_ticket(ticket.pk, now=NOW)
    first = Ticket.objects.filter(pk=ticket.pk).values().get()
    triage_ticket(ticket.pk, now=NOW)
    assert Ticket.objects.filter(pk=ticket.pk).values().get() == first


def test_the_agent_keeps_the_last_word_on_the_intent():
    ticket = make_ticket("I want my money back", intent="invoice", intent_source="agent")
    triage_ticket(ticket.pk, now=NOW)
    ticket.refresh_from_db()
    assert (ticket.intent, ticket.intent_source) == ("invoice", "agent")


def test_a_batch_costs_a_fixed_number_of_reads(django_assert_max_num_queries):
    tickets = [
        make_ticket(f"Where is order {n}?", customer=make_customer(f"C-{n}")) for n in range(6)
    ]
    loaded = list(Ticket.objects.select_related("order", "customer"))
    # messages, live run, orders, savepoint and one UPDATE per ticket
    with django_assert_max_num_queries(len(tickets) + 5):
        triage_tickets(loaded, now=NOW)


def test_an_empty_message_is_no_crash():
    ticket = make_ticket("")
    triage_ticket(ticket.pk, now=NOW)
    ticket.refresh_from_db()
    assert ticket.sentiment == 0.0


def asked(body, **fields):
    ticket = make_ticket(body, **fields)
    triage_ticket(ticket.pk, now=NOW)
    return ticket


def test_a_draft_quotes_the_help_text_in_the_customers_language():
    make_article()
    english = draft_reply(asked("How can I return my order and get a refund?").pk, now=NOW)
    chinese = draft_reply(asked("请问怎么退货退款？").pk, now=NOW)
    assert "within 30 days of delivery." in english.body
    assert "未使用的商品可在收货后30天内退货。" in chinese.body
    assert english.citations[0]["ref"] == "returns"


def test_no_help_text_in_that_language_means_a_person():
    make_article(body_zh="", title_zh="")
    made = draft_reply(asked("请问怎么退货退款？").pk, now=NOW)
    assert isinstance(made, Handoff)
    assert made.cause == "no_record"


def test_an_unpublished_text_is_never_quoted():
    make_article(is_published=False)
    assert isinstance(draft_reply(asked("How do I return this?").pk, now=NOW), Handoff)


def test_drafting_twice_gives_one_draft_and_one_receipt():
    customer = make_customer()
    make_order([(make_variant(), 1)], customer=customer, state=OrderState.PAID)
    ticket = asked("Where is my order?", customer=customer)
    first, again = draft_reply(ticket.pk, now=NOW), draft_reply(ticket.pk, now=NOW)
    assert first == again
    assert Draft.objects.count() == 1
    assert first.decision.state == "pending"
    assert first.decision.subject == f"ticket:{ticket.number}"


def test_a_new_message_supersedes_the_old_draft():
    customer = make_customer()
    make_order([(make_variant(), 1)], customer=customer)
    ticket = asked("Where is my order?", customer=customer)
    old = draft_reply(ticket.pk, now=NOW)
    make_message(ticket, "Hello? Where is my parcel?", at=NOW.replace(hour=11))
    new = draft_reply(ticket.pk, now=NOW.replace(hour=12))
    old.refresh_from_db()
    assert (old.state, old.decision.state, new.state) == ("superseded", "superseded", "open")


def test_a_sure_intent_finds_its_policy_in_words_the_customer_did_not_use():
    make_article(
        "damage", title="Damaged goods", body="Please send a photo within 7 days.", intent="damaged"
    )
    made = draft_reply(asked("One of the cups arrived with a crack").pk, now=NOW)
    assert "Please send a photo within 7 days." in made.body


def test_an_article_for_another_intent_is_not_quoted():
    make_article("invoices", title="Returns", body="Return it.", intent="invoice")
    assert isinstance(draft_reply(asked("How do I return this?").pk, now=NOW), Handoff)
