"""Movements of coupons can be added and never changed; the terms of a decided offer stand."""

from importlib import import_module

from django.db import migrations

_create = import_module("shop.migrations.0002_append_only_ledgers")._create
_truncate = import_module("shop.migrations.0008_ledgers_are_not_truncated").create
LEDGER, OFFERS = "shop_couponmovement", "shop_couponoffer"
TERMS = (
    "code, revision, name, name_zh, percent, most_minor, currency, least_order_minor, valid_days, "
    "last_on, most_uses, once_per_customer, budget_minor"
)


def terms_stand(vendor: str) -> str:
    head = (
        f"CREATE TRIGGER {OFFERS}_terms_stand BEFORE UPDATE OF {TERMS} ON {OFFERS} "
        "FOR EACH ROW WHEN (OLD.state <> 'draft') "
    )
    if vendor == "postgresql":
        return head + "EXECUTE FUNCTION shop_append_only()"
    return head + f"BEGIN SELECT RAISE(ABORT, '{OFFERS} is append-only'); END"


def forbid(apps, editor):
    vendor = editor.connection.vendor
    for verb in ("UPDATE", "DELETE"):
        editor.execute(_create(vendor, LEDGER, verb), params=None)
    editor.execute(terms_stand(vendor), params=None)
    if vendor == "postgresql":
        editor.execute(_truncate(LEDGER))


def allow(apps, editor):
    on = " ON {}" if editor.connection.vendor == "postgresql" else ""
    verbs = ["update", "delete"] + (["truncate"] if on else [])
    for verb in verbs:
        editor.execute(f"DROP TRIGGER IF EXISTS {LEDGER}_no_{verb}{on.format(LEDGER)}", params=None)
    editor.execute(f"DROP TRIGGER IF EXISTS {OFFERS}_terms_stand{on.format(OFFERS)}", params=None)


class Migration(migrations.Migration):
    dependencies = [("shop", "0016_coupons_and_their_ledger")]
    operations = [migrations.RunPython(forbid, allow)]
