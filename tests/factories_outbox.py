"""A real HTTP server that hears of messages, and does with each what the test tells it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from outbox.models import Endpoint, Message
from outbox.services import publish
from outbox.services.endpoints import add_endpoint


class Received:
    def __init__(self, path: str, headers: dict[str, str], body: bytes):
        self.path, self.headers, self.body = path, headers, body

    @property
    def said(self) -> dict[str, Any]:
        return json.loads(self.body)


class Receiver:
    """`with Receiver() as there: …`; `there.answer` decides, 200 unless the test says otherwise."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received, BaseHTTPRequestHandler], int] = lambda *_: 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                heard = Received(self.path, dict(self.headers), body)
                receiver.received.append(heard)
                if status := receiver.answer(heard, self):
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(b"said " + str(status).encode())

            do_GET = do_POST

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def notes(self) -> list[str]:
        return [heard.said["data"]["note"] for heard in self.received]


def make_endpoint(url: str, **fields: Any) -> Endpoint:
    return add_endpoint(url, **fields).endpoint


def make_messages(count: int, *, kind: str = "price.changed", start: int = 0) -> list[Message]:
    """Committed messages of a registered kind, numbered in their key."""
    from outbox.kinds import kind_of

    for number in range(start, start + count):
        publish(kind, kind_of(kind).example, key=f"m:{number}")
    return list(Message.objects.order_by("key"))
