"""Built-in segments that nobody ever tracked: from the next night on their members are kept."""

from django.db import migrations


def track(apps, schema_editor):
    rows = apps.get_model("marketing", "Segment").objects.using(schema_editor.connection.alias)
    rows.filter(is_builtin=True, tracked_rule=None).update(is_tracked=True)


class Migration(migrations.Migration):
    dependencies = [("marketing", "0014_kept_lists_stay_as_they_are")]
    operations = [migrations.RunPython(track, migrations.RunPython.noop)]
