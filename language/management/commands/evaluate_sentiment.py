"""How well is the mood of these reviews read?"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Measure sentiment on a CSV (text,label) and print the scorecard as JSON."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reviews", required=True, metavar="FILE")
        parser.add_argument("--train", metavar="FILE", help="Without it: the shipped model as is.")
        parser.add_argument("--language", choices=["auto", "en", "zh"], default="auto")

    def handle(self, *args: Any, **options: Any) -> None:
        from language.labelled_text import UnusableFileError
        from language.scorecards import sentiment_scorecard

        try:
            card = sentiment_scorecard(
                options["reviews"], options["train"], options["language"], self.stderr.write
            )
        except UnusableFileError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(card, ensure_ascii=False, indent=2, allow_nan=False))
