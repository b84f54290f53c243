"""Every column of every kind is in docs/import.md."""

from pathlib import Path

import pytest
from django.conf import settings

from shop.importers.registry import UnknownImporterError, all_importers, importer_of

DOCS = Path(settings.BASE_DIR / "docs" / "import.md").read_text(encoding="utf-8")
PLACES = ("shop.", "inventory.", "marketing.")
OURS = {
    key: found for key, found in all_importers().items() if found.load.__module__.startswith(PLACES)
}


@pytest.mark.parametrize("key", OURS, ids="-".join)
def test_every_column_is_documented(key):
    for column in OURS[key].columns:
        assert f"`{column.name}`" in DOCS, column.name


def test_an_unknown_kind_or_format_says_what_there_is():
    with pytest.raises(
        UnknownImporterError, match="there is acquisition_costs, attributes, batches"
    ):
        importer_of("unicorns")
    with pytest.raises(UnknownImporterError, match="in the format excel; there is backroom"):
        importer_of("products", "excel")
