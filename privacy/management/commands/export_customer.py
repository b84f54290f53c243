"""export_customer CODE FILE.zip: everything that is held on one person, as JSON and CSV."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from privacy.services.held import archive_of
from shop.models import Customer


class Command(BaseCommand):
    help = "Write everything that is held on one customer into a ZIP archive of JSON and CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="the customer's code")
        parser.add_argument("file", type=Path, help="a .zip file; one that is there is replaced")

    def handle(self, *args: Any, **options: Any) -> None:
        customer = Customer.objects.filter(code=options["code"]).first()
        if customer is None:
            raise CommandError(f"There is no customer {options['code']}.", returncode=2)
        part = options["file"].with_suffix(".part")
        try:
            with part.open("wb") as file:
                for block in archive_of(customer, at=timezone.now()):
                    file.write(block)
            os.replace(part, options["file"])
        except OSError as error:
            raise CommandError(str(error), returncode=2) from error
        finally:
            part.unlink(missing_ok=True)
        self.stdout.write(f"{options['file']}: {options['file'].stat().st_size} bytes")
