import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

REASONS = [
    ("no_address", "no address"),
    ("no_consent", "no consent"),
    ("suppressed", "suppressed"),
    ("frequency_cap", "written to often enough"),
    ("bought", "ordered in the meantime"),
    ("complaint", "has an open complaint"),
    ("refund_due", "waits for a refund"),
    ("sold_out", "sold out"),
    ("nothing_true", "a fact that the text needs is gone"),
    ("too_late", "its time has passed"),
    ("taken_back", "taken back before it left"),
    ("held_out", "held out at this step"),
    ("pulled", "its text may not be sent any more"),
]
OF_ONE_TEXT = (
    models.Q(copy__isnull=False, candidate__isnull=True, journey_version__isnull=True)
    | models.Q(copy__isnull=True, candidate__isnull=False, journey_version__isnull=True)
    | models.Q(copy__isnull=True, candidate__isnull=True, journey_version__isnull=False)
)


class Migration(migrations.Migration):
    dependencies = [("marketing", "0009_kinds_of_customers")]

    operations = [
        migrations.CreateModel(
            name="PulledStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.CharField(max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "waits for a decision"),
                            ("skipped", "skipped"),
                            ("released", "goes on"),
                        ],
                        default="held",
                        max_length=8,
                    ),
                ),
                (
                    "language",
                    models.CharField(help_text="Of the text that is in the way.", max_length=2),
                ),
                (
                    "sentence",
                    models.CharField(help_text="What may not be said any more.", max_length=600),
                ),
                (
                    "why",
                    models.JSONField(
                        default=dict, help_text="The reason, a message of the catalogue."
                    ),
                ),
                ("pulled_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decided_by", models.CharField(blank=True, max_length=150)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pulled",
                        to="marketing.journeyversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "pulled step",
                "verbose_name_plural": "pulled steps",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "released"), _negated=True),
                        fields=("version", "step"),
                        name="pulled_once_at_a_time",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="send",
            name="propensity",
            field=models.FloatField(
                blank=True,
                help_text="The chance of getting it, where the step holds a share out; else empty.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="send",
            constraint=models.CheckConstraint(
                condition=models.Q(propensity__isnull=True)
                | models.Q(propensity__gt=0, propensity__lte=1),
                name="send_propensity_is_a_chance",
            ),
        ),
        migrations.AlterField(
            model_name="send",
            name="reason",
            field=models.CharField(blank=True, choices=REASONS, max_length=14),
        ),
        migrations.AlterField(
            model_name="guestnotice",
            name="reason",
            field=models.CharField(blank=True, choices=REASONS, max_length=14),
        ),
        migrations.AddField(
            model_name="claimrecord",
            name="journey_version",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="claims",
                to="marketing.journeyversion",
            ),
        ),
        migrations.AddField(
            model_name="claimrecord",
            name="step",
            field=models.CharField(blank=True, help_text="Of the journey.", max_length=40),
        ),
        migrations.AddField(
            model_name="claimrecord",
            name="language",
            field=models.CharField(blank=True, help_text="Of the journey's text.", max_length=2),
        ),
        migrations.RemoveConstraint(model_name="claimrecord", name="claim_of_copy_or_candidate"),
        migrations.AddConstraint(
            model_name="claimrecord",
            constraint=models.CheckConstraint(condition=OF_ONE_TEXT, name="claim_of_one_text"),
        ),
    ]
