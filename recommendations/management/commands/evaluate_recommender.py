"""Print, as JSON, how good recommendations would be on a CSV of interactions."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

MODELS = (
    "popularity",
    "trend",
    "item_knn",
    "complements",
    "transitions",
    "walks",
    "ease",
    "als",
    "sasrec",
    "blend",
    "ranker",
)
BY_NAME = ("bpr",)  # in no comparison did it add anything to the others


class Command(BaseCommand):
    help = (
        "CSV: customer_id,product_id[,weight][,timestamp]. One JSON object on standard output,"
        " progress on standard error; exit status 2 when a file is unusable."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--interactions", metavar="FILE")
        parser.add_argument("--split", choices=["random", "temporal", "leave-one-out"])
        parser.add_argument("--test-share", type=float, default=0.25)
        parser.add_argument("--train", metavar="FILE")
        parser.add_argument("--test", metavar="FILE")
        parser.add_argument("--seed", type=int, default=42)
        parser.add_argument("--k", type=int, default=10)
        parser.add_argument("--model", nargs="+", choices=MODELS + BY_NAME, default=list(MODELS))
        parser.add_argument(
            "--budget", type=float, default=300.0, help="Seconds for the search of parameters."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._check(options)
        from recommendations.ml.harness import Plan
        from recommendations.services import evaluation

        plan = Plan(tuple(options["model"]), options["k"], options["seed"], options["budget"])
        try:
            if options["interactions"]:
                cut = evaluation.Cut(options["split"], options["test_share"])
                card = evaluation.evaluate_file(options["interactions"], cut, plan, self._report)
            else:
                files = options["train"], options["test"]
                card = evaluation.evaluate_parts(*files, plan, self._report)
        except evaluation.UnusableFileError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(card, indent=2, ensure_ascii=False))

    def _check(self, options: dict) -> None:
        """Raises CommandError (exit status 2) for options that do not go together."""
        one, two = options["interactions"], (options["train"], options["test"])
        if bool(one) == any(two) or any(two) != all(two):
            problem = "Give either --interactions FILE --split KIND, or --train FILE --test FILE."
        elif one and not options["split"]:
            problem = "Give --split random, temporal or leave-one-out."
        elif not 0 < options["test_share"] < 1:
            problem = "--test-share must lie between 0 and 1."
        elif options["k"] < 1 or options["budget"] < 0:
            problem = "--k must be at least 1 and --budget must not be negative."
        elif set(options["model"]) <= {"blend", "ranker"}:
            problem = "--model blend and ranker need at least one source that they are to mix."
        else:
            return
        raise CommandError(problem, returncode=2)

    def _report(self, done: int, total: int, note: str) -> None:
        if note:
            self.stderr.write(f"[{done + 1}/{total}] {note}")
