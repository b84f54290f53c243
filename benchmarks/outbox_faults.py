"""Kill the workers that deliver webhooks with SIGKILL, at random, and count what arrived.

    python benchmarks/outbox_faults.py --messages 5000 --kills 30
    DATABASE_URL=postgres:///scratch python benchmarks/outbox_faults.py --messages 5000 --kills 30

Real Celery worker and beat, a scratch database (it is migrated and written to), two real HTTP
receivers, of which one answers 503 now and then. Messages are published in transactions, every
tenth of which is rolled back and every tenth key is published twice. Exit 1 if a message is lost,
if one arrives that was rolled back, or if the queue is not empty in time after the last kill.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
ROLLED_BACK_EVERY = TWICE_EVERY = 10


def main() -> int:
    options = _options()
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="outbox-faults-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ |= {
        "WEBHOOK_ALLOW_PRIVATE": "true",
        "LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    receivers = [Receiver(0.0, options.seed), Receiver(options.errors, options.seed + 1)]
    workers = Workers()
    try:
        report = _run(options, receivers, workers)
    finally:
        workers.close()
    print(json.dumps(report, indent=2))
    return 1 if report["violations"] else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--errors", type=float, default=0.01, help="Share of 503 of one receiver.")
    parser.add_argument(
        "--drained-within", type=int, default=60, help="Seconds until the queue must be empty."
    )
    return parser.parse_args()


class Receiver:
    """Remembers when each event id arrived, also those that it answers with 503."""

    def __init__(self, errors: float, seed: int) -> None:
        self.arrived: dict[str, list[float]] = {}
        self._lock, self._errors, self._random = threading.Lock(), errors, random.Random(seed)
        self.refused = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.hear(self.headers["Backroom-Event-Id"]))
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def hear(self, event_id: str) -> int:
        with self._lock:
            if self._random.random() < self._errors:
                self.refused += 1
                return 503
            self.arrived.setdefault(event_id, []).append(time.time())
        return 200

    @property
    def heard(self) -> int:
        with self._lock:
            return sum(map(len, self.arrived.values())) + self.refused


class Workers:
    """One Celery worker with its pool, killed whole, and the clock, which lives."""

    def __init__(self) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "config", "-q"]
        self._worker = [*celery, "worker", "--loglevel=ERROR", "-Q", "backroom", "-c", "2"]
        beat = [*celery, "beat", "--loglevel=ERROR", "--pidfile="]
        self._beat = self._start(beat)
        self.restart()

    def _start(self, command: list[str]) -> subprocess.Popen:
        return subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), start_new_session=True)

    def restart(self) -> None:
        self.process = self._start(self._worker)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        for process in (self.process, self._beat):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _run(options: argparse.Namespace, receivers: list[Receiver], workers: Workers) -> dict:
    from outbox.models import Endpoint, Message
    from outbox.services.endpoints import add_endpoint

    # What an interrupted run left: its receivers are gone, its messages would go to ours.
    Endpoint.objects.filter(description=KIND).delete()
    Message.objects.filter(kind=KIND).delete()
    _register()
    for one in receivers:
        add_endpoint(one.url, kinds=[KIND], description=KIND)
    publisher = Publisher(options)
    publisher.start()
    rng, in_flight = random.Random(options.seed), 0
    for number in range(options.kills):
        publisher.allow((number + 1) / options.kills)
        # At a random point of this kill's share of the messages, so that the kills spread evenly.
        share = (number + rng.random()) / options.kills
        _wait_for_traffic(receivers, int(share * 2 * 0.9 * options.messages))
        in_flight += _kill(workers)
        print(f"kill {number + 1}/{options.kills}", file=sys.stderr, flush=True)
        workers.restart()
    publisher.allow(1.0)
    publisher.join()
    last = time.monotonic()
    drained = _drained(last + options.drained_within)
    return _report(options, receivers, publisher, drained, in_flight)


def _kill(workers: Workers) -> int:
    """How many deliveries the dead worker held: POSTs without bookkeeping, or not yet sent."""
    from outbox.models import Delivery

    workers.kill()
    return Delivery.objects.filter(state="waiting").exclude(lease_token="").count()


class Publisher(threading.Thread):
    """Publishes in transactions, no faster than the kills allow: there is always something due."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(daemon=True)
        self.run_id = f"fault:{time.time():.0f}"
        self.total = options.messages
        self.published: list[str] = []
        self.rolled_back: list[str] = []
        self._share, self._changed = 0.0, threading.Condition()

    def allow(self, share: float) -> None:
        with self._changed:
            self._share = share
            self._changed.notify()

    def run(self) -> None:
        from django.db import connection

        for number in range(self.total):
            with self._changed:
                self._changed.wait_for(lambda n=number: n < self._share * self.total)
            self._publish(number)
        connection.close()

    def _publish(self, number: int) -> None:
        from django.db import transaction

        from outbox.services import publish

        key = f"{self.run_id}:{number}"
        with transaction.atomic():
            publish(KIND, {"note": key}, key=key)
            if number % TWICE_EVERY == 1:
                publish(KIND, {"note": key}, key=key)
            if number % ROLLED_BACK_EVERY == 2:
                transaction.set_rollback(True)
        (self.rolled_back if number % ROLLED_BACK_EVERY == 2 else self.published).append(key)


KIND = "benchmark.fault"


def _register() -> None:
    from outbox.kinds import Field, MessageKind, register

    register(MessageKind(KIND, KIND, "Only here.", {"note": Field("string", "Its key.", "k")}))


def _wait_for_traffic(receivers: list[Receiver], arrivals: int, patience: float = 120) -> None:
    """The kill must hit a worker that delivers: wait for so many arrivals, and one from now on."""
    arrivals = max(arrivals, sum(one.heard for one in receivers) + 1)
    end = time.monotonic() + patience
    while sum(one.heard for one in receivers) < arrivals and time.monotonic() < end:
        time.sleep(0.01)


def _drained(end: float) -> float | None:
    """Seconds until nothing waits; None when that took too long."""
    from outbox.models import Delivery, Message

    began = time.monotonic()
    while time.monotonic() < end:
        waits = Delivery.objects.filter(state="waiting").exists()
        if not waits and not Message.objects.filter(sequence=None).exists():
            return round(time.monotonic() - began, 1)
        time.sleep(0.2)
    return None


def _report(
    options: argparse.Namespace,
    receivers: list[Receiver],
    publisher: Publisher,
    drained: float | None,
    in_flight: int,
) -> dict:
    from outbox.models import Delivery, Message

    rows = {str(m.pk): m for m in Message.objects.filter(key__startswith=f"{publisher.run_id}:")}
    keys = Counter(message.key for message in rows.values())
    waiting = Delivery.objects.filter(state="waiting", message__in=rows).count()
    lost = sum(len(set(rows) - set(one.arrived)) for one in receivers) - waiting
    lost += len(set(publisher.published) - set(keys))
    invented = len(set(publisher.rolled_back) & set(keys))
    invented += sum(len(set(one.arrived) - set(rows)) for one in receivers)
    twice = sum(len(times) - 1 for one in receivers for times in one.arrived.values())
    lags = [
        times[0] - rows[pk].created_at.timestamp()
        for one in receivers
        for pk, times in one.arrived.items()
        if pk in rows
    ]
    violations = [
        text
        for text, bad in (
            (f"{lost} deliveries lost", lost > 0),
            (f"{invented} arrived or were kept though rolled back", invented),
            ("a key has two messages", max(keys.values(), default=0) > 1),
            (f"not empty {options.drained_within} s after the last message", drained is None),
        )
        if bad
    ]
    return {
        "published": len(publisher.published),
        "rolled_back": len(publisher.rolled_back),
        "receivers": len(receivers),
        "kills": options.kills,
        "held_by_killed_workers": in_flight,
        "answered_503": sum(one.refused for one in receivers),
        "delivered": sum(len(one.arrived) for one in receivers),
        "delivered_again": twice,
        "lost": max(0, lost),
        "still_waiting": waiting,
        "lag_median_s": round(statistics.median(lags), 2),
        "lag_p99_s": round(statistics.quantiles(lags, n=100)[98], 2),
        "drained_after_s": drained,
        "violations": violations,
    }


if __name__ == "__main__":
    sys.exit(main())
