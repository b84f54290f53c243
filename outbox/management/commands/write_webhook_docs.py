"""Renew the list of kinds in docs/webhooks.md."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from outbox.handbook import with_kinds


class Command(BaseCommand):
    help = "Write the list of message kinds into docs/webhooks.md."

    def handle(self, *args: Any, **options: Any) -> None:
        page = Path(settings.BASE_DIR) / "docs" / "webhooks.md"
        page.write_text(with_kinds(page.read_text()))
