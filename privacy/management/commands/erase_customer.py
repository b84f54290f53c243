"""erase_customer CODE: what would be removed; with --yes, the work itself and its proof."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from decisions.models import Job, JobState
from decisions.services.jobs import run_job
from privacy.models import Erasure, ErasureState, Ground
from privacy.pages import steps_of
from privacy.registry.base import Subject
from privacy.services import erasures
from privacy.services.previews import preview
from shop.models import Customer

NOBODY = -1  # her key is gone with her row


class Command(BaseCommand):
    help = "Erase one customer and prove it. Without --yes it only says what would become of what."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="the customer's code")
        parser.add_argument("--yes", action="store_true", help="do it: it cannot be undone")
        parser.add_argument(
            "--search", action="store_true", help="search again for one who is gone"
        )
        for name in ("email", "phone", "name"):
            parser.add_argument(f"--{name}", default="", help="what else to search for")
        parser.add_argument("--ground", choices=Ground.values, default=Ground.HER_WISH.value)

    def handle(self, *args: Any, **options: Any) -> None:
        customer = Customer.objects.filter(code=options["code"]).first()
        if customer is None and options["search"]:
            self._search(options)
        elif customer is None:
            self._known(options["code"])
        elif not options["yes"]:
            self._preview(customer)
        else:
            self._erase(customer, options["ground"])

    def _known(self, code: str) -> None:
        """She is gone: finish what died, or show the proof again."""
        found = erasures.erasures_of(code)
        if not found:
            raise CommandError(f"There is no customer {code}.", returncode=2)
        self._finish(found[0])

    def _search(self, options: dict[str, Any]) -> None:
        said = {name: options[name] for name in ("code", "email", "phone", "name")}
        for erasure in erasures.erasures_of(options["code"])[:1]:
            try:
                erasures.search_again(erasure, Subject(customer_id=NOBODY, **said))
            except erasures.ErasureError as error:
                raise CommandError(str(error), returncode=2) from error
        self._known(options["code"])

    def _preview(self, customer: Customer) -> None:
        seen = preview(customer)
        for line in seen.lines:
            self.stdout.write(f"{line.rows:>7}  {line.what}: {line.fate}")
        for one in seen.obstacles:
            self.stdout.write(f"not yet: {one.order} {one.text}")
        self.stdout.write("Nothing was changed. With --yes it is done, and cannot be undone.")

    def _erase(self, customer: Customer, ground: str) -> None:
        try:
            erasure = erasures.approve(erasures.ask(customer, ground=ground))
        except erasures.ErasureError as error:
            raise CommandError(str(error), returncode=2) from error
        self._finish(erasure)

    def _finish(self, erasure: Erasure) -> None:
        if erasure.state == ErasureState.RUNNING and erasure.job_id:
            job = run_job(erasure.job_id)
            erasure.refresh_from_db()
            self._say_why_not(job, erasure)
        for step in steps_of(erasure):
            rows = "; ".join(f"{what}: {count}" for what, count in step["counts"])
            self.stdout.write(f"{step['name']}: {rows or '–'}")
        searched = erasure.searched
        if searched:
            self.stdout.write(
                f"searched {searched['tables']} tables, {searched['columns']} columns, "
                f"{searched['files']} files: {len(erasure.found)} found"
            )
        for one in erasure.found:
            self.stdout.write(f"found: {one['where']} {one['row']} by {', '.join(one['kinds'])}")
        if erasure.found:
            raise CommandError("Something still names her; see above.", returncode=1)

    def _say_why_not(self, job: Job, erasure: Erasure) -> None:
        if job.state == JobState.FAILED:
            raise CommandError(job.error.strip().splitlines()[-1], returncode=1)
        if erasure.state == ErasureState.RUNNING:
            raise CommandError("A worker has it; ask again in a moment.", returncode=1)
