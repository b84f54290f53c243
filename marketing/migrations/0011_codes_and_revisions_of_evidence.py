import django.core.validators
from django.db import migrations, models
from django.db.models.functions import Cast, Concat

import marketing.models.evidence

NO_BLANKS = django.core.validators.RegexValidator(r"\A[^\s/]+\Z", "No spaces and no slashes.")
CODE_HELP = "What the shop calls it, in files and programs too. Revisions share it."


def name_what_is_there(apps, schema_editor):
    """Documents of before are called by their number."""
    rows = apps.get_model("marketing", "Evidence").objects.using(schema_editor.connection.alias)
    number = Cast("pk", models.CharField())
    rows.update(code=Concat(models.Value("EV-"), number, output_field=models.CharField()))


class Migration(migrations.Migration):
    dependencies = [("marketing", "0010_steps_held_out_and_pulled")]

    operations = [
        migrations.AddField(
            "evidence",
            "code",
            models.CharField(
                default="", max_length=64, validators=[NO_BLANKS], help_text=CODE_HELP
            ),
        ),
        migrations.AddField(
            "evidence",
            "revision",
            models.PositiveSmallIntegerField(
                default=1, validators=[django.core.validators.MinValueValidator(1)]
            ),
        ),
        migrations.AddField(
            "evidence",
            "keeps_uses",
            models.BooleanField(
                default=False,
                verbose_name="proves the same",
                help_text="It proves every sentence that the revision before it proves. Off: approving it pulls their copy.",
            ),
        ),
        migrations.RunPython(name_what_is_there, migrations.RunPython.noop),
        migrations.AlterField(
            "evidence",
            "code",
            models.CharField(
                default=marketing.models.evidence.new_code,
                max_length=64,
                validators=[NO_BLANKS],
                help_text=CODE_HELP,
            ),
        ),
        migrations.AddConstraint(
            "evidence",
            models.UniqueConstraint(fields=["code", "revision"], name="evidence_revision_once"),
        ),
        migrations.AddConstraint(
            "evidence",
            models.UniqueConstraint(
                fields=["code"],
                condition=models.Q(state="approved"),
                name="evidence_one_approved",
            ),
        ),
        migrations.AddConstraint(
            "evidence",
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(state="pending"), name="evidence_one_pending"
            ),
        ),
    ]
