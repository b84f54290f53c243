"""Files of a test lie in a folder of its own: another worker's must not be found by its search."""

import pytest


@pytest.fixture(autouse=True)
def _folder_of_its_own(settings, tmp_path_factory):
    settings.VAR_DIR = tmp_path_factory.mktemp("var")
