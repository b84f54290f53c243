"""Every environment variable that the settings read is listed and explained, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READ = re.compile(r"\benv\.\w+\(\s*\"([A-Z_]+)\"")


def read_by_settings() -> set[str]:
    return set(READ.findall((ROOT / "config/settings.py").read_text()))


def test_env_example_lists_every_variable():
    listed = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M)
    assert sorted(listed) == sorted(read_by_settings())


def test_operations_explains_every_variable():
    explained = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/operations.md").read_text(), re.M)
    assert sorted(explained) == sorted(read_by_settings())
