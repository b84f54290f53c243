"""The log of the text endpoint and its spend cap: nothing is counted twice, no cap is passed."""

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.checks import spend_settings
from language.endpoint import EndpointProvider
from language.models import CallOutcome, SpendPeriod, TextCall
from language.providers import DraftRequest, SlotNote, draft_texts
from language.services import calls
from language.services.calls import CallLog, Ending, SpendCapError, Usage
from language.wire import Limits
from tests.factories_access import make_staff
from tests.factories_crowd import LONG

SERVER = Path(__file__).parent / "openai_server.py"
PROMPT = "x" * 36  # with the overhead 100 tokens at most


@pytest.fixture(autouse=True)
def prices(settings):
    settings.TEXT_PROVIDER_PRICE_IN_MINOR = 100
    settings.TEXT_PROVIDER_PRICE_OUT_MINOR = 400
    settings.TEXT_PROVIDER_CAP_DAY_MINOR = settings.TEXT_PROVIDER_CAP_MONTH_MINOR = None


def begin(max_tokens: int = 1000) -> TextCall:
    return calls.begin_call("test", "m", PROMPT, max_tokens=max_tokens)


def today() -> int:
    return calls.spent_millionths(calls.periods(timezone.now())[0])


def month() -> int:
    return calls.spent_millionths(calls.periods(timezone.now())[1])


@pytest.mark.django_db
def test_a_call_reserves_the_most_and_gives_back_what_it_did_not_use():
    call = begin()
    assert call.reserved_millionths == 100 * 100 + 1000 * 400 == today() == month()
    assert calls.end_call(call, Ending("answered", "Hi", usage=Usage(20, 10)))
    assert today() == month() == 20 * 100 + 10 * 400
    assert calls.recount(calls.periods(timezone.now())[0]) == today()
    assert calls.recount(calls.periods(timezone.now())[1]) == month()


@pytest.mark.django_db
def test_a_call_settled_twice_counts_once():
    call = begin()
    assert calls.end_call(call, Ending("answered", usage=Usage(20, 10)))
    assert not calls.end_call(call, Ending("lost"))
    assert today() == 20 * 100 + 10 * 400
    assert TextCall.objects.get().outcome == CallOutcome.ANSWERED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ending", "cost", "is_known"),
    [
        (Ending("busy", was_charged=False), 0, True),
        (Ending("timeout"), 410_000, False),
        (Ending("broken", usage=Usage(20, None)), 410_000, False),
    ],
)
def test_what_nobody_knows_counts_as_the_most(ending, cost, is_known):
    call = begin()
    calls.end_call(call, ending)
    call.refresh_from_db()
    assert (call.cost_millionths, call.cost_is_known, today()) == (cost, is_known, cost)


@pytest.mark.django_db
def test_a_call_of_a_dead_process_is_closed_at_the_most_and_only_then():
    fresh, dead = begin(), begin()
    TextCall.objects.filter(pk=dead.pk).update(started_at=timezone.now() - timedelta(hours=2))
    assert calls.settle_lost() == 1
    assert calls.settle_lost() == 0
    assert TextCall.objects.get(pk=dead.pk).outcome == CallOutcome.LOST
    assert TextCall.objects.get(pk=fresh.pk).outcome == CallOutcome.RUNNING


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["TEXT_PROVIDER_CAP_DAY_MINOR", "TEXT_PROVIDER_CAP_MONTH_MINOR"])
def test_over_the_cap_nothing_is_asked_and_the_refusal_says_why(settings, name):
    setattr(settings, name, 1)  # a million millionths: two calls of 410,000
    begin(), begin()
    with pytest.raises(SpendCapError, match=r"0\.82 of 1 minor units") as refused:
        begin()
    assert name in str(refused.value)
    row = TextCall.objects.first()
    assert (row.outcome, row.cost_millionths) == (CallOutcome.OVER_BUDGET, 0)
    assert today() == month() == 820_000


@pytest.mark.django_db
def test_a_cap_needs_a_price(settings):
    assert spend_settings(None) == []
    settings.TEXT_PROVIDER_CAP_DAY_MINOR = 5
    settings.TEXT_PROVIDER_PRICE_IN_MINOR = settings.TEXT_PROVIDER_PRICE_OUT_MINOR = 0
    assert [error.id for error in spend_settings(None)] == ["config.E008"]
    settings.TEXT_PROVIDER_PRICE_IN_MINOR = -1
    assert [error.id for error in spend_settings(None)] == ["config.E007"]


def _race(times: int) -> int:
    """How many of so many calls at once were let through."""
    let, ready = [], threading.Barrier(times)

    def one() -> None:
        try:
            ready.wait(timeout=LONG)
            begin()
            let.append(1)
        except SpendCapError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=LONG)
    return len(let)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_calls_at_once_never_pass_the_cap(settings):
    settings.TEXT_PROVIDER_CAP_DAY_MINOR = 1
    assert _race(8) == 2
    assert today() == 820_000


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_a_cap_that_is_read_before_it_is_written_is_passed(settings, monkeypatch):
    settings.TEXT_PROVIDER_CAP_DAY_MINOR = 1
    all_have_read = threading.Barrier(8)

    def read_then_write(period, millionths, cap_minor):
        if cap_minor is None:
            return
        spent = calls.spent_millionths(period)
        all_have_read.wait(timeout=LONG)
        if spent + millionths > cap_minor * calls.MILLIONTHS:
            raise SpendCapError("full")
        SpendPeriod.objects.filter(period=period).update(spent_millionths=spent + millionths)

    monkeypatch.setattr(calls, "_add", read_then_write)
    # Committed beforehand, so that the readers below do not wait for each other's new row.
    SpendPeriod.objects.bulk_create([SpendPeriod(period=p) for p in calls.periods(timezone.now())])
    assert _race(8) == 8


@pytest.fixture(scope="module")
def server():
    process = subprocess.Popen(
        [sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process.stdout.readline().strip()
    process.stdin.close()
    process.wait(timeout=LONG)
    process.stdout.close()


def draft(server: str, model: str, **changes):
    request = DraftRequest("email", "announce", facts=(SlotNote("shop", "the shop"),), **changes)
    provider = EndpointProvider(
        url=f"{server}/v1",
        key="test-key",
        model=model,
        limits=Limits(LONG, 500),
        log=CallLog("brief:1"),
    )
    return draft_texts(request, provider)


@pytest.mark.django_db
def test_each_request_is_a_row_with_what_it_used(server):
    assert draft(server, "good").provider == "endpoint:good"
    row = TextCall.objects.get()
    assert (row.purpose, row.outcome, row.tokens_in, row.tokens_out) == (
        "brief:1", CallOutcome.ANSWERED, 100, 50,
    )  # fmt: skip
    assert row.cost_millionths == 100 * 100 + 50 * 400 == today()
    assert "{greeting}" in row.answer
    assert "Write 3 different drafts" in row.prompt


@pytest.mark.django_db
def test_formats_that_were_tried_are_rows_too_and_cost_nothing_when_turned_away(server):
    draft(server, "plain-only")
    outcomes = list(TextCall.objects.order_by("pk").values_list("outcome", "cost_millionths"))
    assert outcomes == [("denied", 0), ("denied", 0), ("answered", 30_000)]


@pytest.mark.django_db
def test_no_personal_data_is_in_the_log(server):
    draft(server, "tells-secrets", brief="Tell bo@example.com, phone 020 7946 0958.")
    row = TextCall.objects.get()
    for secret in ("bo@example.com", "7946", "ana@example.com"):
        assert secret not in row.prompt + row.answer


@pytest.mark.django_db
def test_over_the_cap_templates_step_in_and_say_so(server, settings):
    settings.TEXT_PROVIDER_CAP_DAY_MINOR = 0
    drafted = draft(server, "good")
    assert drafted.provider == "templates"
    assert "spend cap" in drafted.note
    assert TextCall.objects.get().outcome == CallOutcome.OVER_BUDGET


@pytest.mark.django_db
def test_the_page_shows_spend_filters_and_cannot_be_edited(settings, django_assert_max_num_queries):
    settings.TEXT_PROVIDER_CAP_DAY_MINOR = 2
    for number in range(60):
        call = begin(max_tokens=10)
        if number % 2:
            calls.end_call(call, Ending("broken", detail="it broke"))
    client = Client()
    client.force_login(make_staff("language.view_textcall"))
    address = reverse("admin:language_textcall_changelist")
    with django_assert_max_num_queries(14):
        page = client.get(address).content.decode()
    assert page.count('class="action-select"') <= 50
    assert "of the cap of" in page
    broken = client.get(address, {"outcome__exact": "broken"})
    assert broken.context["cl"].result_count == 30
    assert client.get(reverse("admin:language_textcall_add")).status_code == 403
    assert client.get(reverse("admin:language_textcall_change", args=[call.pk])).status_code == 200


@pytest.mark.django_db
def test_a_finished_call_without_a_cost_cannot_be_stored():
    with pytest.raises(ValidationError):
        TextCall(purpose="x", model="m", outcome="answered", prompt="p").full_clean()
