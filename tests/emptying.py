"""Tables that may only grow, emptied after a transactional test."""

from __future__ import annotations

from django.db import connection

APPEND_ONLY = (
    "shop_price",
    "shop_priceending",
    "shop_stockmovement",
    "shop_paymentevent",
    "shop_refund",
    "shop_couponmovement",
    "shop_reviewdecision",
    "marketing_tiermove",
)


def let_ledgers_be_emptied() -> None:
    """SQLite empties tables with DELETE, PostgreSQL truncates: the ledgers forbid both.

    test_append_only puts the triggers back; migrations that are applied again do too.
    """
    on = {"sqlite": ("delete", ""), "postgresql": ("truncate", " ON {}")}
    verb, where = on[connection.vendor]
    with connection.cursor() as cursor:
        for table in APPEND_ONLY:
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{where.format(table)}")
