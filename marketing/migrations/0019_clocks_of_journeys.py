import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('marketing', '0018_variants_of_campaigns'),
        ('shop', '0018_consent_by_time_and_allowed_events'),
    ]

    operations = [
        migrations.AddField(
            model_name='send',
            name='scanned_at',
            field=models.DateTimeField(blank=True, help_text='First time that a program, not she, followed a link.', null=True),
        ),
        migrations.AddField(
            model_name='send',
            name='way_out_seen_at',
            field=models.DateTimeField(blank=True, help_text='When the page for leaving was last looked at.', null=True),
        ),
        migrations.AlterField(
            model_name='guestnotice',
            name='reason',
            field=models.CharField(blank=True, choices=[('no_address', 'no address'), ('no_consent', 'no consent'), ('suppressed', 'suppressed'), ('frequency_cap', 'written to often enough'), ('bought', 'ordered in the meantime'), ('complaint', 'has an open complaint'), ('refund_due', 'waits for a refund'), ('open_return', 'asks to give something back'), ('urgent_ticket', 'waits for an urgent answer'), ('late_parcel', 'waits for a parcel that is late or missed'), ('sold_out', 'sold out'), ('nothing_true', 'a fact that the text needs is gone'), ('too_late', 'its time has passed'), ('taken_back', 'taken back before it left'), ('held_out', 'held out at this step'), ('pulled', 'its text may not be sent any more'), ('no_coupon', 'no coupon is left for her, or she had hers')], max_length=14),
        ),
        migrations.AlterField(
            model_name='send',
            name='reason',
            field=models.CharField(blank=True, choices=[('no_address', 'no address'), ('no_consent', 'no consent'), ('suppressed', 'suppressed'), ('frequency_cap', 'written to often enough'), ('bought', 'ordered in the meantime'), ('complaint', 'has an open complaint'), ('refund_due', 'waits for a refund'), ('open_return', 'asks to give something back'), ('urgent_ticket', 'waits for an urgent answer'), ('late_parcel', 'waits for a parcel that is late or missed'), ('sold_out', 'sold out'), ('nothing_true', 'a fact that the text needs is gone'), ('too_late', 'its time has passed'), ('taken_back', 'taken back before it left'), ('held_out', 'held out at this step'), ('pulled', 'its text may not be sent any more'), ('no_coupon', 'no coupon is left for her, or she had hers')], max_length=14),
        ),
        migrations.CreateModel(
            name='JourneySearch',
            fields=[
                ('journey', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='search', serialize=False, to='marketing.journey')),
                ('found_until', models.DateTimeField(blank=True, null=True)),
                ('whole_at', models.DateTimeField(blank=True, help_text='When the whole window was last begun.', null=True)),
                ('start', models.DateTimeField(blank=True, help_text='Of the search under way.', null=True)),
                ('until', models.DateTimeField(blank=True, help_text='Empty: none is under way.', null=True)),
                ('after', models.JSONField(default=list, help_text='The last keys that were looked at.')),
                ('revision', models.PositiveBigIntegerField(default=0, help_text='So that two clocks do not move it at once.')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='marketing.journeyversion')),
            ],
            options={
                'verbose_name': 'search of a journey',
                'verbose_name_plural': 'searches of journeys',
            },
        ),
        migrations.CreateModel(
            name='JourneyFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('where', models.CharField(choices=[('plan', 'the definition cannot be read'), ('search', 'looking for whom it lets in'), ('step', 'taking a step'), ('message', 'deciding on a message'), ('guests', 'telling guests who wait')], max_length=8)),
                ('error', models.CharField(help_text='Kind and words; the log has the rest.', max_length=300)),
                ('attempts', models.PositiveIntegerField(default=1)),
                ('first_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('last_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('next_at', models.DateTimeField(help_text='Not tried again before.')),
                ('enrolment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='faults', to='marketing.enrolment')),
                ('journey', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='faults', to='marketing.journey')),
            ],
            options={
                'verbose_name': 'fault of a journey',
                'verbose_name_plural': 'faults of journeys',
                'ordering': ['-last_at', '-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('enrolment__isnull', True)), fields=('journey', 'where'), name='journey_fault_once'), models.UniqueConstraint(condition=models.Q(('enrolment__isnull', False)), fields=('enrolment', 'where'), name='enrolment_fault_once')],
            },
        ),
        migrations.CreateModel(
            name='RefillRhythm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_at', models.DateTimeField(help_text='Her last purchase of it.')),
                ('runs_out_at', models.DateTimeField(help_text='Last purchase and her gap.')),
                ('read_until', models.DateTimeField(help_text='Orders up to then were read.')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='refill_rhythms', to='shop.customer')),
                ('variant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='refill_rhythms', to='shop.variant')),
            ],
            options={
                'verbose_name': 'refill rhythm',
                'verbose_name_plural': 'refill rhythms',
                'indexes': [models.Index(fields=['runs_out_at'], name='refill_runs_out'), models.Index(fields=['variant', 'read_until'], name='refill_read')],
                'constraints': [models.UniqueConstraint(fields=('customer', 'variant'), name='one_rhythm_per_sku')],
            },
        ),
    ]
