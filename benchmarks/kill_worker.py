"""Kill workers with SIGKILL during training, at random moments, and prove that nothing broke.

    python benchmarks/kill_worker.py --kills 20
    DATABASE_URL=postgres:///scratch BROKER_URL=amqp://… python benchmarks/kill_worker.py --kills 20

Real worker and beat processes, a real broker, a scratch database (it is migrated and written to).
Each round enqueues a training, waits a random time, kills the pool's child, its parent, or both,
and starts what died again. All the while the live model is read and its file checked.
Exit 1 if a job did not succeed, a training left no or two runs, or a sample found no whole model.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
TARGETS = ("child", "parent", "both")


def main() -> int:
    options = _options()
    _environment(options.lease)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _forget_unfinished()
    world = World(options)
    try:
        report = world.run()
    finally:
        world.close()
    print(json.dumps(report, indent=2))
    return 1 if report["violations"] else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lease", type=int, default=3, help="JOB_LEASE_SECONDS")
    parser.add_argument("--kind", default="fault_training", help="A training's job kind.")
    parser.add_argument("--task", default="fault", help="The model task that it publishes.")
    parser.add_argument("--fit-seconds", type=float, default=1.0)
    parser.add_argument("--write-seconds", type=float, default=0.6)
    parser.add_argument(
        "--until", type=float, default=1.7, help="Latest kill, seconds after start."
    )
    parser.add_argument("--last-day", default="", help="Real kinds: as_of of the last round.")
    return parser.parse_args()


def _environment(lease: int) -> None:
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="kill-worker-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    os.environ |= {
        "JOB_LEASE_SECONDS": str(lease),
        "REAP_SECONDS": "0.5",
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",  # Celery's about root, at each start
    }


def _forget_unfinished() -> None:
    """What an interrupted earlier run left would go on now, and its model would go live."""
    from decisions.models import Job

    Job.objects.unfinished().update(state="cancelled", lease_until=None)


class World:
    """The processes, the sampler and the rounds."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.random = random.Random(options.seed)
        self.violations: list[str] = []
        self.samples = 0
        self._done = threading.Event()
        celery = [sys.executable, "-m", "celery", "-A", "config", "-q"]
        include = ["-I", "benchmarks.fault_training", "--loglevel=ERROR"]
        ml = ["-Q", "ml", "-P", "prefork", "-c", "1", "--max-tasks-per-child=1", "-n", "ml@%h"]
        small = ["-Q", "backroom", "-P", "prefork", "-c", "1", "-n", "small@%h"]
        self.commands = {
            "ml": [*celery, "worker", *include, *ml],
            "small": [*celery, "worker", *include, *small],
            "beat": [*celery, "beat", "--loglevel=ERROR", "--pidfile="],
        }
        self.processes = {name: self._start(name) for name in self.commands}

    def run(self) -> dict:
        began = time.monotonic()
        rounds = [self._round(0, kill=False)]  # the old model, which must serve meanwhile
        sampler = threading.Thread(target=self._sample)
        sampler.start()
        try:
            for number in range(1, self.options.kills + 1):
                rounds.append(self._round(number, kill=True))
                self._tell(rounds[-1])
        finally:
            self._done.set()
            sampler.join()
        return self._report(rounds, time.monotonic() - began)

    def close(self) -> None:
        """Nothing is left to do: a kill is quicker than Celery's polite end, and as safe."""
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _start(self, name: str) -> subprocess.Popen:
        return subprocess.Popen(self.commands[name], cwd=ROOT, env=dict(os.environ))

    def _round(self, number: int, kill: bool) -> dict:
        from decisions.models import ModelRun

        job = self._enqueue(number)
        killed = self._kill(job.pk) if kill else {}
        job = self._finished(job.pk)
        self._check(number, job, list(ModelRun.objects.filter(task=self.options.task, job=job)))
        return {"round": number, "state": job.state, "attempts": job.attempt} | killed

    def _enqueue(self, number: int):
        import benchmarks.fault_training  # noqa: F401  (registers the job kind)
        from decisions.services import jobs

        if self.options.kind == "fault_training":
            salt = f"{time.time_ns()}-{number}"
            seconds = {"fit_seconds": self.options.fit_seconds}
            payload = {"digest": salt, "write_seconds": self.options.write_seconds} | seconds
        else:
            last = datetime.fromisoformat(self.options.last_day).replace(tzinfo=UTC)
            as_of = last - timedelta(days=self.options.kills - number)
            payload = {"as_of": as_of.isoformat()}
        return jobs.enqueue(self.options.kind, payload)

    def _kill(self, job_id: int) -> dict:
        """At a random moment after an attempt began, so that a slow start is no wasted kill."""
        from decisions.models import Job

        self._until(lambda: Job.objects.get(pk=job_id).attempt > 0)
        pause = self.random.uniform(0, self.options.until)
        time.sleep(pause)
        whom = self.random.choice(TARGETS)
        job = Job.objects.get(pk=job_id)
        parent = self.processes["ml"]
        children = _children(parent.pid)
        for pid in children if whom != "parent" else []:
            _kill_9(pid)
        if whom != "child":
            _kill_9(parent.pid)
            parent.wait()
            self.processes["ml"] = self._start("ml")
        moment = f"{job.state} {job.progress_done}/{job.progress_total}"
        return {"killed": whom, "after_s": round(pause, 2), "moment": moment}

    def _finished(self, job_id: int):
        from decisions.models import Job

        self._until(lambda: Job.objects.get(pk=job_id).is_finished)
        return Job.objects.get(pk=job_id)

    def _check(self, number: int, job, new: list) -> None:
        from decisions.models import LivePeriod

        live = LivePeriod.objects.filter(task=self.options.task, ended_at=None)
        if job.state != "succeeded":
            self.violations.append(f"round {number}: job {job.state}: {job.error[-200:]}")
        if len(new) != 1:
            self.violations.append(f"round {number}: {len(new)} new runs")
        elif new[0].beats_baseline and [period.run_id for period in live] != [new[0].pk]:
            self.violations.append(f"round {number}: not exactly the new run is live")

    def _sample(self) -> None:
        """What a shop does all the while: ask which model is live and open its file."""
        from django.db import connection

        from decisions.services.artefacts import ArtefactError, artefact_path
        from decisions.services.model_runs import live_run

        while not self._done.wait(0.02):
            run = live_run(self.options.task)
            self.samples += 1
            try:
                if run is None:
                    self.violations.append(f"sample {self.samples}: nothing was live")
                elif run.artefact:
                    artefact_path(run)
            except ArtefactError as error:
                self.violations.append(f"sample {self.samples}: {error}")
        connection.close()

    def _until(self, true: Callable[[], bool], seconds: float = 180) -> None:
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise SystemExit(f"waited {seconds} s in vain")
            time.sleep(0.02)

    def _report(self, rounds: list[dict], seconds: float) -> dict:
        from django.conf import settings

        from decisions.models import ModelRun
        from decisions.services.artefacts import artefact_path

        for run in ModelRun.objects.filter(task=self.options.task).exclude(artefact=""):
            artefact_path(run)  # raises for a file that is not whole
        killed = [line for line in rounds if "killed" in line]
        return {
            "kind": self.options.kind,
            "database": settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[1],
            "broker": settings.CELERY_BROKER_URL.split(":", 1)[0],
            "kills": len(killed),
            "by_target": {w: sum(k["killed"] == w for k in killed) for w in TARGETS},
            "hit_while_running": sum(k["moment"].startswith("running") for k in killed),
            "needed_another_attempt": sum(k["attempts"] > 1 for k in killed),
            "most_attempts": max(k["attempts"] for k in rounds),
            "samples_of_the_live_model": self.samples,
            "left_half_written": len(list(Path(settings.ARTEFACT_DIR).rglob("*.part*"))),
            "violations": self.violations,
            "seconds": round(seconds, 1),
        }

    def _tell(self, line: dict) -> None:
        print(" ".join(f"{key}={value}" for key, value in line.items()), file=sys.stderr)


def _children(pid: int) -> list[int]:
    """Of all its threads: a pool without an event loop forks from a thread of its own."""
    lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for text in lists for child in text.split()]


def _kill_9(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
