"""Every write of the API × {repeat, sixteen at once, same key with another body, another's key}."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests.access.api_writes import BY_EVENT_ID, WRITES, Write
from tests.factories_access import make_key, make_staff
from tests.factories_crowd import LONG

METHODS = ("post", "put", "patch", "delete")
CALLERS = 16


def documented_writes() -> Iterator[str]:
    for path, operations in SchemaGenerator().get_schema(public=True)["paths"].items():
        yield from (f"{name.upper()} {path}" for name in METHODS if name in operations)


def test_every_write_of_the_document_is_tried_here():
    assert {*WRITES, *BY_EVENT_ID} == set(documented_writes())


def new_secret(operation: str) -> str:
    """A key of its own: a storefront's, or one of an owner of the shop."""
    if "/storefront/" in operation:
        return make_key(rate_per_minute=10**6).secret
    owner = make_staff()
    owner.groups.set(Group.objects.filter(name="owner"))
    return make_key(user=owner, rate_per_minute=10**6).secret


def send(operation: str, write: Write, secret: str, *, body: Any = None, key: str = "key-1"):
    method, _space, path = operation.partition(" ")
    content = write.body if body is None else body
    return Client(raise_request_exception=False).generic(
        method,
        path.format(**write.ids),
        "" if content is None else json.dumps(content),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": key},
    )


def rows() -> dict[str, int]:
    """How many there are of everything but the answers that are kept for repeats, by one question."""
    kept = {"access.IdempotentAnswer"}
    models = [m._meta for m in apps.get_models() if m._meta.managed and m._meta.label not in kept]
    counts = ", ".join(f'(SELECT COUNT(*) FROM "{one.db_table}")' for one in models)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return dict(zip((one.label for one in models), cursor.fetchone(), strict=True))


def added(before: dict[str, int]) -> dict[str, int]:
    return {label: n - before[label] for label, n in rows().items() if n != before[label]}


@pytest.mark.django_db
@pytest.mark.parametrize("operation", WRITES)
def test_a_repeat_is_answered_and_changes_nothing(operation):
    cache.clear()
    write, secret = WRITES[operation](), new_secret(operation)
    first = send(operation, write, secret)
    assert 200 <= first.status_code < 300, first.content
    before = rows()
    for _time in range(2):
        again = send(operation, write, secret)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again["Idempotency-Replayed"] == "true"
    other = send(operation, write, secret, body=write.other)
    assert other.status_code == 409
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert added(before) == {}


@pytest.mark.django_db
@pytest.mark.parametrize("operation", WRITES)
def test_the_same_key_of_another_caller_is_another_key(operation):
    cache.clear()
    write = WRITES[operation]()
    send(operation, write, new_secret(operation))
    theirs = send(operation, write, new_secret(operation))
    assert "Idempotency-Replayed" not in theirs
    assert "idempotency-key-reused" not in theirs.content.decode()
    assert theirs.status_code < 500


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_have_the_effect_of_one():
    """A key that is at work is answered 409; afterwards everybody gets the one answer."""
    wrong = []
    for operation in WRITES:
        cache.clear()
        write, secret = WRITES[operation](), new_secret(operation)
        once = effect_of_one(operation, write, secret)
        before = rows()
        answers = at_once(operation, write, secret)
        last = send(operation, write, secret)
        told = {(one.status_code, one.content) for one in answers if one.status_code != 409}
        if told != {(last.status_code, last.content)} or last.status_code >= 300:
            wrong.append(f"{operation}: {told}, then {last.status_code} {last.content}")
        if any(
            "still-working" not in one.content.decode() for one in answers if one.status_code == 409
        ):
            wrong.append(f"{operation}: refused: {[one.content for one in answers]}")
        if added(before) != once:
            wrong.append(f"{operation}: {added(before)} instead of {once}")
    assert not wrong, "\n".join(wrong)


def effect_of_one(operation: str, write: Write, secret: str) -> dict[str, int]:
    before = rows()
    with transaction.atomic():
        assert send(operation, write, secret).status_code < 300
        effect = added(before)
        transaction.set_rollback(True)
    return effect


def at_once(operation: str, write: Write, secret: str) -> list[Any]:
    barrier, answers = threading.Barrier(CALLERS), []

    def caller() -> None:
        barrier.wait(timeout=LONG)
        answers.append(send(operation, write, secret))
        connection.close()

    threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=LONG)
    assert len(answers) == CALLERS
    return answers
