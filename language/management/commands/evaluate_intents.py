"""How good would the intent model be on these tickets?"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Train on one CSV (text,label), measure on another, print the scorecard as JSON."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--train", required=True, metavar="FILE")
        parser.add_argument("--test", required=True, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        from language.labelled_text import UnusableFileError
        from language.scorecards import intent_scorecard

        try:
            card = intent_scorecard(options["train"], options["test"], self.stderr.write)
        except UnusableFileError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(card, ensure_ascii=False, indent=2, allow_nan=False))
