from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marketing", "0007_members_of_segments")]

    operations = [
        migrations.AddField(
            model_name="segment",
            name="tracked_since",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Members and changes of this rule are whole from then on.",
                null=True,
            ),
        ),
    ]
