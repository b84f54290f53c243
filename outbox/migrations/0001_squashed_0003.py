"""0001 to 0003 in one step, for a new database. One that has taken some of them takes the rest singly."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import outbox.models
from access.create_models import CreateModels

TABLES = [
    migrations.CreateModel(
        name='Courier',
        fields=[
            ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
            ('token', models.CharField(blank=True, max_length=32)),
            ('lease_until', models.DateTimeField(blank=True, null=True)),
            ('seen_at', models.DateTimeField(blank=True, null=True)),
            ('sequence', models.BigIntegerField(default=0, help_text='The last number it gave.')),
        ],
        options={
            'verbose_name': 'courier',
            'verbose_name_plural': 'couriers',
        },
    ),
    migrations.CreateModel(
        name='Endpoint',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('url', models.URLField(max_length=500, verbose_name='address')),
            ('description', models.CharField(blank=True, max_length=200, verbose_name='description')),
            ('kinds', models.JSONField(blank=True, default=list, help_text='Empty: every kind.', verbose_name='kinds')),
            ('secret', models.CharField(default=outbox.models.new_secret, editable=False, max_length=100)),
            ('previous_secret', models.CharField(blank=True, editable=False, max_length=100)),
            ('previous_secret_until', models.DateTimeField(blank=True, editable=False, null=True)),
            ('is_active', models.BooleanField(default=True, verbose_name='active')),
            ('off_reason', models.CharField(blank=True, editable=False, max_length=300, verbose_name='why it is off')),
            ('off_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ('failing_since', models.DateTimeField(blank=True, editable=False, help_text='The first failure since a success.', null=True)),
            ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ('key', models.CharField(blank=True, editable=False, max_length=200, null=True, unique=True)),
        ],
        options={
            'verbose_name': 'webhook',
            'verbose_name_plural': 'webhooks',
            'ordering': ['id'],
        },
    ),
    migrations.CreateModel(
        name='Message',
        fields=[
            ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
            ('kind', models.CharField(max_length=60)),
            ('payload', models.JSONField(default=dict)),
            ('key', models.CharField(help_text='Same key, same message.', max_length=200, unique=True)),
            ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('sequence', models.BigIntegerField(help_text='Empty until the courier has seen it.', null=True, unique=True)),
        ],
        options={
            'verbose_name': 'message',
            'verbose_name_plural': 'messages',
            'ordering': ['-created_at', '-id'],
            'indexes': [models.Index(condition=models.Q(('sequence__isnull', True)), fields=['created_at'], name='message_unseen'), models.Index(fields=['created_at'], name='message_age')],
        },
    ),
    migrations.CreateModel(
        name='Delivery',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('state', models.CharField(choices=[('waiting', 'waiting'), ('delivered', 'delivered'), ('dead', 'given up')], default='waiting', max_length=9)),
            ('attempt', models.PositiveIntegerField(default=0, verbose_name='attempts')),
            ('next_attempt_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='next attempt')),
            ('lease_token', models.CharField(blank=True, help_text='Fences a lost courier.', max_length=32)),
            ('lease_until', models.DateTimeField(blank=True, null=True)),
            ('last_status', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='last answer')),
            ('last_error', models.CharField(blank=True, max_length=500, verbose_name='last error')),
            ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('delivered_at', models.DateTimeField(blank=True, null=True, verbose_name='delivered')),
            ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='outbox.endpoint')),
            ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='outbox.message')),
        ],
        options={
            'verbose_name': 'delivery',
            'verbose_name_plural': 'deliveries',
            'ordering': ['-id'],
            'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['endpoint', 'next_attempt_at'], name='delivery_due'), models.Index(fields=['endpoint', 'state'], name='delivery_of_endpoint'), models.Index(fields=['state', 'created_at'], name='delivery_age')],
            'constraints': [models.UniqueConstraint(fields=('message', 'endpoint'), name='one_delivery_per_endpoint')],
        },
    ),
]


class Migration(migrations.Migration):
    replaces = [
        ('outbox', '0001_messages_endpoints_deliveries'),
        ('outbox', '0002_courier_counts'),
        ('outbox', '0003_endpoint_key'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(TABLES),
    ]
