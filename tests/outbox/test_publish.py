"""A message is a row of the transaction that made it true: there with it, gone with it, once."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from outbox.kinds import PayloadError, UnknownKindError
from outbox.models import Message
from outbox.services import publish
from tests.factories_crowd import crowd


class ChangedMyMindError(Exception):
    pass


@pytest.mark.django_db
def test_one_row_and_no_other_query():
    publish("webhook.test", {"note": "warm"}, key="warm")  # the register is read on first use
    with CaptureQueriesContext(connection) as queries:
        publish("webhook.test", {"note": "hello"}, key="a")
    assert len(queries) == 1
    message = Message.objects.get(key="a")
    assert (message.kind, message.payload, message.sequence) == (
        "webhook.test",
        {"note": "hello"},
        None,
    )


@pytest.mark.django_db
def test_the_same_key_writes_no_second_row_and_leaves_the_transaction_whole():
    with transaction.atomic():
        publish("webhook.test", {"note": "first"}, key="a")
        publish("webhook.test", {"note": "second"}, key="a")
        publish("webhook.test", {"note": "other"}, key="b")
    assert [m.payload["note"] for m in Message.objects.order_by("key")] == ["first", "other"]


@pytest.mark.django_db(transaction=True)
def test_rolled_back_means_nobody_hears_of_it():
    def publish_and_fail() -> None:
        with transaction.atomic():
            publish("webhook.test", {"note": "hello"}, key="a")
            raise ChangedMyMindError

    with pytest.raises(ChangedMyMindError):
        publish_and_fail()
    assert not Message.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_crowd_with_one_key_writes_one_row():
    def act(number: int) -> bool:
        with transaction.atomic():
            publish("webhook.test", {"note": str(number)}, key="a")
        return True

    crowd(act)
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_a_kind_or_a_payload_that_nobody_promised_is_refused():
    with pytest.raises(UnknownKindError):
        publish("moon.risen", {}, key="a")
    with pytest.raises(PayloadError, match="note, oops"):
        publish("webhook.test", {"oops": 1}, key="a")
    assert not Message.objects.exists()
