"""Journeys whose workers are killed at random: nobody twice, nothing lost, every road comes to its end.

    DATABASE_URL=postgres:///scratch python benchmarks/journey_kills.py --customers 3000 --kills 40
    DATABASE_URL=postgres:///scratch python benchmarks/journey_kills.py --without locks

The database is an empty scratch one on PostgreSQL: it is migrated and written to. Five journeys run
side by side: two of left carts (with a wait and a branch, and with the cart as its only way out), a
welcome with a wait and a branch, one with two variants, one with a personal coupon of which there are
too few. Some may not be written to, were written to often enough or sleep; some SKUs are sold out;
while the workers step and send, customers order, leave, complain, open, fill and empty their carts.
Mail goes to an SMTP server on loopback that writes every letter down. Workers are real processes that
walk the journeys side by side and are killed with SIGKILL at seeded moments; then they go on with a
clock that is ahead, until nothing is open but what waits for the morning. Afterwards the promises are
checked by SQL of its own (journey_proof/checks.py). Exit 1 if one is broken, or was not tried.

--without takes a guard away in the workers, to show that the checks can fail: `locks` (no row is
locked), `memory` (what a dead worker had in hand is taken up again). It must end with 1.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.journey_proof.checks import audit  # noqa: E402 - needs the path
from benchmarks.journey_proof.shop import CAP, Town, build  # noqa: E402
from benchmarks.mail_rounds import SLEEPS, quiet_hours, shop_with_sink  # noqa: E402

FOR_EVER = 1_000_000  # rounds: until it is killed
CALM = 40  # seconds without kills in which the town goes on: rounds are long then
AHEAD = (11, 13, 15, 17)  # minutes: the clock calls what was in hand unknown after ten

IN_HAND = """select exists (select 1 from kill_move k join marketing_send s on s.id = k.send
    where s.state = 'sending' and k.state = 'sending' and k.at > now() - interval '1 s')"""
OPEN = f"""select
    (select count(*) from marketing_journeysearch where found_until is null) +
    (select count(*) from marketing_send s join shop_customer c on c.id = s.customer_id where
        s.state = 'claimed' and c.time_zone <> '{SLEEPS}') +
    (select count(*) from marketing_enrolment e where state = 'under_way' and not exists (select 1
        from marketing_send s where s.enrolment_id = e.id and (s.state = 'sending' or
        s.state = 'claimed' and s.due_at > now())))"""


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_said: sys.exit(143))  # workers and mail server go first
    settings = {
        "MARKETING_CAP_MESSAGES": str(CAP),
        "MARKETING_QUIET_CHANNELS": "email",
        "MARKETING_QUIET_HOURS": quiet_hours(),
        "STOREFRONT_URL": "https://shop.example",
    }
    with shop_with_sink("journey-kills", settings, keep_letters=True) as folder:
        if not _is_empty_postgres():
            print("It needs an empty scratch database on PostgreSQL.", file=sys.stderr)
            return 2
        found = _killed(options, folder)
    print(json.dumps(found, indent=2))
    return 1 if found["violations"] or found["not tried"] or found["not over"] else 0


def _is_empty_postgres() -> bool:
    from django.db import connection

    from shop.models import Customer

    return connection.vendor == "postgresql" and not Customer.objects.exists()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=3_000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--settled-after", type=float, default=600.0,
                        help="Seconds after which what is in hand is called unknown.")  # fmt: skip
    parser.add_argument("--minutes", type=float, default=12.0, help="At most, before the end.")
    parser.add_argument("--without", choices=["nothing", "locks", "memory"], default="nothing")
    return parser.parse_args()


class Workers:
    """Processes of journey_proof/worker.py; who was killed is replaced."""

    def __init__(self, options: argparse.Namespace, folder: Path):
        self.options, self.log = options, folder / "workers.txt"
        self.running: list[subprocess.Popen] = []

    def start(self, rounds: int = FOR_EVER, ahead: int = 0) -> subprocess.Popen:
        words = [str(rounds), str(ahead), str(self.options.settled_after), self.options.without]
        with self.log.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", str(ROOT / "benchmarks/journey_proof/worker.py"), *words],
                stdout=log, stderr=log,
            )  # fmt: skip
        self.running.append(process)
        return process

    def keep(self) -> None:
        self.running = [one for one in self.running if one.poll() is None]
        while len(self.running) < self.options.workers:
            self.start()

    def kill(self, process: subprocess.Popen) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def kill_all(self) -> int:
        alive = [one for one in self.running if one.poll() is None]
        for process in alive:
            self.kill(process)
        self.running = []
        return len(alive)

    def failed(self) -> Counter[str]:
        """Rounds that ended as failed, by what broke them."""
        lines = self.log.read_text(errors="replace").splitlines()
        return Counter(line[7:120] for line in lines if line.startswith("FAILED "))


def _killed(options: argparse.Namespace, folder: Path) -> dict:
    meant = build(options.customers)
    dice, workers = random.Random(options.seed), Workers(options, folder)
    town = Town(options.seed, pause=0.1)
    began, kills, calm_from = time.monotonic(), 0, 0.0
    until = began + 60 * options.minutes
    town.start()
    try:
        while time.monotonic() < until and not (town.over.is_set() and not _open()):
            workers.keep()
            if kills < options.kills:
                victim = dice.choice(workers.running)
                _wait_for_a_moment(victim, dice, folder)
                workers.kill(victim)
                kills, calm_from = kills + 1, time.monotonic()
                continue
            time.sleep(1)
            if time.monotonic() > calm_from + CALM:
                town.over.set()
    finally:
        town.over.set()
        town.join(timeout=30)
        kills += workers.kill_all()
    for ahead in AHEAD:  # two more, one after the other: each finds what the one before left
        with suppress(subprocess.TimeoutExpired):
            workers.start(rounds=3, ahead=ahead).wait(timeout=120)
        workers.kill_all()
    found = audit(folder)
    return {
        "customers": options.customers,
        "meant to enter": meant,
        "kills": kills,
        "without": options.without,
        "seconds": round(time.monotonic() - began, 1),
        "town": dict(town.done) | ({"broke": town.broke} if town.broke else {}),
        "rounds that failed": dict(workers.failed()),
        "not over": _open() + bool(town.broke),
    } | found


def _wait_for_a_moment(victim: subprocess.Popen, dice: random.Random, folder: Path) -> None:
    """Some time after it has begun, once in ten before; every other time when something is in hand of
    it or of another."""
    from django.db import connection

    if dice.random() < 0.1:
        time.sleep(dice.uniform(0.0, 1.5))
        return
    _until((folder / f"ready-{victim.pid}").exists, 30)
    time.sleep(dice.uniform(0.0, 2.5))
    if dice.random() < 0.5:
        with connection.cursor() as cursor:
            _until(lambda: cursor.execute(IN_HAND).fetchone()[0], 4)


def _until(holds: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)


def _open() -> int:
    """What is neither over nor waiting for the morning; what was in hand of the dead is for the end."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(OPEN)
        return cursor.fetchone()[0]


if __name__ == "__main__":
    sys.exit(main())
