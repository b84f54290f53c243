"""TRUNCATE fires no row trigger: on PostgreSQL a ledger could still be emptied in one word."""

from django.db import migrations

LEDGERS = ["shop_price", "shop_stockmovement", "shop_paymentevent", "shop_refund"]


def create(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION shop_append_only()"
    )


def forbid(apps, editor):
    if editor.connection.vendor == "postgresql":
        for table in LEDGERS:
            editor.execute(create(table))


def allow(apps, editor):
    if editor.connection.vendor == "postgresql":
        for table in LEDGERS:
            editor.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")


class Migration(migrations.Migration):
    dependencies = [("shop", "0007_event_log_by_month")]
    operations = [migrations.RunPython(forbid, allow)]
