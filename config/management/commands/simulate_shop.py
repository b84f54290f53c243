"""Fill an empty database with the known-truth shop."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone


class Command(BaseCommand):
    help = "Fill an empty database with a simulated shop; its truth goes to VAR_DIR/truth."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--products", type=int, required=True)
        parser.add_argument("--customers", type=int, required=True)
        parser.add_argument("--days", type=int, required=True)
        parser.add_argument("--seed", type=int, required=True)
        parser.add_argument("--world", default="teahouse", help="teahouse, calm or stormy")
        parser.add_argument(
            "--until", type=date.fromisoformat, help="last day of history (default: yesterday)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # polars and numpy are loaded here, never at start-up.
        from shop.simulator import loading
        from shop.simulator.world import WorldError

        try:
            world = self._world(options)
            wanted = loading.Origin.of(world)
            loading.refuse_other_data(wanted)
        except (WorldError, loading.SimulatedShopError) as error:
            raise CommandError(str(error), returncode=2) from error
        if loading.is_finished():
            self._keep_truth(world)
            self._say(f"This shop is there already ({wanted}): nothing changed.")
            return
        self._fill(world)

    def _keep_truth(self, world: Any) -> None:
        """A database may outlive the folder beside it: the same world tells the same truth."""
        from shop.simulator.shop import simulate
        from shop.simulator.truth import truth_folder, write_truth

        if not (truth_folder(settings.VAR_DIR) / "truth.json").exists():
            write_truth(truth_folder(settings.VAR_DIR), simulate(world).truth)

    def _world(self, options: dict[str, Any]) -> Any:
        from shop.money import minor_digits
        from shop.simulator.loading import origin_of_database
        from shop.simulator.world import WorldError, make_world

        there, until = origin_of_database(), options["until"]
        if until is None:
            # The same command on a later day means the shop that is there.
            until = (
                date.fromisoformat(there.until)
                if there
                else timezone.localdate() - timedelta(days=1)
            )
        elif there and until.isoformat() != there.until:
            raise WorldError(f"The simulated shop that is there ends on {there.until}.")
        return make_world(
            options["world"],
            products=options["products"],
            customers=options["customers"],
            days=options["days"],
            seed=options["seed"],
            until=until,
            currency=settings.SHOP_CURRENCY,
            minor_digits=minor_digits(settings.SHOP_CURRENCY),
            time_zone=settings.TIME_ZONE,
        )

    def _fill(self, world: Any) -> None:
        from shop.simulator import loading
        from shop.simulator.shop import order_count, simulate
        from shop.simulator.truth import truth_folder, write_truth

        began = time.perf_counter()
        shop = simulate(world, self._say)
        generated = time.perf_counter() - began
        write_truth(truth_folder(settings.VAR_DIR), shop.truth)
        began = time.perf_counter()
        try:
            loaded = loading.load_shop(shop, self._say)
        except loading.SimulatedShopError as error:
            raise CommandError(str(error), returncode=2) from error
        seconds = time.perf_counter() - began
        for name, rows in loaded.rows.items():
            self._say(f"  {rows:>9,} {name} in {loaded.seconds[name]:.1f} s")
        self._say(
            f"{order_count(shop):,} orders and {shop.frames['events'].height:,} events: generated "
            f"in {generated:.1f} s, loaded into {loading.database_name()} in {seconds:.1f} s. "
            f"The truth is in {truth_folder(settings.VAR_DIR)}."
        )
        if loaded.missing:
            self._say(f"Not loaded, no app imports them: {', '.join(loaded.missing)}.")

    def _say(self, line: str) -> None:
        if self.verbosity:
            self.stdout.write(line)

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.verbosity = options.get("verbosity", 1)
        return super().execute(*args, **options)
