"""The fault test of benchmarks/kill_worker.py in small: real workers, real broker, SIGKILL."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the pool's children in /proc")
def test_killed_workers_lose_and_break_nothing(tmp_path):
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL")}
    env |= {"VAR_DIR": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    # Seed 4 kills a child, then a parent, both inside the training.
    command = [sys.executable, "benchmarks/kill_worker.py", "--kills", "2", "--seed", "4"]
    quick = ["--fit-seconds", "0.6", "--write-seconds", "0.3", "--until", "0.7", "--lease", "2"]
    done = subprocess.run(
        [*command, *quick], cwd=ROOT, env=env, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    report = json.loads(done.stdout[done.stdout.index("{") :])
    assert (report["kills"], report["violations"]) == (2, [])
    assert report["samples_of_the_live_model"] > 20
