"""Give back what abandoned carts hold, as beat's entry does, but all the time and not every 30 s.

`python -m benchmarks.ledger_proof.expirer`, in the proof's environment. An API reservation lasts
a minute at least; carts whose name ends in `-abandoned` are made due at once.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from datetime import timedelta

EVERY_SECONDS = 0.25


def main() -> None:
    import django

    django.setup()
    from django.db import DatabaseError, connection

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(EVERY_SECONDS):
        try:
            expire_abandoned()
        except DatabaseError:  # PostgreSQL is being restarted: the next turn finds it
            with contextlib.suppress(DatabaseError):
                connection.close()


def expire_abandoned() -> int:
    from django.utils import timezone

    from shop.models import Reservation
    from shop.tasks import expire_reservations

    held = Reservation.objects.filter(
        state=Reservation.State.HELD, cart__endswith="-abandoned", expires_at__gt=timezone.now()
    )
    held.update(expires_at=timezone.now() - timedelta(seconds=1))
    return expire_reservations()


if __name__ == "__main__":
    main()
