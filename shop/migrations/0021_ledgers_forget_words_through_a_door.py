"""Refunds and movements of coupons stay append-only, but for one thing: while a row of shop_ledgerdoor
stands in the same transaction, their free text may be emptied. Every other column must stay equal."""

from django.db import migrations

DOOR = "EXISTS (SELECT 1 FROM shop_ledgerdoor)"
# Table → its free text, and every other column.
LEDGERS = {
    "shop_refund": (
        "reason",
        "id order_id number goods_return_id currency amount_minor tax_minor refunded_at refunded_by_id",
    ),
    "shop_couponmovement": (
        "note",
        "id offer_id coupon_id kind key at order_id open_delta redeemed_delta held_minor_delta "
        "spent_minor_delta by_id",
    ),
}


def _postgresql(table, text):
    return [
        f"DROP TRIGGER {table}_no_update ON {table}",
        f"""CREATE FUNCTION {table}_forgets() RETURNS trigger AS $$ BEGIN
        IF NEW.{text} = '' AND to_jsonb(OLD) - '{text}' = to_jsonb(NEW) - '{text}' AND {DOOR} THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
        END $$ LANGUAGE plpgsql""",
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_forgets()",
    ]


def _sqlite(table, text, columns):
    same = " AND ".join(f"OLD.{name} IS NEW.{name}" for name in columns.split())
    return [
        f"DROP TRIGGER {table}_no_update",
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
        f"WHEN NOT (NEW.{text} = '' AND {same} AND {DOOR}) "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    ]


def open_doors(apps, editor):
    for table, (text, columns) in LEDGERS.items():
        made = (
            _postgresql(table, text)
            if editor.connection.vendor == "postgresql"
            else _sqlite(table, text, columns)
        )
        for statement in made:
            editor.execute(statement, params=None)


def close_doors(apps, editor):
    for table in LEDGERS:
        close_one(editor, table)


def close_one(editor, table):
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP TRIGGER {table}_no_update ON {table}", params=None)
        editor.execute(f"DROP FUNCTION {table}_forgets()", params=None)
        editor.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION shop_append_only()",
            params=None,
        )
    else:
        editor.execute(f"DROP TRIGGER {table}_no_update", params=None)
        editor.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
            params=None,
        )


class Migration(migrations.Migration):
    dependencies = [("shop", "0020_people_who_were_erased")]
    operations = [migrations.RunPython(open_doors, close_doors)]
