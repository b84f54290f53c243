"""Is the process alive, and may it get traffic?"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from kombu.exceptions import OperationalError

NVIDIA = Path("/proc/driver/nvidia/version")


def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: asks nothing of anybody else, so that a slow database never gets the web killed."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Ready: database, migrations and broker answer. Back ends are told and never required."""
    checks = {"database": _said(_database), "broker": _said(_broker)}
    checks["migrations"] = _said(_migrations) if checks["database"] == "ok" else "unknown"
    ready = all(state == "ok" for state in checks.values())
    body = {"ready": ready, "checks": checks, "back_ends": back_ends()}
    return JsonResponse(body, status=200 if ready else 503)


def _said(check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, OperationalError, OSError) as error:
        return f"failed: {type(error).__name__}"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} not applied: run manage.py migrate" if waiting else "ok"


def _broker() -> str:
    folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("data_folder_out")
    if folder:
        return "ok" if os.access(folder, os.W_OK) else "failed: the broker's folder is not writable"
    with current_app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0)
    return "ok"


def back_ends() -> dict[str, bool]:
    """What is installed, from files alone: importing torch here would cost two seconds and 200 MB."""
    cuda = NVIDIA.exists()
    return {
        "lightgbm": find_spec("lightgbm") is not None,
        "torch": find_spec("torch") is not None,
        "torch_cuda": cuda and _has_file("torch", "lib", "libtorch_cuda*"),
        "implicit": find_spec("implicit") is not None,
        "implicit_cuda": cuda and _has_file("implicit", "gpu", "_cuda*"),
    }


def _has_file(package: str, folder: str, pattern: str) -> bool:
    spec = find_spec(package)
    homes = (spec.submodule_search_locations or []) if spec else []
    return any(next((Path(home) / folder).glob(pattern), None) is not None for home in homes)
