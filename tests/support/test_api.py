import json
from uuid import uuid4

import pytest
from django.core.cache import cache

from support.models import Message, Ticket, TicketState
from support.services.drafts import draft_reply
from support.services.triage import triage_ticket
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_support import make_message, make_ticket

pytestmark = pytest.mark.django_db
STORE = "/api/storefront/v1/conversations/"
STAFF = "/api/merchant/v1/tickets/"


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


@pytest.fixture
def store():
    return bearer(make_key().secret)


def post(client, url, body, headers=None, key="k-1"):
    extra = {"HTTP_IDEMPOTENCY_KEY": key, **(headers or {})}
    return client.post(url, json.dumps(body), content_type="application/json", **extra)


def test_a_conversation_is_opened_once_and_continued(client, store):
    customer = make_customer()
    said = {"body": "Where is it?", "customer": "C-1", "email": customer.email}
    first, again = (post(client, STORE, said, store) for _ in range(2))
    assert first.status_code == 201
    assert first.json() == again.json()
    ticket = Ticket.objects.get()
    assert (ticket.customer, ticket.channel) == (customer, "chat")
    url = f"{STORE}{first.json()['id']}/messages/"
    assert post(client, url, {"body": "Hello?"}, store, key="k-2").status_code == 201
    make_message(ticket, "internal", kind="note")
    said = client.get(url, **store).json()["results"]
    assert [row["body"] for row in said] == ["Hello?", "Where is it?"]


def test_a_code_without_its_address_links_no_customer(client, store):
    make_customer()
    for key, body in (
        ("a", {"body": "x", "customer": "C-1"}),
        ("b", {"body": "x", "customer": "C-1", "email": "other@example.com"}),
    ):
        assert post(client, STORE, body, store, key=key).status_code == 201
    assert not Ticket.objects.filter(customer__isnull=False).exists()


def test_an_address_alone_is_answered_at_that_address(client, store):
    customer = make_customer()
    post(client, STORE, {"body": "x", "email": customer.email}, store)
    ticket = Ticket.objects.get()
    assert (ticket.customer, ticket.channel) == (customer, "web")


def test_closed_unknown_and_keyless(client, store):
    ticket = make_ticket(state=TicketState.CLOSED)
    url = f"{STORE}{ticket.public_id}/messages/"
    assert post(client, url, {"body": "x"}, store).status_code == 409
    assert client.get(f"{STORE}{uuid4()}/messages/", **store).status_code == 404
    assert client.get(url).status_code == 401
    assert post(client, STORE, {"body": ""}, store, key="k-3").status_code == 400
    assert Message.objects.count() == 1


def test_staff_list_read_and_answer(client, django_assert_max_num_queries):
    customer = make_customer()
    make_order([(make_variant(), 1)], customer=customer, number="T-1")
    ticket = make_ticket("Where is my order T-1?", customer=customer)
    triage_ticket(ticket.pk, now=NOW)
    draft_reply(ticket.pk, now=NOW)
    client.force_login(make_staff("support.view_ticket", "support.change_ticket"))
    with django_assert_max_num_queries(6):
        [row] = client.get(STAFF, {"state": "open"}).json()["results"]
    assert (row["number"], row["order"], row["customer"]) == (ticket.number, "T-1", "C-1")
    found = client.get(f"{STAFF}{ticket.number}/").json()
    assert found["draft"]["citations"][0]["ref"] == "T-1"
    url = f"{STAFF}{ticket.number}/replies/"
    reply = {"body": found["draft"]["body"], "draft": found["draft"]["id"]}
    assert post(client, url, reply).status_code == 201
    assert post(client, url, reply, key="k-2").status_code == 409
    assert Message.objects.filter(kind="outbound").count() == 1


def test_staff_without_the_role_are_refused(client):
    ticket = make_ticket()
    client.force_login(make_staff("support.view_ticket"))
    assert post(client, f"{STAFF}{ticket.number}/replies/", {"body": "x"}).status_code == 403
    assert ticket.messages.count() == 1
