"""What a provider said and what was refunded can be added to and never changed."""

from importlib import import_module

from django.db import migrations

_create = import_module("shop.migrations.0002_append_only_ledgers")._create
LEDGERS = ["shop_paymentevent", "shop_refund"]


def forbid(apps, editor):
    for table in LEDGERS:
        for verb in ("UPDATE", "DELETE"):
            editor.execute(_create(editor.connection.vendor, table, verb), params=None)


def allow(apps, editor):
    for table in LEDGERS:
        for verb in ("update", "delete"):
            on = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
            editor.execute(f"DROP TRIGGER {table}_no_{verb}{on}", params=None)


class Migration(migrations.Migration):
    dependencies = [("shop", "0005_allocations_replace_the_lines_warehouse")]
    operations = [migrations.RunPython(forbid, allow)]
