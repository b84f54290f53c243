
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('decisions', '0006_snapshots_of_figures'),
        ('marketing', '0012_campaigns_give_coupons'),
        ('shop', '0017_coupon_ledger_is_append_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='audience',
            name='archived_at',
            field=models.DateTimeField(blank=True, help_text='No new campaign is made for it; what runs goes on.', null=True),
        ),
        migrations.AddField(
            model_name='audience',
            name='as_of',
            field=models.DateTimeField(blank=True, help_text='Who met the rule then; empty: when it was frozen.', null=True),
        ),
        migrations.AddField(
            model_name='audience',
            name='combined',
            field=models.JSONField(blank=True, default=list, help_text='Codes of the segments whose shared customers it is.'),
        ),
        migrations.AddField(
            model_name='audience',
            name='decision',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='decisions.decision'),
        ),
        migrations.AddField(
            model_name='audience',
            name='frozen_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='audience',
            name='holdout_rate',
            field=models.FloatField(default=0.0, help_text='Share that gets nothing of any campaign for this list, 0 to 0.5.'),
        ),
        migrations.AddField(
            model_name='audience',
            name='kept_out_count',
            field=models.PositiveIntegerField(default=0, help_text='Met the rule, and are on no list: held out from everything.'),
        ),
        migrations.AddField(
            model_name='audience',
            name='key',
            field=models.CharField(blank=True, help_text='Same key, same list.', max_length=200, null=True, unique=True),
        ),
        migrations.AddField(
            model_name='audience',
            name='name',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name='audience',
            name='source',
            field=models.ForeignKey(blank=True, help_text='The kept list whose members were asked.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='copies', to='marketing.audience'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='frozen_audience',
            field=models.ForeignKey(blank=True, help_text='Write to these customers instead of whoever is in the segment at approval.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='campaigns_for_it', to='marketing.audience', verbose_name='frozen list'),
        ),
        migrations.AlterField(
            model_name='audience',
            name='channel',
            field=models.CharField(blank=True, help_text='Empty: whoever met the rule, reachable or not.', max_length=8),
        ),
        migrations.AlterField(
            model_name='audience',
            name='rule',
            field=models.JSONField(blank=True, default=dict, help_text="The segment's rule when the list was made."),
        ),
        migrations.AlterField(
            model_name='audience',
            name='segment',
            field=models.ForeignKey(blank=True, help_text='Empty: of a rule that is no segment.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audiences', to='marketing.segment'),
        ),
        migrations.AlterField(
            model_name='campaign',
            name='segment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='marketing.segment'),
        ),
        migrations.AddConstraint(
            model_name='audience',
            constraint=models.CheckConstraint(condition=models.Q(('holdout_rate__gte', 0), ('holdout_rate__lte', 0.5)), name='audience_holdout_share'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('segment__isnull', False), ('frozen_audience__isnull', False), _connector='OR'), name='campaign_is_for_somebody'),
        ),
    ]
