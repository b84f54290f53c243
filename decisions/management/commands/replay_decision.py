"""Prove a receipt: compute the decision again from what it recorded."""

from __future__ import annotations

import json
import sys
import uuid

from django.core.management.base import BaseCommand, CommandError

from decisions.models import Decision
from decisions.services.receipts import NotReplayableError, replay


class Command(BaseCommand):
    help = "Compute a decision again from its receipt. Exit 0: equal, 1: different, 2: cannot."

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "id", metavar="ID", help="The receipt's id, as the back office shows it."
        )

    def handle(self, *, id: str, **options) -> None:
        decision = _decision(id)
        try:
            again, equal = replay(decision)
        except (NotReplayableError, KeyError) as error:
            raise CommandError(str(error), returncode=2) from error
        report = {"id": str(decision.pk), "kind": decision.kind, "equal": equal}
        if not equal:
            report |= {"recorded": decision.output, "computed": again}
        self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        if not equal:
            sys.exit(1)


def _decision(text: str) -> Decision:
    try:
        return Decision.objects.get(pk=uuid.UUID(text))
    except (ValueError, Decision.DoesNotExist) as error:
        raise CommandError(f"no decision has the id {text}", returncode=2) from error
