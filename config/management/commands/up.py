"""Everything with one command: web, workers and beat as real processes."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from config.supervisor import CannotKeepRunningError, Program, Supervisor


class Command(BaseCommand):
    help = "Migrate, then run the web server, the workers and the clock until Ctrl-C."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web-threads", type=int, default=8)
        parser.add_argument("--no-migrate", action="store_true")
        parser.add_argument(
            "--grace", type=float, default=20.0, help="Seconds that running jobs get at the end."
        )

    def handle(self, *, host: str, port: int, **options) -> None:
        _refuse_busy_port(host, port)
        if not options["no_migrate"]:
            self._say("migrating the database")
            call_command("migrate", verbosity=0, interactive=False)
        connections.close_all()
        programs = programs_for(host, port, options["web_threads"])
        supervisor = Supervisor(programs, say=self._say, grace=options["grace"])
        supervisor.stop_on_signals()
        threading.Thread(target=self._announce, args=(host, port), daemon=True).start()
        try:
            supervisor.run()
        except CannotKeepRunningError as error:
            raise CommandError(str(error)) from error

    def _announce(self, host: str, port: int) -> None:
        while not _answers(host, port):
            time.sleep(0.2)
        self._say(f"back office  http://{host}:{port}/")
        self._say(f"API          http://{host}:{port}/api/schema/")
        self._say("Ctrl-C stops everything")

    def _say(self, line: str) -> None:
        self.stdout.write(f"up: {line}")
        self.stdout.flush()


def programs_for(host: str, port: int, web_threads: int) -> list[Program]:
    """Training has a worker of its own, with a fresh process for each job: the numeric libraries
    hang in a process that forks after using them, and give their memory back only at its end.
    """
    celery = [sys.executable, "-m", "celery", "-A", "config", "-q"]
    worker = [*celery, "worker", "--loglevel=WARNING"]
    listen = [f"--listen={host}:{port}", f"--threads={web_threads}"]
    web = [sys.executable, "-m", "waitress", *listen, "config.wsgi:application"]
    return [
        Program("web", web, _env(threads=1)),
        Program("worker", [*worker, "-Q", "backroom", *_pool(2), *_name("worker")], _env(1)),
        Program("ml", [*worker, "-Q", "ml", *_pool(1), *_name("ml")], _env(os.cpu_count() or 1)),
        Program("beat", [*celery, "beat", "--loglevel=WARNING", "--pidfile="], _env(1)),
    ]


def _pool(processes: int) -> list[str]:
    if os.name == "nt":  # no fork there, and Celery's prefork pool needs it
        return ["-P", "threads", "-c", str(processes)]
    fresh = ["--max-tasks-per-child=1"] if processes == 1 else []
    return ["-P", "prefork", "-c", str(processes), *fresh]


def _name(queue: str) -> list[str]:
    return ["-n", f"{queue}-{os.getpid()}@%h"]


def _env(threads: int) -> dict[str, str]:
    """Waiting OpenMP threads that spin make a busy machine ten times slower."""
    ours = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": str(threads),
        "PYTHONPATH": os.pathsep.join([str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")]),
        "PYTHONUNBUFFERED": "1",
    }
    return ours | os.environ | {"PYTHONPATH": ours["PYTHONPATH"]}


def _refuse_busy_port(host: str, port: int) -> None:
    if _answers(host, port):
        raise CommandError(f"port {port} is in use; choose another with --port", returncode=2)


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
