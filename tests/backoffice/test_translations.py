"""The Chinese catalogue is complete, keeps its parameters, and is what the program loads."""

import re
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted((ROOT / "locale").rglob("*.po"))
PARAMETER = re.compile(r"%\(\w+\)[sdif]|%[sd]|\{\w*\}")


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.parent.parent.name)
def test_every_message_is_translated_with_its_parameters(path):
    for entry in polib.pofile(str(path)):
        if entry.obsolete:
            continue
        forms = list(entry.msgstr_plural.values()) or [entry.msgstr]
        assert all(forms), f"not translated: {entry.msgid!r}"
        assert not entry.fuzzy, f"fuzzy: {entry.msgid!r}"
        wanted = set(PARAMETER.findall(entry.msgid_plural or entry.msgid))
        for form in forms:
            assert set(PARAMETER.findall(form)) == wanted, f"parameters differ: {entry.msgid!r}"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.parent.parent.name)
def test_the_compiled_catalogue_is_the_source(path):
    source = {
        e.msgid: e.msgstr for e in polib.pofile(str(path)) if not e.obsolete and not e.msgid_plural
    }
    compiled = {
        e.msgid: e.msgstr for e in polib.mofile(str(path.with_suffix(".mo"))) if not e.msgid_plural
    }
    assert compiled == source, "run: make translations"
