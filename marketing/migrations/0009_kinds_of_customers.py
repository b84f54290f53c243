import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0006_snapshots_of_figures"),
        ("marketing", "0008_since_when_members_are_known"),
        ("shop", "0014_latest_events_of_customers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Persona",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.SlugField(help_text="Never used again.", max_length=20, unique=True),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True,
                        help_text="Yours. Empty: the name from the evidence.",
                        max_length=100,
                    ),
                ),
                ("name_zh", models.CharField(blank=True, max_length=100)),
                (
                    "evident_name",
                    models.CharField(help_text="From what set it apart first.", max_length=200),
                ),
                ("evident_name_zh", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "retired_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="A learning found nobody like this any more.",
                        null=True,
                    ),
                ),
            ],
            options={
                "verbose_name": "customer persona",
                "verbose_name_plural": "customer personas",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="brief",
            name="persona",
            field=models.ForeignKey(
                blank=True,
                help_text="How its readers buy. Whoever writes hears that in words, no figure.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="briefs",
                to="marketing.persona",
                verbose_name="customer persona",
            ),
        ),
        migrations.CreateModel(
            name="PersonaMember",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="persona_member",
                        serialize=False,
                        to="shop.customer",
                    ),
                ),
                (
                    "since",
                    models.DateTimeField(
                        help_text="When she was first seen in it, without a break."
                    ),
                ),
                ("as_of", models.DateTimeField(help_text="Nothing later was read.")),
                (
                    "persona",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="marketing.persona",
                        verbose_name="customer persona",
                    ),
                ),
            ],
            options={
                "verbose_name": "persona member",
                "verbose_name_plural": "persona members",
                "ordering": ["customer_id"],
                "indexes": [
                    models.Index(fields=["persona", "customer"], name="member_of_persona")
                ],
            },
        ),
        migrations.CreateModel(
            name="PersonaSnapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "group",
                    models.PositiveSmallIntegerField(help_text="Its row in the run's file."),
                ),
                ("as_of", models.DateTimeField(help_text="Nothing later was read.")),
                (
                    "evidence",
                    models.JSONField(
                        default=list,
                        help_text="What sets it apart, each with its interval; most telling first.",
                    ),
                ),
                ("evident_name", models.CharField(max_length=200)),
                ("evident_name_zh", models.CharField(max_length=200)),
                (
                    "recovery",
                    models.FloatField(
                        help_text="How much of it comes again in other samples, 0 to 1."
                    ),
                ),
                (
                    "kept_share",
                    models.FloatField(
                        blank=True,
                        help_text="Members shared with the learning before (Jaccard).",
                        null=True,
                    ),
                ),
                (
                    "shift",
                    models.FloatField(
                        blank=True,
                        help_text="How far its middle moved, in mean distances to it.",
                        null=True,
                    ),
                ),
                ("customers", models.PositiveIntegerField(default=0)),
                (
                    "share",
                    models.FloatField(
                        default=0, help_text="Of the customers who have a persona."
                    ),
                ),
                ("counted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "spent_365_minor",
                    models.BigIntegerField(blank=True, help_text="Mean, no taxes.", null=True),
                ),
                ("spent_365_low_minor", models.BigIntegerField(blank=True, null=True)),
                ("spent_365_high_minor", models.BigIntegerField(blank=True, null=True)),
                (
                    "persona",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="snapshots",
                        to="marketing.persona",
                        verbose_name="customer persona",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="decisions.modelrun",
                    ),
                ),
            ],
            options={
                "verbose_name": "persona at a learning",
                "verbose_name_plural": "personas at a learning",
                "ordering": ["-as_of", "group"],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "group"), name="one_persona_per_group"),
                    models.UniqueConstraint(fields=("run", "persona"), name="persona_once_per_run"),
                ],
            },
        ),
    ]
