"""Which app may import which. To move an app, edit FLOORS in the same commit and say why."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = [
    ["access", "decisions", "language", "outbox"],
    ["shop"],
    ["inventory"],
    ["recommendations"],
    ["support"],
    ["marketing"],
    ["privacy"],  # knows every table that may name a person
]
# access.api (keys, problem details, pagination), access.roles, access.figures (how a number is written)
# and access.create_models (of migrations) are the ground under the ground.
OPEN_TO_ALL = {"access"}
MAY_IMPORT = {
    app: ({below for lower in FLOORS[:floor] for below in lower} | OPEN_TO_ALL) - {app}
    for floor, apps in enumerate(FLOORS)
    for app in apps
}
NOT_IN_ML = {*MAY_IMPORT, "config", "django", "celery", "rest_framework"}
PRIVATE = {"tasks", "api", "ml", "admin"}
HEAVY = {
    "implicit",
    "lightgbm",
    "numba",
    "polars",
    "scipy",
    "sklearn",
    "textblob",
    "torch",
    "numpy",
}
LIGHT_FILES = {
    "admin.py",
    "apps.py",
    "models.py",
    "receipts.py",
    "tasks.py",
    "checks.py",
    "urls.py",
}
ENTRIES = {"admin", "api", "tasks"}
ROOMS_ABOVE = {
    "pages": ENTRIES,
    "services": ENTRIES | {"pages"},
    **dict.fromkeys(
        ("definitions", "delivery", "frames", "texts"), ENTRIES | {"pages", "services"}
    ),
}
MOST_MODULES, MOST_CALCULATIONS = 40, 48
LIGHT_ROOMS = {"admin", "api", "models", "pages"}


def imports_of(path: Path, top_level_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level_only else ast.walk(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def packages(modules: set[str]) -> set[str]:
    return {module.split(".")[0] for module in modules}


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_app_imports_only_what_it_may(app):
    for path in (ROOT / app).rglob("*.py"):
        stray = packages(imports_of(path)) & {*MAY_IMPORT, "config"} - MAY_IMPORT[app] - {app}
        assert not stray, f"{path.relative_to(ROOT)} imports {stray}"


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_app_leaves_private_rooms_of_others_alone(app):
    others = {*MAY_IMPORT} - {app} - OPEN_TO_ALL
    for path in (ROOT / app).rglob("*.py"):
        stray = {
            module
            for module in imports_of(path)
            if module.split(".")[0] in others and PRIVATE & set(module.split(".")[1:2])
        }
        assert not stray, f"{path.relative_to(ROOT)} imports {stray}"


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("*/ml/**/*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_ml_code_is_pure(path):
    assert not packages(imports_of(path)) & NOT_IN_ML


@pytest.mark.parametrize("path", sorted((ROOT / "attention").glob("*.py")), ids=lambda p: p.name)
def test_the_shared_blocks_are_pure_and_below_every_app(path):
    """`attention` is no app: recommendations and marketing train by it, it knows neither."""
    assert not packages(imports_of(path)) & NOT_IN_ML


def test_start_up_imports_no_numeric_library():
    """A process that forks after using one hangs, and each costs seconds of start-up."""
    for app in MAY_IMPORT:
        for path in (ROOT / app).rglob("*.py"):
            light = path.name in LIGHT_FILES or LIGHT_ROOMS & set(path.parts)
            if light and "ml" not in path.parts:
                heavy = packages(imports_of(path, top_level_only=True)) & HEAVY
                assert not heavy, f"{path.relative_to(ROOT)} imports {heavy} at start-up"


def test_no_process_that_starts_holds_a_numeric_library():
    """The same by fact: what a web worker has loaded before its first request, scipy's 25 MB in each."""
    started = """
import django, sys
django.setup()
from django.urls import get_resolver
import config.celery
assert get_resolver().url_patterns
config.celery.app.loader.import_default_modules()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    said = subprocess.run(
        [sys.executable, "-c", started],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    loaded = set(said.stdout.split())
    assert {"django", "inventory", "marketing"} <= loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_a_room_imports_no_room_that_stands_above_it_in_its_app(app):
    """Entry points ask pages, pages ask services, services read what stands below; never back."""
    for path in (ROOT / app).rglob("*.py"):
        room = path.relative_to(ROOT / app).parts[0]
        above = {f"{app}.{name}" for name in ROOMS_ABOVE.get(room, ())}
        stray = {one for one in imports_of(path) if ".".join(one.split(".")[:2]) in above}
        assert not stray, f"{path.relative_to(ROOT)} imports {stray}"


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_nobody_searches_a_heap(app):
    """At forty modules beside each other nobody found anything in marketing; calculations may be more."""
    rooms = {path.parent for path in (ROOT / app).rglob("*.py")}
    for room in rooms:
        modules = len(list(room.glob("*.py")))
        most = MOST_CALCULATIONS if {"ml", "importers"} & set(room.parts) else MOST_MODULES
        assert modules <= most or "migrations" in room.parts, f"{room.relative_to(ROOT)}: {modules}"


def test_no_module_is_a_bag():
    bags = {"utils.py", "helpers.py", "managers.py", "signals.py"}
    found = [p for app in MAY_IMPORT for p in (ROOT / app).rglob("*.py") if p.name in bags]
    assert not found
