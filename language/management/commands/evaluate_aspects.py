"""How well are the aspects of these messages read?"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Measure aspects on a CSV (text,label; label like delivery:-1;quality:1) and print JSON."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reviews", required=True, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        from language.aspect_scorecards import aspect_scorecard
        from language.labelled_text import UnusableFileError

        try:
            card = aspect_scorecard(options["reviews"], self.stderr.write)
        except UnusableFileError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(card, ensure_ascii=False, indent=2, allow_nan=False))
