"""The collector in a real Chromium: each event lands once, and nothing without consent."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

# The browser's event loop runs in this thread, though nobody awaits: the database is not async.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

from access.services.keys import issue_key
from shop.models import Event, VisitorLink
from shop.services.events.visitors import identity_of
from tests.factories import make_customer, make_variant
from tests.factories_crowd import LONG

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
COLLECT = "**/api/storefront/v1/collect/**"


@pytest.fixture
def pages(live_server, settings) -> Iterator[str]:
    """The shop's own site on another origin: any path is a page with the collector."""
    make_variant("TEA-1")
    key = issue_key("pages", publishable=True, rate_per_minute=10**6).secret

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sku = 'data-sku="TEA-1"' if self.path.startswith("/tea") else ""
            early = 'data-early="1"' if "early" in self.path else ""
            body = (
                f'<!doctype html><title>Shop</title><script src="{live_server.url}/static/backroom.js"'
                f' data-key="{key}" {sku} {early}></script>'
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    url = f"http://127.0.0.1:{server.server_port}"
    settings.COLLECTOR_ORIGINS = [url]
    settings.COLLECTOR_RATE_PER_MINUTE = 10**6
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield url
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(browser, pages):
    """`visit()` gives the page of a new browser profile; `agreed` says yes to analytics."""
    contexts = []

    def _visit(path="/", *, agreed=True, script="", **options):
        context = browser.new_context(user_agent=PERSON, **options)
        contexts.append(context)
        context.set_default_timeout(1_000 * LONG)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.goto(pages + path)
        if agreed:
            page.evaluate("backroom.consent(true)")
        return page

    yield _visit
    for context in contexts:
        context.close()


def sent(page, act):
    """Do something that makes the collector send, and wait for the answer."""
    with page.expect_response(COLLECT) as answer:
        act()
    assert answer.value.status == 200, answer.value.text()
    return answer.value


def waiting(page) -> int:
    return page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('b:e:')).length")


def emptied(page) -> None:
    page.wait_for_function("Object.keys(localStorage).every(k => !k.startsWith('b:e:'))")


def test_events_of_two_pages_land_once_under_one_visitor_and_session(visit, pages):
    page = visit()
    sent(page, lambda: page.evaluate("backroom.track('search', {query: '茶'})"))
    emptied(page)
    other = page.context.new_page()
    sent(other, lambda: other.goto(f"{pages}/tea"))  # data-sku tracks the view by itself
    emptied(other)
    search, view = Event.objects.order_by("id")
    assert (search.kind, search.query, search.consent) == ("search", "茶", True)
    assert (view.kind, view.variant.sku) == ("view", "TEA-1")
    assert (search.visitor, search.session) == (view.visitor, view.session)
    assert search.visitor
    assert abs(view.clock_ahead_seconds) < 60


def test_nothing_is_stored_or_sent_before_consent(visit):
    asked = []
    page = visit("/tea", agreed=False)
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("backroom.track('search', {query: 'a'})")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(2_500)  # longer than a batch waits
    assert asked == []
    assert page.evaluate("localStorage.length") == 0
    assert page.context.cookies() == []
    page.evaluate("backroom.consent(true)")
    sent(page, lambda: page.evaluate("backroom.track('search', {query: 'b'})"))
    assert Event.objects.get().query == "b"  # what was before stays untold
    page.evaluate("backroom.consent(false)")
    assert page.evaluate("localStorage.length") == 0


def test_a_shop_that_may_sends_early_without_storing(visit):
    page = visit("/early", agreed=False)
    sent(page, lambda: page.evaluate("backroom.track('search', {query: 'a'})"))
    assert page.evaluate("localStorage.length") == 0
    assert Event.objects.get().consent is False


@pytest.mark.parametrize(
    "signal",
    [
        "Object.defineProperty(navigator, 'doNotTrack', {get: () => '1'})",
        "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})",
    ],
)
def test_who_asks_not_to_be_tracked_is_not(visit, signal):
    asked = []
    page = visit("/tea?early", script=signal, agreed=False)
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("backroom.consent(true); backroom.track('search', {query: 'a'})")
    page.wait_for_timeout(2_500)
    assert asked == []
    assert page.evaluate("localStorage.length") == 0


def test_what_happens_offline_is_sent_when_the_line_is_back(visit):
    page = visit()
    page.context.set_offline(True)
    page.evaluate("for (let n = 0; n < 60; n++) backroom.track('search', {query: 'q' + n})")
    page.wait_for_function("performance.now() > 0")
    assert waiting(page) == 60
    page.context.set_offline(False)
    emptied(page)
    assert sorted(Event.objects.values_list("query", flat=True)) == sorted(
        f"q{n}" for n in range(60)
    )


def test_a_lost_answer_is_asked_for_again_and_lands_once(visit):
    page = visit()
    tries = []

    def lose(route):
        """The first answer gets lost after the server has written; the second says busy."""
        tries.append(route.request.post_data)
        if len(tries) == 1:
            route.fetch()
            route.abort()
        elif len(tries) == 2:
            route.fulfill(status=503, headers={"Access-Control-Allow-Origin": "*"})
        else:
            route.continue_()

    page.route(COLLECT, lose)
    page.evaluate("backroom.track('search', {query: 'once'})")
    emptied(page)
    assert len(tries) == 3
    assert Event.objects.get().query == "once"


def test_what_was_waiting_when_the_page_was_left_arrives(visit, pages):
    page = visit()
    page.evaluate("backroom.track('search', {query: 'last'})")
    page.goto("about:blank")  # before the batch was due
    page.goto(pages)
    emptied(page)
    assert Event.objects.get().query == "last"


def test_a_queue_is_bounded(visit):
    page = visit()
    page.context.set_offline(True)
    page.evaluate("for (let n = 0; n < 600; n++) backroom.track('search', {query: 'q' + n})")
    assert waiting(page) == 500


def test_a_guest_who_signs_in_keeps_her_history_and_the_next_starts_anew(visit):
    ann, bea = make_customer("ann"), make_customer("bea")
    page = visit()
    sent(page, lambda: page.evaluate("backroom.track('search', {query: 'guest'})"))
    for who in (ann, bea):
        page.evaluate("token => backroom.identify(token)", identity_of(who))
        mine = f"backroom.track('search', {{query: '{who.code}'}})"
        sent(page, lambda mine=mine: page.evaluate(mine))
        emptied(page)
    seen = Event.objects.of_customer(ann.pk).order_by("id").values_list("query", flat=True)
    assert list(seen) == ["guest", "ann"]
    assert list(Event.objects.of_customer(bea.pk).values_list("query", flat=True)) == ["bea"]
    assert VisitorLink.objects.values("visitor").distinct().count() == 2
    page.evaluate("backroom.forget()")
    sent(page, lambda: page.evaluate("backroom.track('search', {query: 'nobody'})"))
    left = Event.objects.get(query="nobody")
    assert left.customer is None
    assert not VisitorLink.objects.filter(visitor=left.visitor).exists()
