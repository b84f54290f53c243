"""Processor time of one recommendation, Python and the database's own process, beside the bare endpoint.

    DATABASE_URL=postgres:///backroom python benchmarks/recommendation_cost.py [--rounds 12]

The arms and the database of recommendation_latency.py, asked through the project's WSGI application in
this process, one after the other: latency cannot be measured while others work, processor time can. Of
each round of `--asks` requests an arm, four parts, in ms per request: Python and the database's process
(/proc/PID/schedstat, Linux) until the answer, then both for writing the receipts that wait. Shown is the
lower quartile of the rounds. Placements and rules are kept throughout, not for a second: on a loaded machine few requests
share one.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import sys
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.db import connection  # noqa: E402

from access.services.keys import issue_key  # noqa: E402
from benchmarks import recommendation_latency as latency  # noqa: E402
from decisions.models import Decision  # noqa: E402
from decisions.services import receipt_writer  # noqa: E402
from decisions.services.model_runs import make_live  # noqa: E402
from recommendations.services import placements  # noqa: E402
from shop.models import Product  # noqa: E402

MOST = {"customers": 1_000_000, "products": 100_000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--asks", type=int, default=40, help="requests of an arm in a round")
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        sys.exit("The figures are of PostgreSQL: set DATABASE_URL.")
    latency.own_database()
    if not Product.objects.exists():
        latency.make_shop(MOST["products"], MOST["customers"])
    make_live(latency.listed_run(), reason="benchmark")
    Decision.objects.filter(kind="recommendation").delete()
    placements.KEPT_SECONDS = 3_600.0
    receipt_writer.switch_on()
    receipt_writer._begin = lambda: None  # type: ignore[assignment]  # written here, and timed
    show(measured(options))
    Decision.objects.filter(kind="recommendation").delete()


def measured(options: argparse.Namespace) -> dict[str, list[tuple[float, ...]]]:
    secret = issue_key(f"cost {time.time()}", rate_per_minute=2_000_000_000).secret
    application, draw = latency.application(), random.Random(5)
    asked = {
        arm: [
            environ(address.replace("N", str(draw.randint(1, MOST[among]))), secret)
            for _ask in range(options.asks)
        ]
        for arm, (address, among) in latency.ARMS.items()
    }
    found = defaultdict(list)
    for number in range(options.rounds + 1):
        for arm, requests in asked.items():
            before = clocks()
            for request in requests:
                ask(application, request)
            answered = clocks()
            receipt_writer.write_waiting()
            written = clocks()
            parts = (*apart(before, answered), *apart(answered, written))
            if number:  # the first round warms up
                found[arm].append(tuple(part / options.asks for part in parts))
    return found


def environ(address: str, secret: str) -> dict:
    path, _mark, query = address.partition("?")
    return {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "HTTP_HOST": "127.0.0.1",
        "REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
        "HTTP_AUTHORIZATION": f"Bearer {secret}", "wsgi.errors": sys.stderr,
    }  # fmt: skip


def ask(application, request: dict) -> None:
    said: list[str] = []
    answer = application(
        request | {"wsgi.input": io.BytesIO()}, lambda status, *_rest: said.append(status)
    )
    body = b"".join(answer)
    answer.close()
    assert said == ["200 OK"], (said, body[:300])


def clocks() -> tuple[float, float]:
    """Milliseconds of processor time of this thread and of its database process."""
    file = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return time.thread_time() * 1e3, int(file.read_text().split()[0]) / 1e6


def apart(before: tuple[float, float], after: tuple[float, float]) -> tuple[float, float]:
    return after[0] - before[0], after[1] - before[1]


def show(found: dict[str, list[tuple[float, ...]]]) -> None:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| arm | Python | database | receipt, Python | receipt, database | all | of bare |")
    print("|---|---|---|---|---|---|---|")
    for arm, rounds in found.items():
        parts = [quartile(part) for part in zip(*rounds, strict=True)]
        whole = quartile([sum(row) for row in rounds])
        of_bare = whole / quartile([sum(row) for row in found["bare"]])
        cells = " | ".join(f"{part:.2f}" for part in (*parts, whole, of_bare))
        print(f"| {arm} | {cells} |")


def quartile(values) -> float:
    return sorted(values)[len(values) // 4]


if __name__ == "__main__":
    main()
