"""0001 to 0003 in one step, for a new database. One that has taken some of them takes the rest singly."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from access.create_models import CreateModels

TABLES = [
    migrations.CreateModel(
        name='ApiKey',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('name', models.CharField(max_length=100)),
            ('prefix', models.CharField(max_length=12, unique=True)),
            ('secret_sha256', models.CharField(max_length=64, unique=True)),
            ('rate_per_minute', models.PositiveIntegerField(default=600)),
            ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('expires_at', models.DateTimeField(blank=True, null=True)),
            ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ('last_used_at', models.DateTimeField(blank=True, null=True)),
            ('user', models.ForeignKey(blank=True, help_text="Whose role it has in the merchant API; empty: a storefront's key.", null=True, on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to=settings.AUTH_USER_MODEL)),
            ('is_publishable', models.BooleanField(default=False, help_text="For the collector in customers' browsers: it may only send events.")),
        ],
        options={
            'verbose_name': 'API key',
            'verbose_name_plural': 'API keys',
            'ordering': ['-created_at'],
            'constraints': [models.CheckConstraint(condition=models.Q(('is_publishable', False), ('user__isnull', True), _connector='OR'), name='publishable_key_acts_for_nobody', violation_error_message='A key that everybody can read acts for nobody.')],
        },
    ),
    migrations.CreateModel(
        name='IdempotentAnswer',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('scope', models.CharField(help_text='Who asked: key prefix or user.', max_length=80)),
            ('key', models.CharField(max_length=200)),
            ('request_sha256', models.CharField(max_length=64)),
            ('status', models.PositiveSmallIntegerField(help_text='Empty while it is worked on.', null=True)),
            ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('body', models.TextField(blank=True)),
            ('content_type', models.CharField(blank=True, max_length=100)),
        ],
        options={
            'verbose_name': 'idempotent answer',
            'verbose_name_plural': 'idempotent answers',
            'ordering': ['-created_at'],
            'indexes': [models.Index(fields=['created_at'], name='answer_age')],
            'constraints': [models.UniqueConstraint(fields=('scope', 'key'), name='one_answer_per_key')],
        },
    ),
]


class Migration(migrations.Migration):
    replaces = [
        ('access', '0001_first'),
        ('access', '0002_merchant_keys_and_byte_equal_answers'),
        ('access', '0003_publishable_keys'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(TABLES),
    ]
