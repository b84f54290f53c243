"""What comes in, checked field by field; and what goes out, for the OpenAPI document."""

from __future__ import annotations

from rest_framework import serializers as s

from support.models import Aspect, Intent, TicketState

MAX_BODY = 20_000


class ConversationIn(s.Serializer):
    body = s.CharField(max_length=MAX_BODY)
    subject = s.CharField(max_length=300, required=False, default="", allow_blank=True)
    customer = s.CharField(max_length=64, required=False, default="", allow_blank=True)
    email = s.EmailField(required=False, default="", allow_blank=True)


class MessageIn(s.Serializer):
    body = s.CharField(max_length=MAX_BODY)


class ConversationOut(s.Serializer):
    id = s.UUIDField()
    number = s.CharField()
    state = s.CharField()
    with_person = s.BooleanField()


class MessageOut(s.Serializer):
    id = s.IntegerField()
    kind = s.CharField()
    body = s.CharField()
    written_at = s.DateTimeField()


class TicketFilter(s.Serializer):
    state = s.ChoiceField(TicketState.choices, required=False)
    intent = s.ChoiceField(Intent.choices, required=False)
    customer = s.CharField(max_length=64, required=False)


class TicketOut(s.Serializer):
    number = s.CharField()
    subject = s.CharField()
    state = s.CharField()
    channel = s.CharField()
    customer = s.CharField(allow_null=True)
    order = s.CharField(allow_null=True)
    language = s.CharField()
    intent = s.CharField()
    intent_confidence = s.FloatField(allow_null=True)
    sentiment = s.FloatField(allow_null=True)
    urgency = s.IntegerField(allow_null=True)
    opened_at = s.DateTimeField()
    sla_due_at = s.DateTimeField(allow_null=True)
    first_response_at = s.DateTimeField(allow_null=True)


class CitationOut(s.Serializer):
    n = s.IntegerField()
    kind = s.CharField()
    ref = s.CharField()
    label = s.CharField()
    text = s.CharField()


class DraftOut(s.Serializer):
    id = s.IntegerField()
    body = s.CharField()
    language = s.CharField()
    citations = CitationOut(many=True)


class HandoffOut(s.Serializer):
    cause = s.CharField()
    created_at = s.DateTimeField()


class TicketDetailOut(TicketOut):
    messages = MessageOut(many=True)
    draft = DraftOut(allow_null=True)
    handoff = HandoffOut(allow_null=True)


class ReplyIn(s.Serializer):
    body = s.CharField(max_length=MAX_BODY)
    draft = s.IntegerField(
        required=False, allow_null=True, default=None, help_text="The draft this text came from."
    )


class RatingIn(s.Serializer):
    csat = s.IntegerField(min_value=1, max_value=5)


class ShareOut(s.Serializer):
    blame = s.IntegerField()
    opinions = s.IntegerField()
    share = s.FloatField(allow_null=True)
    low = s.FloatField(allow_null=True)
    high = s.FloatField(allow_null=True)


class MonthShareOut(ShareOut):
    month = s.DateField()


class AspectShareOut(ShareOut):
    aspect = s.ChoiceField(Aspect.choices)
    months = MonthShareOut(many=True)


class AspectSharesOut(s.Serializer):
    product = s.CharField(allow_null=True)
    least_opinions = s.IntegerField()
    aspects = AspectShareOut(many=True)


class AspectQuery(s.Serializer):
    product = s.CharField(max_length=64, required=False)


class MentionQuery(AspectQuery):
    aspect = s.ChoiceField(Aspect.choices, required=False)
    polarity = s.ChoiceField([-1, 0, 1], required=False)


class MentionOut(s.Serializer):
    aspect = s.ChoiceField(Aspect.choices)
    polarity = s.IntegerField()
    confidence = s.FloatField()
    product = s.CharField(allow_null=True)
    review = s.CharField(allow_null=True)
    ticket = s.CharField(allow_null=True)
    start = s.IntegerField()
    end = s.IntegerField()
    written_at = s.DateTimeField()


class ScoreQuery(s.Serializer):
    customer = s.CharField(max_length=64, required=False)
    most_score = s.FloatField(min_value=0, max_value=100, required=False)


class ConversationScoreOut(s.Serializer):
    ticket = s.CharField()
    customer = s.CharField(allow_null=True)
    score = s.FloatField()
    wait_hours = s.FloatField()
    causes = s.DictField(child=s.FloatField())
    csat = s.IntegerField(allow_null=True)
    model_run = s.IntegerField()
    opened_at = s.DateTimeField()
    scored_at = s.DateTimeField()


class CustomerScoreOut(s.Serializer):
    customer = s.CharField()
    score = s.FloatField()
    conversations = s.IntegerField()
    model_run = s.IntegerField()
    last_at = s.DateTimeField()
    scored_at = s.DateTimeField()
