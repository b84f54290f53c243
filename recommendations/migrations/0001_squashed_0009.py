"""0001 to 0009 in one step, for a new database. One that has taken some of them takes the rest singly."""

from importlib import import_module

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from access.create_models import CreateModels

RECEIPTS = import_module("recommendations.migrations.0007_receipts_are_written_once")

TABLES = [
    migrations.CreateModel(
        name='BuyAgain',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('again_days', models.PositiveIntegerField(blank=True, help_text='Days after which it is offered again; 0: at once; empty: never.', null=True)),
            ('changed_at', models.DateTimeField(auto_now=True)),
            ('category', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.category')),
            ('changed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ('product', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.product')),
        ],
        options={
            'verbose_name': 'offer again',
            'verbose_name_plural': 'offer again',
            'ordering': ['pk'],
            'constraints': [models.CheckConstraint(condition=models.Q(('product__isnull', False), ('category__isnull', False), _connector='XOR'), name='buy_again_is_about_one_thing')],
        },
    ),
    migrations.CreateModel(
        name='ListPublication',
        fields=[
            ('run', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='decisions.modelrun')),
            ('data_until', models.DateTimeField(help_text='Nothing at or after it was read.')),
            ('read_at', models.DateTimeField(help_text='When the reading began, by our clock.')),
            ('hide_bought_days', models.PositiveIntegerField(blank=True, help_text='How long what was bought was left out, where nothing is learnt or said of a product; empty: for ever.', null=True)),
        ],
        options={
            'verbose_name': 'publication of lists',
            'verbose_name_plural': 'publications of lists',
            'default_permissions': ['view'],
        },
    ),
    migrations.CreateModel(
        name='ListWriter',
        fields=[
            ('name', models.CharField(max_length=20, primary_key=True, serialize=False)),
            ('token', models.CharField(blank=True, max_length=32)),
            ('began_at', models.DateTimeField(default=django.utils.timezone.now)),
        ],
        options={
            'verbose_name': 'writer of lists',
            'verbose_name_plural': 'writers of lists',
            'default_permissions': ['view'],
        },
    ),
    migrations.CreateModel(
        name='Placement',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('code', models.SlugField(max_length=40, unique=True)),
            ('sources', models.JSONField(blank=True, default=list, help_text='In order, the fallbacks last; empty: the usual.')),
            ('diversity_rate', models.FloatField(default=0.0, help_text='0: by score alone; 1: as unlike as can be.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)])),
            ('exploration_rate', models.FloatField(default=0.0, help_text='Share of answers that try something else.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)])),
            ('margin_rate', models.FloatField(default=0.0, help_text='How much of the score is money earned.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)])),
            ('hide_bought_days', models.PositiveIntegerField(blank=True, help_text='How long what was bought is not offered; empty: ever.', null=True)),
            ('changed_at', models.DateTimeField(auto_now=True)),
            ('changed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ('stock_rate', models.FloatField(default=0.0, help_text='How far too much stock lifts a product, and what soon runs out sinks.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)])),
        ],
        options={
            'verbose_name': 'placement',
            'verbose_name_plural': 'placements',
            'ordering': ['pk'],
            'default_permissions': ['view', 'change'],
        },
    ),
    migrations.CreateModel(
        name='PublishedList',
        fields=[
            ('customer', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='shop.customer')),
            ('products', models.JSONField(help_text='Product keys, best first.')),
            ('published_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='decisions.modelrun')),
            ('because', models.JSONField(blank=True, help_text='For each product the one that speaks most for it: below zero where it was only looked at, 0 where none does.', null=True)),
        ],
        options={
            'verbose_name': 'published list',
            'verbose_name_plural': 'published lists',
            'default_permissions': ['view'],
        },
    ),
    migrations.CreateModel(
        name='Recommendation',
        fields=[
        ],
        options={
            'verbose_name': 'recommendation',
            'verbose_name_plural': 'recommendations',
            'proxy': True,
            'default_permissions': ['view'],
        },
        bases=('decisions.decision',),
    ),
    migrations.CreateModel(
        name='RecommenderRun',
        fields=[
        ],
        options={
            'verbose_name': 'recommender scorecard',
            'verbose_name_plural': 'recommender scorecards',
            'proxy': True,
            'default_permissions': ['view'],
        },
        bases=('decisions.modelrun',),
    ),
    migrations.CreateModel(
        name='RepeatPurchase',
        fields=[
            ('product', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='shop.product')),
            ('buyers', models.PositiveIntegerField(help_text='Customers who bought it.')),
            ('came_back', models.PositiveIntegerField(help_text='Of them, those who bought it again on a later day.')),
            ('again_days', models.PositiveIntegerField(help_text='Days after which it is offered again: a quarter of the returns had happened.')),
            ('by_category', models.BooleanField(default=False, help_text='Learnt from its category: it has too few buyers of its own.')),
            ('learnt_at', models.DateTimeField(default=django.utils.timezone.now)),
        ],
        options={
            'verbose_name': 'repeat purchase',
            'verbose_name_plural': 'repeat purchases',
            'ordering': ['-buyers', 'pk'],
            'default_permissions': ['view'],
        },
    ),
    migrations.CreateModel(
        name='Rule',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('name', models.CharField(max_length=120)),
            ('action', models.CharField(choices=[('pin', 'pin to a position'), ('boost', 'boost'), ('bury', 'bury'), ('only', 'offer only'), ('never', 'never offer')], max_length=8)),
            ('skus', models.JSONField(blank=True, default=list, help_text='SKUs; one of them must fit.')),
            ('attribute_value', models.CharField(blank=True, max_length=120)),
            ('price_from_minor', models.BigIntegerField(blank=True, null=True)),
            ('price_to_minor', models.BigIntegerField(blank=True, null=True)),
            ('position', models.PositiveSmallIntegerField(blank=True, help_text='Of a pin: 1 is the first.', null=True)),
            ('factor', models.FloatField(blank=True, help_text='Of boost and bury: what the score is multiplied by.', null=True, validators=[django.core.validators.MinValueValidator(0.0)])),
            ('starts_at', models.DateTimeField(blank=True, null=True)),
            ('ends_at', models.DateTimeField(blank=True, null=True)),
            ('is_on', models.BooleanField(default=True)),
            ('note', models.CharField(blank=True, max_length=500)),
            ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ('attribute', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.attribute')),
            ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ('brand', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.brand')),
            ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.category')),
            ('placement', models.ForeignKey(blank=True, help_text='Empty: every placement.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='recommendations.placement')),
            ('page_category', models.ForeignKey(blank=True, help_text='Only on pages of products in this category, or below it.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.category')),
            ('price_than', models.CharField(blank=True, choices=[('cheaper', 'cheaper than it'), ('dearer', 'dearer than it')], help_text="Cheaper or dearer than the page's product.", max_length=8)),
            ('same_attribute', models.BooleanField(default=False, help_text="With the same value of the attribute as the page's product.")),
            ('same_brand', models.BooleanField(default=False, help_text="Of the brand of the page's product.")),
            ('same_category', models.BooleanField(default=False, help_text="In the category of the page's product.")),
        ],
        options={
            'verbose_name': 'rule',
            'verbose_name_plural': 'rules',
            'ordering': ['pk'],
            'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('action', 'pin'), _negated=True), ('position__gte', 1), _connector='OR'), name='rule_pin_has_a_position'), models.CheckConstraint(condition=models.Q(('starts_at__isnull', True), ('ends_at__isnull', True), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='rule_ends_after_it_starts')],
        },
    ),
]


class Migration(migrations.Migration):
    replaces = [
        ('recommendations', '0001_show_receipts_and_scorecards'),
        ('recommendations', '0002_placements_rules_and_published_lists'),
        ('recommendations', '0003_say_that_lists_are_written'),
        ('recommendations', '0004_say_why_in_the_lists'),
        ('recommendations', '0005_what_is_bought_again'),
        ('recommendations', '0006_rules_about_the_page'),
        ('recommendations', '0007_receipts_are_written_once'),
        ('recommendations', '0008_one_writer_of_lists'),
        ('recommendations', '0009_stock_as_a_knob'),
    ]

    initial = True

    dependencies = [
        ('decisions', '0001_squashed_0009'),
        ('shop', '0001_squashed_0024'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(TABLES),
        migrations.RunPython(RECEIPTS.forbid, RECEIPTS.allow),
    ]
