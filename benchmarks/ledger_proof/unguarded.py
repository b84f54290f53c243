"""The negative control's web server: this shop with its guard taken out. Never used by the shop.

Only `gunicorn benchmarks.ledger_proof.unguarded` comes here; without the CHECK constraints dropped
from its own database (World.take_out_the_guard) it would still refuse.
"""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application


def take_out_the_guard() -> None:
    """What is available is still read before, as in many shops; but nobody locks it meanwhile, and
    the UPDATE no longer asks.
    """
    from django.db.models import Q

    from shop.services.stock import movements, reservation_rows

    movements.enough = lambda change: Q()
    asked = "on_hand - allocated - reserved - ring_fenced >= %s AND ring_fenced >= %s"
    reservation_rows.TAKE = _without(reservation_rows.TAKE, asked, "%s >= 0 AND %s >= 0")
    reservation_rows.SHELVES = _without(reservation_rows.SHELVES, "{lock}", "")


def _without(sql: str, guard: str, nothing: str) -> str:
    if guard not in sql:
        raise AssertionError(f"the guard has moved: {guard!r} is not in {sql!r}")
    return sql.replace(guard, nothing)


application = get_wsgi_application()
take_out_the_guard()
