from django.db import migrations

# The usual promise of each class; the merchant changes it. Also in inventory/services/targets.py
# for a database that lost these rows.
RATES = {
    "AX": 0.98, "AY": 0.97, "AZ": 0.95,
    "BX": 0.96, "BY": 0.95, "BZ": 0.93,
    "CX": 0.95, "CY": 0.92, "CZ": 0.90,
}  # fmt: skip


def seed(apps, schema_editor):
    target = apps.get_model("inventory", "ServiceTarget")
    for name, rate in RATES.items():
        target.objects.get_or_create(abc=name[0], xyz=name[1], defaults={"target_rate": rate})


class Migration(migrations.Migration):
    dependencies = [("inventory", "0007_what_a_plan_must_keep_to")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
