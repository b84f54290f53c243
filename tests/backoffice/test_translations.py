"""The Chinese catalogues are complete, keep their parameters, and are what the program loads."""

import re
import shutil
from pathlib import Path

import polib
import pytest
from django.core.management import call_command
from django.utils.translation import gettext, override

from config.apps import our_fields

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted((ROOT / "locale").rglob("*.po"))
PARAMETER = re.compile(r"%\(\w+\)[sdif]|%[sd]|\{\w*\}")
NOT_SHOWN = ("tests", "benchmarks", "locale", "var", "docs", "static", ".*", "__pycache__")
SAME_IN_CHINESE = {"ID", "SKU", "SKUs", "x", "y", "x2", "y2", "xy"}

each_catalogue = pytest.mark.parametrize(
    "path", CATALOGUES, ids=lambda path: str(path.relative_to(ROOT).parent.parent)
)


@each_catalogue
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


@each_catalogue
def test_the_compiled_catalogue_is_the_source(path):
    source = {
        e.msgid_with_context: e.msgstr
        for e in polib.pofile(str(path))
        if not e.obsolete and not e.msgid_plural
    }
    compiled = {
        e.msgid_with_context: e.msgstr
        for e in polib.mofile(str(path.with_suffix(".mo")))
        if not e.msgid_plural
    }
    assert compiled == source, "run: make translations"


def test_the_names_of_our_fields_are_chinese_in_chinese():
    with override("en"):
        names = {str(field.verbose_name) for field in our_fields()} - SAME_IN_CHINESE
    with override("zh-hans"):
        assert sorted(name for name in names if gettext(name) == name) == []


def test_the_texts_of_unfold_are_chinese_in_chinese():
    with override("zh-hans"):
        assert gettext("Apply Filters") == "应用筛选"
        assert gettext("Search apps and models...") == "搜索应用和模型……"


@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext is not installed here")
def test_the_catalogue_lacks_no_text_of_the_program(tmp_path, monkeypatch, settings):
    """Extracted from a copy, since makemessages writes beside the templates it reads."""
    for folder in (path.parent for path in ROOT.glob("*/__init__.py")):
        shutil.copytree(folder, tmp_path / folder.name, ignore=shutil.ignore_patterns(*NOT_SHOWN))
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    (tmp_path / "locale").mkdir()
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    monkeypatch.chdir(tmp_path)
    call_command("makemessages", "-v0", "--no-location", "-l", "zh_Hans")
    path = Path("zh_Hans/LC_MESSAGES/django.po")
    wanted = {entry.msgid_with_context for entry in polib.pofile(str(tmp_path / "locale" / path))}
    held = {
        entry.msgid_with_context
        for entry in polib.pofile(str(ROOT / "locale" / path))
        if not entry.obsolete
    }
    assert sorted(wanted - held) == [], "run: make translations, and translate these"
