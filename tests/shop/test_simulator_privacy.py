"""The truth is for tests and people. A model that could read it would prove nothing."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = [
    "access",
    "config",
    "decisions",
    "inventory",
    "language",
    "marketing",
    "recommendations",
    "shop",
    "support",
]
# The command that writes the truth, and nothing else, may know where it lies.
ALLOWED = {ROOT / "config/management/commands/simulate_shop.py"}


def app_files():
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if ROOT / "shop/simulator" not in path.parents and path not in ALLOWED:
                yield path


def strings_and_imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield f"{node.module or ''}."
        elif isinstance(node, ast.Import):
            yield from (f"{alias.name}." for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_app_reads_the_truth_or_the_simulator():
    for path in app_files():
        for text in strings_and_imports(path):
            assert "shop.simulator." not in text, path
            assert "var/truth" not in text, path
            assert "truth" not in text.split("/"), path
