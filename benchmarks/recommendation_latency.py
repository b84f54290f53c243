"""Recommendations beside a bare endpoint that reads one row by primary key, on the same server.

    DATABASE_URL=postgres:///backroom python benchmarks/recommendation_latency.py [--rounds 3]

Needs `wrk` (apt-get install wrk). The server is gunicorn (gthread, 2 workers) with the project's
settings and middleware; only its URLs are this file's, which adds one view that is never shipped:

bare      an APIView without key or throttle: Customer.objects.get(pk=…) and a Response of two fields
home      GET …/recommendations/?placement=home&customer=C-n: her published list, gates, reasons,
          receipt; each request another of a million customers
anonymous the same placement for nobody
product   placement=product of a random SKU: neighbours, gates, reasons, receipt
switch    home again, while another model goes live every second: no request may fail

Arms alternate within each round. The database, recommendations_bench, is made and filled the first time
(benchmarks/recommendation_shop.py, minutes) and kept, unless --drop; its tables are read once before
measuring, so that no arm waits for the disk. At the end every answer must have left its receipt.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.urls import include, path  # noqa: E402
from rest_framework.permissions import AllowAny  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from access.services.keys import issue_key  # noqa: E402
from benchmarks.recommendation_shop import make_shop, publish  # noqa: E402
from decisions.models import Decision, ModelRun  # noqa: E402
from decisions.services.model_runs import make_live  # noqa: E402
from recommendations.models import ListPublication  # noqa: E402
from shop.models import Customer, Product  # noqa: E402

DATABASE = "recommendations_bench"
PORT = 8322
ASKED = "/api/storefront/v1/recommendations/"
# The path of each arm's requests; N is a random number up to the count beside it.
ARMS = {
    "bare": ("/bench/bare/N/", "customers"),
    "home": (f"{ASKED}?placement=home&customer=C-N", "customers"),
    "anonymous": (f"{ASKED}?placement=home", "customers"),
    "product": (f"{ASKED}?placement=product&sku=S-N", "products"),
}
SCRIPT = """
local threads = 0
function setup(t) t:set("number", threads) threads = threads + 1 end
function init(args) math.randomseed(tonumber(args[1]) * 100 + number) end
function request()
  local path = ("PATH"):gsub("N", tostring(math.random(1, MOST)))
  return wrk.format("GET", path, {["Authorization"] = "Bearer SECRET"})
end
function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


class Bare(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request, pk):
        row = Customer.objects.get(pk=pk)
        return Response({"id": row.pk, "code": row.code})


urlpatterns = [path("bench/bare/<int:pk>/", Bare.as_view()), path("", include("config.urls"))]


class Cell(NamedTuple):
    rate: float
    p50_ms: float
    p99_ms: float
    answers: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--threads", type=int, default=16, help="of each of the 2 workers")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--drop", action="store_true", help="the database, afterwards")
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        sys.exit("The figures are of PostgreSQL: set DATABASE_URL.")
    own_database()
    if not Product.objects.exists():
        make_shop(options.products, options.customers)
    measure(options)
    if options.drop:
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def own_database() -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not cursor.fetchall():
            cursor.execute(f"CREATE DATABASE {DATABASE}")
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = DATABASE
    call_command("migrate", verbosity=0)


def listed_run() -> ModelRun:
    """Whose lists are published: another that was left live would have none to serve."""
    return ModelRun.objects.get(pk=ListPublication.objects.get().run_id)


def measure(options: argparse.Namespace) -> None:
    Decision.objects.filter(kind="recommendation").delete()
    secret = issue_key(f"bench {time.time()}", rate_per_minute=2_000_000_000).secret
    first = listed_run()
    second = ModelRun.objects.filter(seed=2).first() or publish(seed=2)
    make_live(first, reason="benchmark")
    with connection.cursor() as cursor:  # into the memory of the machine
        cursor.execute("SELECT sum(length(products::text)) FROM recommendations_publishedlist")
        cursor.execute("SELECT count(*) FROM shop_orderline WHERE text <> 'x'")
    with tempfile.TemporaryDirectory() as folder:
        scripts = {arm: written(Path(folder), arm, secret, options) for arm in ARMS}
        server = start_server(options.threads)
        try:
            for arm in ARMS:
                one_run(scripts[arm], arm, options, 0, seconds=4)
            cells = defaultdict(list)
            for number in range(1, options.rounds + 1):
                for arm in ARMS:
                    cells[arm].append(one_run(scripts[arm], arm, options, number))
                with switching(first, second):
                    cells["switch"].append(one_run(scripts["home"], "switch", options, number))
            make_live(first, reason="benchmark")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
    show(cells, options)
    check_receipts(cells, options)


def written(folder: Path, arm: str, secret: str, options: argparse.Namespace) -> Path:
    address, among = ARMS[arm]
    low = Customer.objects.order_by("pk").values_list("pk", flat=True)[0]
    assert low == 1 or arm != "bare", "the customers' keys begin elsewhere: drop the database"
    text = SCRIPT.replace("PATH", address).replace("SECRET", secret)
    file = folder / f"{arm}.lua"
    file.write_text(text.replace("MOST", str(getattr(options, among))))
    return file


class switching:
    """Another model goes live every second, as by a night's end or a rollback."""

    def __init__(self, *runs: ModelRun):
        self.runs, self.stop = runs, threading.Event()

    def __enter__(self) -> None:
        self.thread = threading.Thread(target=self.switch)
        self.thread.start()

    def switch(self) -> None:
        number = 0
        while not self.stop.wait(1.0):
            number += 1
            make_live(self.runs[number % 2], reason="benchmark")
        make_live(self.runs[0], reason="benchmark")
        connection.close()

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self.thread.join()


def start_server(threads: int) -> subprocess.Popen:
    at = settings.DATABASES["default"]
    who = f"{at['USER']}:{at['PASSWORD']}@" if at["USER"] else ""
    env = os.environ | {"DATABASE_URL": f"postgres://{who}{at['HOST']}/{DATABASE}"}
    env |= {"LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{PORT}", "--workers", "2"]
    command += ["--worker-class", "gthread", "--threads", str(threads), "--keep-alive", "60"]
    command += ["--log-level", "warning", "benchmarks.recommendation_latency:application()"]
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
    from config.wsgi import application as project

    settings.ROOT_URLCONF = "benchmarks.recommendation_latency"
    return project


def one_run(
    script: Path, arm: str, options: argparse.Namespace, number: int, seconds: int = 0
) -> Cell:
    command = ["wrk", "-t2", f"-c{options.clients}", f"-d{seconds or options.seconds}s"]
    command += [
        "--timeout",
        "30s",
        "-s",
        str(script),
        f"http://127.0.0.1:{PORT}",
        "--",
        str(number),
    ]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", out)
    assert found, out
    answers, duration_us, p50_us, p99_us, refused, failed = map(int, found.groups())
    assert not refused, f"{arm}: {refused} of {answers} answers were no success"
    assert not failed, f"{arm}: {failed} requests failed"
    return Cell(answers / duration_us * 1e6, p50_us / 1000, p99_us / 1000, answers)


def check_receipts(cells: dict[str, list[Cell]], options: argparse.Namespace) -> None:
    """Every answer that wrk counted, and at most one a connection and run that it did not wait for."""
    answered = sum(cell.answers for arm in cells if arm != "bare" for cell in cells[arm])
    written = Decision.objects.filter(kind="recommendation").count()
    assert written >= answered, (written, answered)
    print(f"\n{answered:,} answers counted, {written:,} receipts (those of warming up included)")


def show(cells: dict[str, list[Cell]], options: argparse.Namespace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version(), current_setting('shared_buffers')")
        version, buffers = cursor.fetchone()
    print(f"{version.split(' on ')[0]}, shared_buffers={buffers}, {os.cpu_count()} cores, load")
    print(f"{os.getloadavg()[0]:.1f}; gunicorn gthread 2 workers x {options.threads} threads, wrk,")
    print(f"{options.clients} connections, {Product.objects.count():,} products,", end=" ")
    print(f"{Customer.objects.count():,} customers; {options.rounds} rounds of", end=" ")
    print(f"{options.seconds} s, median (min–max); ratios are medians of each round's own\n")
    print("| arm | requests/s | p50 ms | of bare | p99 ms | of bare |")
    print("|---|---|---|---|---|---|")
    for arm, row in cells.items():
        rates = [cell.rate for cell in row]
        pairs = list(zip(row, cells["bare"], strict=True))
        p50 = median(cell.p50_ms / bare.p50_ms for cell, bare in pairs)
        p99 = median(cell.p99_ms / bare.p99_ms for cell, bare in pairs)
        print(
            f"| {arm} | {median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})"
            f" | {median(cell.p50_ms for cell in row):.1f} | {p50:.2f}"
            f" | {median(cell.p99_ms for cell in row):.1f} | {p99:.2f} |"
        )


if __name__ == "__main__":
    main()
