"""Keep a handful of processes running: start, restart with a growing pause, stop, leave no orphan."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # one that lived this long has recovered: its pauses start small again
MAX_RESTARTS = 10  # in a row; then something is wrong that no restart mends
PR_SET_PDEATHSIG = 1


class CannotKeepRunningError(Exception):
    """A program ended again and again; the message names it."""


@dataclass
class Program:
    """One child process and what is known of its life."""

    name: str
    command: list[str]
    env: dict[str, str]
    process: subprocess.Popen | None = None
    started: float = 0.0
    restarts: int = 0
    start_at: float = 0.0
    end_codes: list[int] = field(default_factory=list)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, now: float) -> None:
        posix = os.name == "posix"
        self.process = subprocess.Popen(
            self.command,
            env=self.env,
            start_new_session=posix,  # Ctrl-C reaches us alone; we stop the others in order
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        self.started = now

    def send(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill_group(self) -> None:
        """The process and whatever it forked, also when it is itself gone already."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError, AttributeError):
            self.send(getattr(signal, "SIGKILL", signal.SIGTERM))
        self.process.wait()


class Supervisor:
    def __init__(self, programs: list[Program], *, say: Callable[[str], None], grace: float = 20.0):
        self.programs, self.say, self.grace = programs, say, grace
        self._stop = threading.Event()

    def stop_on_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())

    def run(self) -> None:
        """Until a signal comes. Raises CannotKeepRunningError; stops all in either case."""
        try:
            while not self._stop.is_set():
                now = time.monotonic()
                for program in self.programs:
                    self._look_after(program, now)
                self._stop.wait(0.2)
        finally:
            self.stop()

    def stop(self) -> None:
        """Ask nicely, insist, then kill: a job that is cut off goes on from its row later."""
        for number, patience in _stop_signals(self.grace):
            for program in self.programs:
                program.send(number)
            end = time.monotonic() + patience
            while time.monotonic() < end and any(p.is_running for p in self.programs):
                time.sleep(0.05)
        for program in self.programs:
            program.kill_group()
        codes = ", ".join(f"{p.name} {p.process.returncode}" for p in self.programs if p.process)
        self.say(f"stopped ({codes})")

    def _look_after(self, program: Program, now: float) -> None:
        if program.is_running or now < program.start_at:
            return
        if program.process is not None and program.start_at <= program.started:
            self._plan_restart(program, program.process.returncode, now)
            return
        program.start(now)

    def _plan_restart(self, program: Program, code: int, now: float) -> None:
        program.kill_group()  # what it forked must not outlive it
        program.end_codes.append(code)
        if now - program.started > STEADY_SECONDS:
            program.restarts = 0
        if program.restarts >= MAX_RESTARTS:
            raise CannotKeepRunningError(f"{program.name} ended {MAX_RESTARTS + 1} times in a row")
        pause = min(2.0**program.restarts, LONGEST_PAUSE_SECONDS)
        program.restarts += 1
        program.start_at = now + pause
        self.say(f"{program.name} ended with {code}; starting it again in {pause:.0f} s")


def _stop_signals(grace: float) -> list[tuple[int, float]]:
    quit_now = getattr(signal, "SIGQUIT", signal.SIGTERM)  # Celery's cold shutdown
    return [(signal.SIGTERM, grace), (quit_now, 3.0)]


def _end_with_parent() -> None:
    """Linux: the kernel ends this child when we die, even of SIGKILL.

    By SIGKILL: a worker that is still starting can hang for ever in what it does on a signal that
    it can hear. What it forked sees that its parent is gone (`end_when_orphaned`), and jobs go on
    from their rows.
    """
    # A shell that starts us in the background has it ignored, a child inherits that, and `stop`
    # insists with it.
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_when_orphaned(forked_by: int = 0, every_seconds: float = 1.0) -> None:
    """In a forked worker: end at once when the parent is gone, whatever it died of.

    Otherwise a training goes on for hours, and nobody sees it, after its worker was killed.
    `forked_by`: the parent's number, read before the fork; read here, it may be that of whoever
    takes orphans in already.
    """
    parent = forked_by or os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every_seconds)
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    threading.Thread(target=watch, name="orphan-watch", daemon=True).start()
