"""No query looks for an event id by its beginning: the pattern index on the keys cost every write."""

from django.db import migrations

PATTERN_INDEX = "shop_eventkey_event_id_c5db7e0d_like"


def drop_pattern_index(apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP INDEX IF EXISTS {PATTERN_INDEX}")


def make_pattern_index(apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute(
            f"CREATE INDEX {PATTERN_INDEX} ON shop_eventkey (event_id varchar_pattern_ops)"
        )


class Migration(migrations.Migration):
    dependencies = [("shop", "0011_customers_say_when_and_where")]
    operations = [migrations.RunPython(drop_pattern_index, make_pattern_index)]
