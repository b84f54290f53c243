"""A PostgreSQL, a gunicorn and an expirer of our own; whatever was started here is stopped here."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
POSTGRES_SETTINGS = """
listen_addresses = ''
max_connections = 200
fsync = on
synchronous_commit = on
full_page_writes = on
restart_after_crash = on
"""


class ServerError(Exception):
    """A server that does not start or answer; the message holds the end of its log."""


def die_with_parent() -> None:
    """Linux: also when this program is killed with SIGKILL, nothing of it stays."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def until(true: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for something to become true; returns the seconds that it took."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise ServerError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.01)
    return time.monotonic() - began


def children_of(pid: int) -> list[int]:
    with suppress(FileNotFoundError):
        lists = [one.read_text() for one in Path(f"/proc/{pid}/task").glob("*/children")]
        return [int(child) for text in lists for child in text.split()]
    return []


def kill_9(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


class Postgres:
    """A server in a folder of its own, reached by a unix socket, durable as in production."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="proof-pg-"))
        self.data = self.folder / "data"
        self.user = _unprivileged()
        if self.user:
            shutil.chown(self.folder, self.user)
        auth = ["--auth=trust", "--username=proof", "--encoding=UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "-D", str(self.data), *auth)
        with open(self.data / "postgresql.conf", "a") as conf:
            conf.write(POSTGRES_SETTINGS + f"unix_socket_directories = '{self.folder}'\n")
        self.start()

    @property
    def dsn(self) -> str:
        return f"host={self.folder} user=proof dbname=proof"

    def url(self, database: str = "proof") -> str:
        return f"postgres://proof@/{database}?host={self.folder}"

    def start(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    def create(self, database: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{database}"')

    def connect(self, database: str = "proof") -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.folder), user="proof", dbname=database, autocommit=True
        )

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def kill_postmaster(self) -> None:
        """SIGKILL: the others notice, and the next start recovers from the log."""
        pid = self.pid
        rest = children_of(pid)
        kill_9(pid)
        until(lambda: not any(Path(f"/proc/{one}").exists() for one in rest), 30, "its children")
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def kill_backend(self, database: str = "proof") -> None:
        """SIGKILL of one client's process: PostgreSQL ends all sessions and recovers by itself."""
        found = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        with self.connect("postgres") as connection:
            pids = connection.execute(f"{found} ORDER BY state <> 'idle' DESC", [database])
            [pid] = pids.fetchone() or [0]
        if not pid:
            raise ServerError("no session to kill")
        kill_9(pid)

    @property
    def is_running(self) -> bool:
        try:
            return Path(f"/proc/{self.pid}").exists()
        except (FileNotFoundError, IndexError):
            return False

    def answers(self) -> bool:
        try:
            with self.connect("postgres") as connection:
                connection.execute("SELECT 1")
            return True
        except psycopg.OperationalError:
            return False

    def close(self) -> None:
        with suppress(ServerError):
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        said = self.folder / "said"  # a pipe would be inherited by the server and never end
        with open(said, "w+") as out:
            done = subprocess.run(
                [_binary(program), *words], user=self.user, stdout=out, stderr=out, cwd="/"
            )
        if done.returncode:
            raise ServerError(f"{program} {words}: {said.read_text()[-500:]}")


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    return next(name for name in ("postgres", "nobody") if _exists(name))


def _exists(name: str) -> bool:
    with suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


def _binary(name: str) -> str:
    """Debian keeps the server's programs outside the PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (installed and str(installed[-1]))
    if not found:
        raise ServerError(f"{name} is not installed")
    return str(found)


class Program:
    """One process of ours with its output in a file."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self.command, self.env, self.log = command, env, log
        self.start()

    def start(self) -> None:
        with open(self.log, "a") as out:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.env,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C reaches us alone; we stop it in order
                preexec_fn=die_with_parent,
            )

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def end_of_log(self) -> str:
        return self.log.read_text()[-1500:]


class Web(Program):
    """gunicorn as docs/operations.md starts it, or another WSGI module for the negative control."""

    def __init__(self, env: dict[str, str], folder: Path, wsgi: str = "config.wsgi") -> None:
        self.port = free_port()
        shape = ["--workers", "2", "--threads", "32", "--keep-alive", "60"]
        command = [sys.executable, "-m", "gunicorn", wsgi, "--bind", f"127.0.0.1:{self.port}"]
        quiet = ["--log-level", "warning", "--graceful-timeout", "5", "--no-control-socket"]
        super().__init__([*command, *shape, *quiet], env, folder / "web.log")
        self.wait()

    def workers(self) -> list[int]:
        return children_of(self.process.pid)

    def wait(self) -> None:
        until(self.is_healthy, 60, f"the web server: {self.end_of_log()}")

    def is_healthy(self) -> bool:
        if self.process.poll() is not None:
            raise ServerError(f"the web server ended: {self.end_of_log()}")
        return answers_ok(self.port, "/healthz")


class Up(Program):
    """`manage.py up`: waitress, two workers and beat on SQLite, as a fresh clone runs it."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "manage.py", "up", "--port", str(self.port), "--grace", "3"]
        super().__init__(command, env, folder / "up.log")
        until(lambda: answers_ok(self.port, "/healthz"), 120, "manage.py up")

    def is_healthy(self) -> bool:
        return answers_ok(self.port, "/healthz")

    def web_pid(self) -> int:
        for pid in children_of(self.process.pid):
            with suppress(FileNotFoundError, ProcessLookupError):
                if b"waitress" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        return 0


def answers_ok(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def environment(folder: Path, database_url: str = "") -> dict[str, str]:
    """The project's own settings; nothing of the caller's database, broker or cache leaks in."""
    ours = {
        "VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "ERROR",
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "API_USER_RATE_PER_MINUTE": "100000000",
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | ours | ({"DATABASE_URL": database_url} if database_url else {})


def manage(env: dict[str, str], *words: str, stdin: str = "") -> str:
    """Run a module or management command to its end; returns what it printed."""
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=env, input=stdin, capture_output=True, text=True
    )
    if done.returncode:
        raise ServerError(f"{words}: {done.stderr[-2000:]}")
    return done.stdout
