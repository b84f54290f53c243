"""Workers killed while messages flow, in small; and nobody tells a broker what may be rolled back."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as configured

ROOT = Path(configured.BASE_DIR)
APPS = [app for app in configured.INSTALLED_APPS if (ROOT / app.replace(".", "/")).is_dir()]
SENDS = {"delay", "apply_async", "send_task"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="kills process groups")
def test_killed_workers_lose_nothing(tmp_path):
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL")}
    env |= {"VAR_DIR": str(tmp_path)}
    command = [sys.executable, "benchmarks/outbox_faults.py", "--messages", "60", "--kills", "1"]
    command += ["--drained-within", "300"]  # a limit for what is stuck, not for a slow machine
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    report = json.loads(done.stdout[done.stdout.index("{") :])
    assert (report["lost"], report["violations"]) == (0, [])
    assert (report["published"], report["rolled_back"]) == (54, 6)
    assert report["delivered"] == 2 * 54


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def bare_sends(source: str) -> list[int]:
    """Lines that hand a task to the broker here and now, wherever a transaction may be open.

    Only one function may: `send` in decisions/services/jobs.py, which `on_commit` and the reaper
    call, after a row that says the same. Everybody else writes a Job or a Message.
    """
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and name_of(node) in SENDS
    ]


def test_no_task_is_sent_where_a_transaction_may_be_open():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        for line in bare_sends(path.read_text())
    ]
    assert len(found) == 1, found
    assert found[0].startswith("decisions/services/jobs.py:")


def test_the_one_sender_is_called_after_a_commit_or_by_the_reaper():
    tree = ast.parse((ROOT / "decisions/services/jobs.py").read_text())
    callers = {
        function.name: any(name_of(c) == "on_commit" for c in calls)
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
        and (calls := [node for node in ast.walk(function) if isinstance(node, ast.Call)])
        and any(
            name_of(call) == "send"
            or any(isinstance(one, ast.Name) and one.id == "send" for one in call.args)
            for call in calls
        )
    }
    assert callers == {"enqueue": True, "retry": True, "reap": False}


@pytest.mark.parametrize(
    "line", ["task.delay(1)", "task.apply_async(args=[1])", "app.send_task('x')"]
)
def test_a_bare_send_would_be_found(line):
    source = f"def place():\n    with transaction.atomic():\n        {line}\n"
    assert bare_sends(source) == [3]
    assert bare_sends("transaction.on_commit(partial(send, 1))\ntask.delay_on_commit(1)") == []
