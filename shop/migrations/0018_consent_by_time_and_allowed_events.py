"""The newest events of customers are kept without what was watched while analytics was refused: the
next night takes the log over anew, and until then readers ask the log itself."""

from django.conf import settings
from django.db import migrations, models


FORGET = [
    "DELETE FROM shop_latestevent",
    "UPDATE shop_lateststate SET through = NULL, dirty_from = NULL",
]


class Migration(migrations.Migration):

    dependencies = [
        ('shop', '0017_coupon_ledger_is_append_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='consent',
            index=models.Index(condition=models.Q(('granted', True)), fields=['recorded_at'], name='consent_newest_yes'),
        ),
        migrations.AddIndex(
            model_name='ordertransition',
            index=models.Index(fields=['to_state', 'at'], name='transition_state_at'),
        ),
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
    ]
