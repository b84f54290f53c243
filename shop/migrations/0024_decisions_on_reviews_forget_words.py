"""The free text of what was decided on a review may be emptied while the door stands (migration 0021)."""

from importlib import import_module

from django.db import migrations

_doors = import_module("shop.migrations.0021_ledgers_forget_words_through_a_door")
LEDGER, TEXT = "shop_reviewdecision", "note"
COLUMNS = "id review_id number step from_state to_state reason by_id at"


def open_door(apps, editor):
    made = (
        _doors._postgresql(LEDGER, TEXT)
        if editor.connection.vendor == "postgresql"
        else _doors._sqlite(LEDGER, TEXT, COLUMNS)
    )
    for statement in made:
        editor.execute(statement, params=None)


def close_door(apps, editor):
    _doors.close_one(editor, LEDGER)


class Migration(migrations.Migration):
    dependencies = [("shop", "0023_decisions_on_reviews_are_append_only")]
    operations = [migrations.RunPython(open_door, close_door)]
