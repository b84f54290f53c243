"""Recompute every stock counter from the ledger and report what differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shop.services.stock.verify import repair_stock, verify_stock


class Command(BaseCommand):
    help = "Compare the stock counters with the ledger. Exit status 1 when something differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="Set the counters to what the ledger says."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify_stock()
        for sku, warehouse, counter, counter_units, ledger_units in found:
            self.stdout.write(
                f"{sku}\t{warehouse}\t{counter}\tcounter {counter_units}\tledger {ledger_units}"
            )
        if found and options["repair"]:
            self.stdout.write(f"{repair_stock()} levels repaired")
            found = verify_stock()
        if found:
            raise CommandError(f"{len(found)} differences", returncode=1)
        self.stdout.write("Every counter equals its ledger.")
