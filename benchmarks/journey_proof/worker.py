"""A worker of journey_kills.py: rounds of the journeys' clock, as beat would ask for them, until it is
killed or its parent is gone. A round that ends as failed is one line of its output.

    worker.py ROUNDS AHEAD_MINUTES SETTLED_AFTER_SECONDS WITHOUT

AHEAD_MINUTES: its clock is ahead. WITHOUT: the guard that is off (`locks`, `memory`), or `nothing`.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from datetime import timedelta
from pathlib import Path


def main(rounds: int, ahead: int, settled_after: float, without: str) -> None:
    import django

    django.setup()
    from django.utils import timezone

    from marketing.services.journeys import walking
    from marketing.services.sending.unsent_coupons import return_unsent

    walking.INTERRUPTED_AFTER = timedelta(seconds=settled_after)
    switch_off(without)
    parent = os.getppid()
    (Path(os.environ["VAR_DIR"]) / f"ready-{os.getpid()}").touch()
    for _round in range(rounds):
        try:
            at = timezone.now() + timedelta(minutes=ahead) if ahead else None
            done = walking.walk(at)
            return_unsent()
        except Exception as fault:  # noqa: BLE001 - the task fails, and the next minute asks again
            print(
                f"FAILED {type(fault).__name__}: {' '.join(str(fault).split())[:300]}", flush=True
            )
            traceback.print_exc()
            continue
        if os.getppid() != parent:
            return
        if not any(done.values()):
            time.sleep(0.5)  # beat asks each minute; here more often


def switch_off(without: str) -> None:
    """For the controls: what a guard forbids must then be seen."""
    from django.db.models import QuerySet

    from marketing.models import SendState
    from marketing.services.journeys import walking

    if without == "locks":  # of enrolments, messages and customers alike
        QuerySet.select_for_update = lambda self, **_kinds: self
    elif without == "memory":  # of what was in hand when a worker died

        def again(sends):
            return sends.filter(state=SendState.SENDING).update(state=SendState.CLAIMED)

        walking.settle_interrupted = again


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
