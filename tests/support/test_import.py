import polars as pl
import pytest

from shop.importers.run import import_frames
from support.models import KnowledgeArticle, Message, Ticket
from tests.factories import make_customer, make_order, make_variant

pytestmark = pytest.mark.django_db

TICKETS = pl.DataFrame(
    {
        "number": ["H-1", "H-2", "H-3", "H-4"],
        "customer": ["C-1", None, "C-9", "C-2"],
        "order": ["T-1", None, None, "T-1"],
        "subject": ["Late", None, "x", "x"],
        "body": ["Where is T-1?", "坏了", "hi", "hi"],
        "intent": [None, "damaged", None, None],
        "created_at": ["2026-03-01 09:00"] * 4,
    }
)


def test_tickets_land_once_and_strangers_orders_are_refused():
    make_order([(make_variant(), 1)], customer=make_customer("C-1"), number="T-1")
    make_customer("C-2")
    report = import_frames("tickets", TICKETS)
    assert (report.new, report.rejected) == (2, 2)
    first, second = Ticket.objects.order_by("number")
    assert (first.order.number, first.channel, first.state) == ("T-1", "email", "open")
    assert (second.intent, second.intent_source) == ("damaged", "import")
    assert first.public_id != second.public_id
    assert Message.objects.filter(kind="inbound").count() == 2
    again = import_frames("tickets", TICKETS)
    assert (again.new, again.unchanged, Message.objects.count()) == (0, 2, 2)


def test_knowledge_is_added_changed_and_refused():
    rows = {
        "code": ["a", "b"],
        "title": ["A", "B"],
        "body": ["Text.", None],
        "body_zh": [None, None],
    }
    report = import_frames("knowledge", pl.DataFrame(rows))
    assert (report.new, report.rejected) == (1, 1)
    changed = pl.DataFrame({"code": ["a"], "title": ["A"], "body": ["New."], "body_zh": ["新。"]})
    assert import_frames("knowledge", changed).changed == 1
    assert import_frames("knowledge", changed).unchanged == 1
    assert KnowledgeArticle.objects.get().body_zh == "新。"
