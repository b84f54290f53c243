"""Mail without a server goes to files below VAR_DIR, wherever the program is started."""

from pathlib import Path

from django.conf import settings


def test_mail_files_lie_below_the_programs_own_folder():
    assert Path(settings.EMAIL_FILE_PATH).is_absolute()
    assert Path(settings.EMAIL_FILE_PATH).parent == Path(settings.VAR_DIR)
