"""A key for customers' browsers: everybody can read it, so it may only send events."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_merchant_keys_and_byte_equal_answers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="is_publishable",
            field=models.BooleanField(
                default=False,
                help_text="For the collector in customers' browsers: it may only send events.",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_publishable", False), ("user__isnull", True), _connector="OR"),
                name="publishable_key_acts_for_nobody",
                violation_error_message="A key that everybody can read acts for nobody.",
            ),
        ),
    ]
