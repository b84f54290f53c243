"""0001 to 0002 in one step, for a new database. One that has taken some of them takes the rest singly."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from access.create_models import CreateModels

TABLES = [
    migrations.CreateModel(
        name='CustomerExperience',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('score', models.FloatField(help_text='0 to 100.')),
            ('conversations', models.PositiveIntegerField()),
            ('last_at', models.DateTimeField(help_text='When the newest conversation was opened.')),
            ('scored_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('customer', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='experience', to='shop.customer')),
            ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='decisions.modelrun')),
        ],
        options={
            'verbose_name': "customer's experience",
            'verbose_name_plural': "customers' experience",
            'ordering': ['score', 'pk'],
            'indexes': [models.Index(fields=['score'], name='customer_score')],
            'constraints': [models.CheckConstraint(condition=models.Q(('score__gte', 0), ('score__lte', 100)), name='customer_score_range')],
        },
    ),
    migrations.CreateModel(
        name='KnowledgeArticle',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('code', models.CharField(max_length=64, unique=True)),
            ('title', models.CharField(max_length=200)),
            ('body', models.TextField(blank=True)),
            ('title_zh', models.CharField(blank=True, max_length=200)),
            ('body_zh', models.TextField(blank=True)),
            ('intent', models.CharField(blank=True, choices=[('where_is_my_order', 'where is my order'), ('return_refund', 'return or refund'), ('damaged', 'damaged or wrong'), ('cancel', 'cancel the order'), ('change_address', 'change the address'), ('product_question', 'question about a product'), ('restock', 'back in stock'), ('invoice', 'invoice'), ('payment', 'payment'), ('complaint', 'complaint'), ('praise', 'praise'), ('other', 'something else')], help_text='Answers this kind of question only; empty: any.', max_length=40)),
            ('is_published', models.BooleanField(default=True)),
            ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('updated_at', models.DateTimeField(auto_now=True)),
        ],
        options={
            'verbose_name': 'knowledge article',
            'verbose_name_plural': 'knowledge articles',
            'ordering': ['code'],
            'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('body', ''), _negated=True), models.Q(('body_zh', ''), _negated=True), _connector='OR'), name='article_has_a_body')],
        },
    ),
    migrations.CreateModel(
        name='Ticket',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('number', models.CharField(max_length=64, unique=True)),
            ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, help_text='What a storefront sees.', unique=True)),
            ('idempotency_key', models.CharField(blank=True, max_length=200, null=True, unique=True)),
            ('email', models.EmailField(blank=True, help_text='Where to answer a person without account.', max_length=254)),
            ('subject', models.CharField(blank=True, max_length=300)),
            ('channel', models.CharField(choices=[('email', 'e-mail'), ('chat', 'chat'), ('web', 'contact form'), ('phone', 'telephone')], default='email', max_length=8)),
            ('state', models.CharField(choices=[('open', 'open'), ('pending', 'waiting for the customer'), ('solved', 'solved'), ('closed', 'closed')], default='open', max_length=8)),
            ('language', models.CharField(blank=True, help_text='en, zh or other.', max_length=8)),
            ('intent', models.CharField(blank=True, choices=[('where_is_my_order', 'where is my order'), ('return_refund', 'return or refund'), ('damaged', 'damaged or wrong'), ('cancel', 'cancel the order'), ('change_address', 'change the address'), ('product_question', 'question about a product'), ('restock', 'back in stock'), ('invoice', 'invoice'), ('payment', 'payment'), ('complaint', 'complaint'), ('praise', 'praise'), ('other', 'something else')], max_length=40)),
            ('intent_confidence', models.FloatField(blank=True, help_text='0 to 1.', null=True)),
            ('intent_source', models.CharField(blank=True, choices=[('model', 'model'), ('agent', 'agent'), ('import', 'import')], max_length=8)),
            ('sentiment', models.FloatField(blank=True, help_text='−1 to 1.', null=True)),
            ('urgency', models.PositiveSmallIntegerField(blank=True, choices=[(1, 'low'), (2, 'normal'), (3, 'high'), (4, 'urgent')], null=True)),
            ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('triaged_at', models.DateTimeField(blank=True, null=True)),
            ('first_response_at', models.DateTimeField(blank=True, null=True)),
            ('sla_due_at', models.DateTimeField(blank=True, null=True)),
            ('solved_at', models.DateTimeField(blank=True, null=True)),
            ('assigned_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tickets', to=settings.AUTH_USER_MODEL)),
            ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tickets', to='shop.customer')),
            ('model_run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='decisions.modelrun')),
            ('order', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tickets', to='shop.order')),
            ('csat', models.PositiveSmallIntegerField(blank=True, help_text='What the customer said of it, 1 (bad) to 5 (good).', null=True)),
            ('csat_at', models.DateTimeField(blank=True, null=True)),
        ],
        options={
            'verbose_name': 'ticket',
            'verbose_name_plural': 'tickets',
            'ordering': ['-opened_at', '-id'],
            'indexes': [models.Index(condition=models.Q(('state__in', ['open', 'pending'])), fields=['sla_due_at'], name='ticket_inbox'), models.Index(condition=models.Q(('triaged_at__isnull', True)), fields=['opened_at'], name='ticket_untriaged'), models.Index(fields=['customer', '-opened_at'], name='ticket_customer'), models.Index(fields=['-opened_at', '-id'], name='ticket_newest')],
            'constraints': [models.CheckConstraint(condition=models.Q(('sentiment__isnull', True), models.Q(('sentiment__gte', -1), ('sentiment__lte', 1)), _connector='OR'), name='ticket_sentiment_range'), models.CheckConstraint(condition=models.Q(('intent_confidence__isnull', True), models.Q(('intent_confidence__gte', 0), ('intent_confidence__lte', 1)), _connector='OR'), name='ticket_confidence_range'), models.CheckConstraint(condition=models.Q(('csat__isnull', True), models.Q(('csat__gte', 1), ('csat__lte', 5)), _connector='OR'), name='ticket_csat_range')],
        },
    ),
    migrations.CreateModel(
        name='ConversationScore',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('score', models.FloatField(help_text='0 to 100.')),
            ('wait_hours', models.FloatField(help_text='To the first answer, or so far.')),
            ('causes', models.JSONField(default=dict, help_text='What pulled it down, in log odds against the usual; worst first.')),
            ('opened_at', models.DateTimeField()),
            ('scored_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='decisions.modelrun')),
            ('ticket', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='experience', to='support.ticket')),
        ],
        options={
            'verbose_name': 'experience score',
            'verbose_name_plural': 'experience scores',
            'ordering': ['-opened_at', '-pk'],
            'indexes': [models.Index(fields=['opened_at', 'score'], name='score_month')],
            'constraints': [models.CheckConstraint(condition=models.Q(('score__gte', 0), ('score__lte', 100)), name='score_range')],
        },
    ),
    migrations.CreateModel(
        name='Handoff',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('key', models.CharField(help_text='Same key, same hand-off.', max_length=200, unique=True)),
            ('cause', models.CharField(choices=[('no_record', 'no record answers it'), ('unsure', 'the question is not clear'), ('angry', 'the customer is upset'), ('asked_for_person', 'the customer asked for a person'), ('language', 'a language we do not draft in'), ('risk', 'safety or law'), ('agent', 'an agent passed it on')], max_length=20)),
            ('summary', models.JSONField(help_text='msgid and params.')),
            ('to_role', models.CharField(default='support agent', max_length=40)),
            ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('resolved_at', models.DateTimeField(blank=True, null=True)),
            ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ('to_user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='handoffs', to='support.ticket')),
        ],
        options={
            'verbose_name': 'hand-off',
            'verbose_name_plural': 'hand-offs',
            'ordering': ['-created_at'],
            'indexes': [models.Index(condition=models.Q(('resolved_at__isnull', True)), fields=['ticket'], name='handoff_open')],
        },
    ),
    migrations.CreateModel(
        name='Message',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('key', models.CharField(help_text='Same key, same message.', max_length=200, unique=True)),
            ('kind', models.CharField(choices=[('inbound', 'from the customer'), ('outbound', 'to the customer'), ('note', 'internal note')], max_length=8)),
            ('body', models.TextField()),
            ('written_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('emailed_at', models.DateTimeField(blank=True, help_text='Handed to the mailer.', null=True)),
            ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='support.ticket')),
        ],
        options={
            'verbose_name': 'message',
            'verbose_name_plural': 'messages',
            'ordering': ['written_at', 'id'],
            'indexes': [models.Index(fields=['ticket', 'written_at'], name='message_conversation')],
        },
    ),
    migrations.CreateModel(
        name='Draft',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('language', models.CharField(max_length=8)),
            ('body', models.TextField(help_text='As composed, with citation marks like [1].')),
            ('citations', models.JSONField(default=list, help_text='One row per mark: n, kind, ref, label, text.')),
            ('state', models.CharField(choices=[('open', 'waiting'), ('sent', 'sent'), ('discarded', 'discarded'), ('superseded', 'superseded')], default='open', max_length=12)),
            ('edited_body', models.TextField(blank=True, help_text='What the agent made of it.')),
            ('kept_rate', models.FloatField(blank=True, help_text='Share of the draft that was sent, 0 to 1.', null=True)),
            ('diff', models.JSONField(blank=True, default=list)),
            ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('closed_at', models.DateTimeField(blank=True, null=True)),
            ('decision', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='draft', to='decisions.decision')),
            ('answers', models.OneToOneField(help_text="The customer's message; one draft for each.", on_delete=django.db.models.deletion.CASCADE, related_name='draft', to='support.message')),
            ('reply', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sent_of', to='support.message')),
            ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='support.ticket')),
        ],
        options={
            'verbose_name': 'draft',
            'verbose_name_plural': 'drafts',
            'ordering': ['-created_at'],
            'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('ticket',), name='one_open_draft_per_ticket')],
        },
    ),
    migrations.CreateModel(
        name='TextReading',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('version', models.CharField(help_text='Of the reader: a newer one reads anew.', max_length=16)),
            ('read_at', models.DateTimeField(default=django.utils.timezone.now)),
            ('message', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='reading', to='support.message')),
            ('review', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='reading', to='shop.review')),
        ],
        options={
            'verbose_name': 'reading',
            'verbose_name_plural': 'readings',
            'ordering': ['-pk'],
            'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('message__isnull', False), ('review__isnull', True)), models.Q(('message__isnull', True), ('review__isnull', False)), _connector='OR'), name='reading_of_one_text')],
        },
    ),
    migrations.CreateModel(
        name='AspectMention',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('aspect', models.CharField(choices=[('quality', 'product quality'), ('fit', 'fit and size'), ('delivery', 'delivery'), ('packaging', 'packaging'), ('price', 'price and value'), ('service', 'service'), ('returns', 'returns and refund'), ('description', 'true to its description')], max_length=12)),
            ('polarity', models.SmallIntegerField(choices=[(-1, 'blame'), (0, 'no opinion'), (1, 'praise')])),
            ('confidence', models.FloatField(help_text='0 to 1, calibrated.')),
            ('start', models.PositiveIntegerField(help_text='Of the clause, in characters.')),
            ('end', models.PositiveIntegerField()),
            ('written_at', models.DateTimeField(help_text='When the customer wrote it.')),
            ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.product')),
            ('reading', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='support.textreading')),
        ],
        options={
            'verbose_name': 'mention of an aspect',
            'verbose_name_plural': 'mentions of aspects',
            'ordering': ['-written_at', '-pk'],
            'indexes': [models.Index(fields=['written_at', 'aspect', 'polarity'], name='mention_month'), models.Index(fields=['product', 'written_at'], name='mention_product')],
            'constraints': [models.UniqueConstraint(fields=('reading', 'aspect', 'polarity'), name='mention_once_in_a_text'), models.CheckConstraint(condition=models.Q(('confidence__gte', 0), ('confidence__lte', 1)), name='mention_confidence_range')],
        },
    ),
]


class Migration(migrations.Migration):
    replaces = [
        ('support', '0001_first'),
        ('support', '0002_experience'),
    ]

    initial = True

    dependencies = [
        ('decisions', '0001_squashed_0009'),
        ('shop', '0001_squashed_0024'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(TABLES),
    ]
