"""A count that somebody waits for ends in time, and says so; nothing of its settings stays behind."""

import pytest
from django.db import connection
from django.urls import reverse

from marketing.definitions.rule_text import parse
from marketing.services.audiences import counting
from tests.factories import make_customer
from tests.factories_access import make_key, make_staff
from tests.factories_marketing import make_segment

pytestmark = pytest.mark.django_db
ENDLESS = (
    "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000000) "
    "SELECT COUNT(*) FROM numbers"
)


def run_endless(*_args, **_options):
    with connection.cursor() as cursor:
        cursor.execute(ENDLESS)


def in_force() -> list[str]:
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('work_mem'), current_setting('statement_timeout')")
        return list(cursor.fetchone())


def test_what_takes_too_long_is_stopped_and_the_connection_goes_on():
    before = in_force()
    with pytest.raises(counting.TookTooLongError, match="was stopped"), counting.counting(0.2):
        run_endless()
    make_customer()
    assert counting.live_count({}).customers == 1
    assert in_force() == before


@pytest.mark.postgres
def test_counts_get_the_memory_that_the_shop_allows(settings):
    settings.MARKETING_COUNT_WORK_MEM_MB = 37
    before = in_force()
    with counting.counting(5):
        assert in_force()[0] == "37MB"
        assert in_force()[1] != "0"
    with counting.counting():
        assert in_force() == ["37MB", before[1]]
    assert in_force() == before


@pytest.fixture
def too_slow(monkeypatch, settings):
    settings.MARKETING_COUNT_SECONDS = 0.1
    monkeypatch.setattr("django.db.models.query.QuerySet.count", run_endless)


def test_a_page_a_segment_and_a_rule_say_so_instead_of_waiting(client, too_slow, monkeypatch):
    segment = make_segment(parse("frequency > 2"))
    owner = make_staff(is_superuser=True)
    secret = make_key(user=owner).secret
    asked = {"headers": {"Authorization": f"Bearer {secret}"}}
    found = client.get(f"/api/merchant/v1/segments/{segment.code}/", **asked).json()
    assert (found["customer_count"], found["sample"]) == (None, [])
    assert "was stopped" in found["reason"]
    answer = client.post(
        "/api/merchant/v1/segment-counts/", {"text": "frequency > 2"},
        content_type="application/json", **asked,
    )  # fmt: skip
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/segment"
    client.force_login(owner)
    shown = client.post(reverse("admin:marketing_segment_preview"), {"rule-raw": "frequency > 2"})
    assert "was stopped" in shown.content.decode()
