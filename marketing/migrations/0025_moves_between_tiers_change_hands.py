"""A move between tiers may go over to the pseudonym of an erased person while the door of
shop_ledgerdoor stands in the same transaction; every other column must stay equal."""

from importlib import import_module

from django.db import migrations

_doors = import_module("shop.migrations.0021_ledgers_forget_words_through_a_door")
LEDGER = "marketing_tiermove"
COLUMNS = (
    "id programme_id from_tier_id to_tier_id is_rise at recorded_at figure value trace revision by_id"
)


def open_door(apps, editor):
    if editor.connection.vendor == "postgresql":
        left = "- 'customer_id' - 'key'"
        for statement in (
            f"DROP TRIGGER {LEDGER}_no_update ON {LEDGER}",
            f"""CREATE FUNCTION {LEDGER}_forgets() RETURNS trigger AS $$ BEGIN
            IF to_jsonb(OLD) {left} = to_jsonb(NEW) {left} AND {_doors.DOOR} THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
            END $$ LANGUAGE plpgsql""",
            f"CREATE TRIGGER {LEDGER}_no_update BEFORE UPDATE ON {LEDGER} "
            f"FOR EACH ROW EXECUTE FUNCTION {LEDGER}_forgets()",
        ):
            editor.execute(statement, params=None)
        return
    same = " AND ".join(f"OLD.{name} IS NEW.{name}" for name in COLUMNS.split())
    editor.execute(f"DROP TRIGGER {LEDGER}_no_update", params=None)
    editor.execute(
        f"CREATE TRIGGER {LEDGER}_no_update BEFORE UPDATE ON {LEDGER} "
        f"WHEN NOT ({same} AND {_doors.DOOR}) "
        f"BEGIN SELECT RAISE(ABORT, '{LEDGER} is append-only'); END",
        params=None,
    )


def close_door(apps, editor):
    _doors.close_one(editor, LEDGER)


class Migration(migrations.Migration):
    dependencies = [
        ("marketing", "0024_moves_between_tiers_are_append_only"),
        ("shop", "0021_ledgers_forget_words_through_a_door"),
    ]
    operations = [migrations.RunPython(open_door, close_door)]
