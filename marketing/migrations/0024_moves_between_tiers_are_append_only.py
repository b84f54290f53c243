"""Who entered and left a tier can be added to and never changed."""

from importlib import import_module

from django.db import migrations

_create = import_module("shop.migrations.0002_append_only_ledgers")._create
_truncate = import_module("shop.migrations.0008_ledgers_are_not_truncated").create
LEDGER = "marketing_tiermove"


def forbid(apps, editor):
    vendor = editor.connection.vendor
    for verb in ("UPDATE", "DELETE"):
        editor.execute(_create(vendor, LEDGER, verb), params=None)
    if vendor == "postgresql":
        editor.execute(_truncate(LEDGER))


def allow(apps, editor):
    on = f" ON {LEDGER}" if editor.connection.vendor == "postgresql" else ""
    for verb in ["update", "delete"] + (["truncate"] if on else []):
        editor.execute(f"DROP TRIGGER IF EXISTS {LEDGER}_no_{verb}{on}", params=None)


class Migration(migrations.Migration):
    dependencies = [("marketing", "0023_tier_programmes")]
    operations = [migrations.RunPython(forbid, allow)]
