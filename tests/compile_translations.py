"""Compile locale/*.po to .mo without gettext: `python tests/compile_translations.py`."""

from pathlib import Path

import polib

for source in (Path(__file__).resolve().parent.parent / "locale").rglob("*.po"):
    polib.pofile(str(source)).save_as_mofile(str(source.with_suffix(".mo")))
