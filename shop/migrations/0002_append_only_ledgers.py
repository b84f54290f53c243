"""Prices and stock movements can be added and never changed: the database refuses, whoever asks."""

from django.db import migrations

LEDGERS = ["shop_price", "shop_stockmovement"]


def forbid(apps, editor):
    for table in LEDGERS:
        for verb in ("UPDATE", "DELETE"):
            editor.execute(_create(editor.connection.vendor, table, verb), params=None)


def allow(apps, editor):
    for table in LEDGERS:
        for verb in ("UPDATE", "DELETE"):
            name = f"{table}_no_{verb.lower()}"
            on = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
            editor.execute(f"DROP TRIGGER {name}{on}")
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION shop_append_only()")


def _create(vendor: str, table: str, verb: str) -> str:
    name = f"{table}_no_{verb.lower()}"
    if vendor == "postgresql":
        return (
            "CREATE OR REPLACE FUNCTION shop_append_only() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation'; "
            "END $$ LANGUAGE plpgsql; "
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION shop_append_only()"
        )
    return (
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_first")]
    operations = [migrations.RunPython(forbid, allow)]
