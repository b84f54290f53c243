"""export_data KIND FILE: what import_data reads back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from shop.exporters.registry import UnknownExporterError, exporter_of
from shop.exporters.run import export_file


class Command(BaseCommand):
    help = "Write a file of products, customers, orders and more that import_data reads back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", help="products, customers, orders, events, stock, reviews …")
        parser.add_argument("file", type=Path, help="a .csv file; one that is there is replaced")
        parser.add_argument(
            "--format", default="backroom", help="backroom, shopify, woocommerce, table"
        )
        parser.add_argument("--bom", action="store_true", help="begin with the mark Excel wants")

    def handle(self, *args: Any, **options: Any) -> None:
        bar = tqdm(
            unit=" rows", desc=options["kind"], disable=options["verbosity"] == 0, file=sys.stderr
        )

        def progress(done: int, total: int, _note: str) -> None:
            bar.total = total
            bar.update(done - bar.n)

        try:
            exporter_of(options["kind"], options["format"])
            with bar:
                report = export_file(
                    options["kind"],
                    options["file"],
                    format=options["format"],
                    with_bom=options["bom"],
                    progress=progress,
                )
        except (UnknownExporterError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        sys.stderr.flush()
        self.stdout.write("\n".join(report.lines()))
