"""One command, real processes: it serves, works, restarts what dies, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from config.supervisor import CannotKeepRunningError, Program, Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent


def program(name, code):
    return Program(name, [sys.executable, "-c", code], dict(os.environ))


def wait_for(true, seconds=300.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s in vain")


def test_a_program_that_always_ends_is_given_up(monkeypatch):
    monkeypatch.setattr("config.supervisor.LONGEST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("config.supervisor.MAX_RESTARTS", 2)
    said = []
    bad, good = (
        program("bad", "raise SystemExit(3)"),
        program("good", "import time; time.sleep(60)"),
    )
    with pytest.raises(CannotKeepRunningError, match="bad ended 3 times"):
        Supervisor([bad, good], say=said.append).run()
    assert bad.end_codes == [3, 3, 3]
    assert good.process.returncode == -signal.SIGTERM
    assert said[0] == "bad ended with 3; starting it again in 0 s"


def test_one_that_ignores_sigterm_is_killed(tmp_path):
    is_deaf = tmp_path / "deaf"
    deaf = program("deaf", "import pathlib,signal,time\nsignal.signal(15, signal.SIG_IGN)\n"
                           "signal.signal(3, signal.SIG_IGN)\n"
                           f"pathlib.Path({str(is_deaf)!r}).touch()\ntime.sleep(60)")  # fmt: skip
    boss = Supervisor([deaf], say=lambda line: None, grace=0.2)
    deaf.start(0)
    wait_for(is_deaf.exists)
    boss.stop()
    assert deaf.process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory):
    """One for all: the first start migrates its database, the next finds it migrated."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture
def up(tmp_path, var_dir):
    """`manage.py up` on a free port; yields (process, port, log file).

    The grace is only a limit. An idle worker takes eight seconds: Celery's own waits.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for schedule in var_dir.glob("beat-schedule*"):
        schedule.unlink()
    log = tmp_path / "up.log"
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL")}
    env |= {"VAR_DIR": str(var_dir), "REAP_SECONDS": "1"}
    command = [sys.executable, "manage.py", "up", "--port", str(port), "--grace", "300"]
    with log.open("w") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT,
            preexec_fn=_as_in_the_background,
        )  # fmt: skip
    try:
        wait_for(lambda: "back office" in log.read_text() or process.poll() is not None)
        yield process, port, log
    finally:
        process.kill()
        process.wait()


def _as_in_the_background():
    """A shell's `command &` ignores these, and a child inherits it."""
    for name in ("SIGINT", "SIGQUIT"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def family(pid):
    """Every process below one, by /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z":
            parents[int(stat.parent.name)] = int(fields[1])
    found, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found - {pid}


def all_started(pid):
    """Web, beat, two workers and their three children: the workers then hear signals."""
    found = family(pid)
    return found if len(found) >= 7 else set()


def beat_hears(var_dir):
    """It opens its schedule after it has set its signal handlers."""
    return [*var_dir.glob("beat-schedule*")]


def alive(pids):
    return [pid for pid in pids if _state(pid) not in ("", "Z")]


def _state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_serves_restarts_what_dies_and_stops_clean(up, var_dir):
    process, port, log = up
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
        assert answer.status == 200
    [web] = [
        p for p in family(process.pid) if b"waitress" in Path(f"/proc/{p}/cmdline").read_bytes()
    ]
    os.kill(web, signal.SIGKILL)
    wait_for(lambda: "web ended with -9; starting it again in 1 s" in log.read_text())
    wait_for(lambda: _connects(port))
    everyone = wait_for(lambda: beat_hears(var_dir) and all_started(process.pid))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=400) == 0
    assert re.search(r"stopped \(web -15, worker 0, ml 0, beat 0\)", log.read_text())
    assert alive(everyone) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal")
def test_killed_itself_it_leaves_no_orphan(up):
    process, _port, _log = up
    everyone = wait_for(lambda: all_started(process.pid))
    process.kill()
    process.wait()
    wait_for(lambda: not alive(everyone))


def test_a_busy_port_is_one_clear_sentence():
    from django.core.management import CommandError, call_command

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"port {port} is in use") as refusal:
            call_command("up", port=port)
    assert refusal.value.returncode == 2


def _connects(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
