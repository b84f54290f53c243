"""HTTP clients that never give up: the same request with the same key until there is an answer."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

PATIENCE_SECONDS = 150.0  # a claim of a killed worker is free again after 60
UNSETTLED = {"still-working", "throttled"}


class Door(NamedTuple):
    """Where to knock, and with which keys."""

    port: int
    storefront: str
    owner: str


class Answer(NamedTuple):
    """The final word on a request: status 0 stands for none in all that time."""

    status: int
    body: dict[str, Any]
    digest: str
    began: float
    ended: float
    requests: int
    broken: int  # connections that broke: the answer was lost, the effect perhaps not
    failures: int  # answers 5xx

    @property
    def problem(self) -> str:
        return str(self.body.get("type", "")).rpartition("/")[2] if self.status >= 400 else ""


@dataclass
class Caller:
    """One client with one kept connection."""

    door: Door
    random: random.Random
    patience: float = PATIENCE_SECONDS
    connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, body: Any = None, *, key: str = "", staff: bool = False
    ) -> Answer:
        """Repeat until it is settled: no lost connection, no 5xx, no "still at work"."""
        began = time.monotonic()
        requests = broken = failures = 0
        while True:
            requests += 1
            got = self._once(method, path, body, key, staff)
            if got is None:
                broken += 1
            else:
                status, raw = got
                said = _json(raw)
                failures += status >= 500
                word = str(said.get("type", "")).rpartition("/")[2]
                if status < 500 and word not in UNSETTLED:
                    digest = hashlib.sha256(raw).hexdigest()[:16]
                    counts = (time.monotonic(), requests, broken, failures)
                    return Answer(status, said, digest, began, *counts)
            if time.monotonic() - began > self.patience:
                counts = (time.monotonic(), requests, broken, failures)
                return Answer(0, {}, "", began, *counts)
            time.sleep(self.random.uniform(0.02, min(1.0, 0.05 * 2 ** min(requests, 5))))

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _once(
        self, method: str, path: str, body: Any, key: str, staff: bool
    ) -> tuple[int, bytes] | None:
        secret = self.door.owner if staff else self.door.storefront
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    "127.0.0.1", self.door.port, timeout=90
                )
            content = None if body is None else json.dumps(body)
            self.connection.request(method, f"/api/{path}", content, headers)
            response = self.connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            with suppress(OSError):
                self.close()
            self.connection = None
            return None


def _json(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {"list": found}
