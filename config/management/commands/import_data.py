"""import_data KIND FILE: good rows land, bad rows go to the rejects file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = (
        "Import a file of products, customers, orders and more; running it twice changes nothing."
    )
    requires_system_checks = ()  # they load every page of the back office: 60 MB that no row needs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", help="products, customers, orders, events, stock, reviews …")
        parser.add_argument("file", type=Path, help="a .csv or .csv.gz file")
        parser.add_argument("--format", default="backroom", help="backroom, online-retail …")
        parser.add_argument("--dry-run", action="store_true", help="check and count; write nothing")
        parser.add_argument("--rejects", type=Path, help="default: rejects/ under VAR_DIR")
        parser.add_argument("--dates", choices=["dmy", "mdy"], help="only where no date tells")
        parser.add_argument("--encoding", default="", help="only where it cannot be told")

    def handle(self, *args: Any, **options: Any) -> None:
        # polars loads here and not at start-up: every other command would pay for it.
        from shop.importers.encodings import UnusableFileError
        from shop.importers.registry import UnknownImporterError
        from shop.importers.run import Options, import_file
        from shop.services.imports import rejects_path

        wanted = Options(
            dry_run=options["dry_run"],
            rejects=options["rejects"] or rejects_path(options["file"]),
            bar=options["verbosity"] > 0,
            day_first=options["dates"] and options["dates"] == "dmy",
        )
        try:
            report = import_file(
                options["kind"],
                options["file"],
                format=options["format"],
                encoding=options["encoding"],
                options=wanted,
            )
        except (UnusableFileError, UnknownImporterError) as error:
            raise CommandError(str(error), returncode=2) from error
        sys.stderr.flush()
        self.stdout.write("\n".join(report.lines()))
