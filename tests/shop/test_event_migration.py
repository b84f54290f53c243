"""Events that were there before the log had months are there afterwards, once."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from msgspec.structs import replace

from shop.models import Event, EventKey
from shop.services.events.event_log import append_events
from shop.services.events.event_rows import EventRow
from tests.single_migrations import single_migration_executor

BEFORE = [("shop", "0006_payments_and_refunds_are_append_only")]
AT = datetime(2021, 5, 31, 23, 30, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_rows_are_carried_over():
    """In a schema of its own, built up to the migration before: nothing of it can be undone."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA before_months")
        cursor.execute("SET search_path TO before_months")
    try:
        executor = single_migration_executor(connection)
        executor.migrate(BEFORE)
        old = executor.loader.project_state(BEFORE).apps.get_model("shop", "Event")
        for name, at in (("old", AT), ("new", datetime(2026, 1, 1, tzinfo=UTC))):
            old.objects.create(
                event_id=name, kind="view", occurred_at=at, received_at=at, properties={"a": [1]}
            )
        ids = dict(old.objects.values_list("event_id", "id"))
        executor = single_migration_executor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes("shop"))
        assert dict(Event.objects.values_list("event_id", "id")) == ids
        assert Event.objects.get(event_id="old").properties == {"a": [1]}
        assert set(EventKey.objects.values_list("pk", flat=True)) == {"old", "new"}
        again = EventRow("old", "view", AT, AT)
        assert append_events([again, replace(again, event_id="third")]) == {"third"}
        assert Event.objects.get(event_id="third").pk > max(ids.values())
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM shop_event")
            assert {name for (name,) in cursor.fetchall()} == {
                "shop_event_2021_05",
                "shop_event_2026_01",
            }
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET search_path TO public")
            cursor.execute("DROP SCHEMA before_months CASCADE")
        connection.close()
