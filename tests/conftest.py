"""Tests keep their files in a folder of their own and never touch the network."""

import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings

# Everywhere what a CI server gets: the same examples in every run, and no deadline, which would
# measure the machine; a test with health checks of its own lets go of `too_slow` for the same reason.
# `STOCK_STEPS` of tests/shop/test_stock_machine.py looks for new ones.
settings.load_profile("ci")

os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="backroom-test-"))
# A worker inherits that one: what it sweeps, counts or lists there must not be another worker's.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["VAR_DIR"] = str(Path(os.environ["VAR_DIR"]) / worker)
    Path(os.environ["VAR_DIR"]).mkdir(exist_ok=True)
# A key is kept for five seconds, which a busy machine may lose between two requests.
os.environ.setdefault("API_KEY_CACHE_SECONDS", "60")
# Compiled loops outlive VAR_DIR, or every run would compile them again.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parent.parent / ".pytest_cache/numba"))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A transactional test ends with empty tables, which the ledgers forbid."""
    from tests.emptying import let_ledgers_be_emptied

    with django_db_blocker.unblock():
        let_ledgers_be_emptied()


def pytest_addoption(parser):
    parser.addoption(
        "--database-only",
        action="store_true",
        help="leave out what asks no database: a second run on another database has no news of it",
    )


def pytest_collection_modifyitems(config, items):
    """Files with a slow test first: workers take whole files, and one that begins late ends late."""
    from django.db import connection

    if config.getoption("database_only"):
        asking = [item for item in items if asks_the_database(item)]
        config.hook.pytest_deselected(items=[item for item in items if not asks_the_database(item)])
        items[:] = asking

    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)

    if connection.vendor != "postgresql":
        for item in items:
            if item.get_closest_marker("postgres"):
                item.add_marker(pytest.mark.skip(reason="needs PostgreSQL"))


def asks_the_database(item):
    marked = any(item.get_closest_marker(name) for name in ("django_db", "postgres"))
    return marked or not {"db", "transactional_db"}.isdisjoint(item.fixturenames)


@pytest.fixture(autouse=True)
def _settings_are_read_anew(monkeypatch):
    """A process keeps placements and rules for a second; a test's rows are gone sooner, and a busy
    machine loses a second in between. The cache counts the requests of key 1, which on SQLite is the
    first key of every test, as is the version of a journey whose copies were read and the run of a
    model; and who was busy in the last ten minutes is known by her code."""
    from django.core.cache import cache

    from marketing.services.journeys.journey_words import read_copies
    from recommendations.kept import forget_settings
    from recommendations.services import live_model, mapped_models, placements, reading

    read_copies.cache_clear()
    forget_settings()
    cache.clear()
    monkeypatch.setattr(placements, "KEPT_SECONDS", 60.0)
    mapped_models.forget_all()
    mapped_models.keep([])
    live_model._current.clear()
    reading._busy.clear()


@pytest.fixture(autouse=True)
def _counting_takes_no_time(monkeypatch):
    """What takes a second to count is shown as it stood: that must not hang on a busy machine."""
    monkeypatch.setattr(
        "decisions.services.snapshots.time", SimpleNamespace(perf_counter=lambda: 0.0)
    )
