"""A key may act for a user; an answer is kept as the bytes that were sent."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_first"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="user",
            field=models.ForeignKey(
                blank=True,
                help_text="Whose role it has in the merchant API; empty: a storefront's key.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="api_keys",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        # Answers live for a day and nothing has asked yet: dropped, not converted.
        migrations.RemoveField(model_name="idempotentanswer", name="body"),
        migrations.AddField(
            model_name="idempotentanswer", name="body", field=models.TextField(blank=True, default="")
            , preserve_default=False
        ),
        migrations.AddField(
            model_name="idempotentanswer",
            name="content_type",
            field=models.CharField(blank=True, default="", max_length=100),
            preserve_default=False,
        ),
    ]
