"""The reservation endpoint beside an empty POST and a naive endpoint on the same server.

    DATABASE_URL=postgres:///backroom python benchmarks/reserve_http.py [--rounds 3] [--seconds 5]

Needs `wrk` (apt-get install wrk), which sends the requests from a process of its own over kept
connections. The server is gunicorn (gthread, 2 workers) with the project's settings and middleware;
only its URLs are this file's, which adds two views that are never shipped:

empty   an APIView whose post() returns {}: no key, no body read, no database
naive   the same key, throttle and checks as ours, then one transaction by the queryset API:
        look for the key, SELECT … FOR UPDATE, save the counter, create the reservation and its ledger
        row, commit
ours    POST /api/storefront/v1/carts/{cart}/reservations/

Arms alternate within each round. Every request has a new Idempotency-Key and asks for one unit of one
hot SKU. At the end the books are checked: counter = ledger = reservations, and as many of them as
wrk counted answers (a request that was on its way when wrk stopped was carried out unseen: at most
one a connection and run). PostgreSQL only; uses the test database of DATABASE_URL and leaves none.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework.permissions import AllowAny  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from access.api.idempotency import service_key  # noqa: E402
from access.api.problems import Problem  # noqa: E402
from access.api.views import StorefrontView  # noqa: E402
from access.services.keys import issue_key  # noqa: E402
from shop.api import serializers as shapes  # noqa: E402
from shop.api.storefront import sellable_or_404  # noqa: E402
from shop.models import (  # noqa: E402
    MovementKind,
    Product,
    Reservation,
    StockLevel,
    StockMovement,
    Variant,
    Warehouse,
)
from shop.services.stock import stock  # noqa: E402
from shop.services.stock.verify import verify_stock  # noqa: E402

ARMS = {
    "empty": "/bench/empty/",
    "naive": "/bench/naive/cart/",
    "ours": "/api/storefront/v1/carts/cart/reservations/",
}
PORT = 8321
SCRIPT = """
local thread = 0
function setup(t) t:set("number", thread) thread = thread + 1 end
function init(args)
  count = 0
  run = args[1]
end
function request()
  count = count + 1
  local key = run .. "-" .. number .. "-" .. count
  local cart = "c" .. (count % 1000)
  local headers = {["Authorization"] = "Bearer SECRET", ["Content-Type"] = "application/json",
                   ["Idempotency-Key"] = key}
  local body = '{"sku": "HOT-0", "units": 1}'
  return wrk.format("POST", (wrk.path:gsub("cart/", cart .. "/", 1)), headers, body)
end
function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


class Empty(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def post(self, request):
        return Response({})


class Naive(StorefrontView):
    needs_idempotency_key = ("POST",)
    known_by_their_rows = ("POST",)

    def post(self, request, cart):
        asked = self.checked(shapes.NewReservation, request.data)
        variant = sellable_or_404(asked["sku"])
        if variant.is_held:
            raise Problem("not-for-sale")
        key = service_key(request)
        with transaction.atomic():
            row = Reservation.objects.filter(key=key).first()
            if row is None:
                row = self._reserve(variant, asked, cart, key)
        held = {"sku": variant.sku, "units": row.units, "state": row.state}
        return Response(
            {"cart": cart, "reservations": [held | {"expires_at": row.expires_at}]}, status=201
        )

    def _reserve(self, variant, asked, cart, key):
        level = StockLevel.objects.select_for_update().get(variant=variant)
        if level.available < asked["units"]:
            raise Problem("out-of-stock")
        level.reserved += asked["units"]
        level.save(update_fields=["reserved"])
        row = Reservation.objects.create(
            variant=variant,
            warehouse_id=level.warehouse_id,
            cart=cart,
            units=asked["units"],
            key=key,
            expires_at=timezone.now() + timedelta(minutes=asked["minutes"]),
        )
        StockMovement.objects.create(
            variant=variant,
            warehouse_id=level.warehouse_id,
            kind=MovementKind.RESERVE,
            reserved_delta=asked["units"],
            reference=f"cart:{cart}",
            key=f"reservation:{row.pk}:hold",
        )
        return row


urlpatterns = [
    path("bench/empty/", Empty.as_view()),
    path("bench/naive/<str:cart>/", Naive.as_view()),
    path("", include("config.urls")),
]


class Cell(NamedTuple):
    rate: float
    p50_ms: float
    p99_ms: float
    answers: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--threads", type=int, default=32, help="of each of the 2 workers")
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        print("The figures are of PostgreSQL: set DATABASE_URL.", file=sys.stderr)
        sys.exit(2)
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        measure(options)
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def measure(options: argparse.Namespace) -> None:
    secret = prepare()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(SCRIPT.replace("SECRET", secret))
        server = start_server(options.threads)
        try:
            for arm in ARMS:
                one_run(script, arm, "warm-" + arm, options.clients, 2)
            cells = defaultdict(list)
            for number in range(options.rounds):
                for arm in ARMS:
                    run = f"{arm}-{number}"
                    cells[arm].append(one_run(script, arm, run, options.clients, options.seconds))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
    check_books(cells, options)
    show(cells, options)


def prepare() -> str:
    place = Warehouse.objects.create(code="MAIN", name="Main")
    product = Product.objects.create(code="P-HOT", name="Hot", state=Product.State.ACTIVE)
    variant = Variant.objects.create(product=product, sku="HOT-0")
    stock.receive(variant, 10_000_000, warehouse=place, key="po")
    return issue_key("benchmark", rate_per_minute=2_000_000_000).secret


def start_server(threads: int) -> subprocess.Popen:
    """The test database is the server's: it reads DATABASE_URL."""
    at = settings.DATABASES["default"]
    url = f"postgres://{at['HOST']}/{connection.settings_dict['NAME']}"
    env = os.environ | {"DATABASE_URL": url, "LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT)}
    if at["USER"]:
        env["DATABASE_URL"] = url.replace("://", f"://{at['USER']}:{at['PASSWORD']}@")
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{PORT}", "--workers", "2"]
    command += ["--worker-class", "gthread", "--threads", str(threads), "--keep-alive", "60"]
    command += ["--log-level", "warning", "benchmarks.reserve_http:application()"]
    server = subprocess.Popen(command, env=env, cwd=ROOT)
    for _try in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=60)
            return server
        except OSError:  # not yet listening, or still importing
            if server.poll() is not None:
                break
            time.sleep(0.2)
    server.kill()
    sys.exit("gunicorn did not start")


def application():
    """What gunicorn serves: the project, with this file's URLs before its own."""
    from django.core.wsgi import get_wsgi_application

    settings.ROOT_URLCONF = "benchmarks.reserve_http"
    return get_wsgi_application()


def one_run(script: Path, arm: str, run: str, clients: int, seconds: int) -> Cell:
    command = ["wrk", "-t2", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script)]
    command += [f"http://127.0.0.1:{PORT}{ARMS[arm]}", "--", run]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", out)
    assert found, out
    answers, duration_us, p50_us, p99_us, refused, failed = map(int, found.groups())
    assert not refused, f"{arm}: {refused} of {answers} answers were no success"
    assert not failed, f"{arm}: {failed} requests failed"
    return Cell(answers / duration_us * 1e6, p50_us / 1000, p99_us / 1000, answers)


def check_books(cells: dict[str, list[Cell]], options: argparse.Namespace) -> None:
    for arm in ("naive", "ours"):
        answered = sum(cell.answers for cell in cells[arm])
        rows = Reservation.objects.filter(key__contains=f":{arm}-").count()
        assert answered <= rows <= answered + options.rounds * options.clients, (answered, rows)
    counters = StockLevel.objects.aggregate(units=Sum("reserved"))["units"]
    ledger = StockMovement.objects.aggregate(units=Sum("reserved_delta"))["units"]
    assert counters == ledger == Reservation.objects.count(), (counters, ledger)
    assert verify_stock() == []


def show(cells: dict[str, list[Cell]], options: argparse.Namespace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version(), current_setting('synchronous_commit')")
        version, durable = cursor.fetchone()
    print(f"{version.split(' on ')[0]}, synchronous_commit={durable}, {os.cpu_count()} cores,")
    print(
        f"gunicorn gthread 2 workers x {options.threads} threads, wrk, {options.clients} clients,"
    )
    print(f"{options.rounds} rounds of {options.seconds} s, median (min–max)\n")
    print("| arm | requests/s | of empty | of naive | p50 ms | p99 ms | p99 / p50 |")
    print("|---|---|---|---|---|---|---|")
    middle = {arm: median(cell.rate for cell in cells[arm]) for arm in ARMS}
    for arm in ARMS:
        rates = [cell.rate for cell in cells[arm]]
        p50, p99 = (median(getattr(cell, n) for cell in cells[arm]) for n in ("p50_ms", "p99_ms"))
        tail = median(cell.p99_ms / cell.p50_ms for cell in cells[arm])
        print(
            f"| {arm} | {middle[arm]:,.0f} ({min(rates):,.0f}–{max(rates):,.0f}) "
            f"| {middle[arm] / middle['empty']:.2f} | {middle[arm] / middle['naive']:.1f} "
            f"| {p50:.1f} | {p99:.1f} | {tail:.1f} |"
        )


if __name__ == "__main__":
    main()
