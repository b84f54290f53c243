"""What comes in, checked field by field; and what goes out, for the OpenAPI document."""

from __future__ import annotations

from rest_framework import serializers as s

from outbox.models import DeliveryState


class WebhookIn(s.Serializer):
    url = s.CharField(max_length=500)
    description = s.CharField(max_length=200, required=False, default="", allow_blank=True)
    kinds = s.ListField(
        child=s.CharField(max_length=60),
        required=False,
        default=list,
        max_length=100,
        help_text="None: every kind.",
    )


class WebhookOut(s.Serializer):
    id = s.IntegerField()
    url = s.CharField()
    description = s.CharField(allow_blank=True)
    kinds = s.ListField(child=s.CharField())
    is_active = s.BooleanField()
    off_reason = s.CharField(allow_blank=True)
    failing_since = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()


class NewWebhookOut(WebhookOut):
    secret = s.CharField(help_text="Shown in this answer only.")


class DeliveryFilter(s.Serializer):
    webhook = s.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    state = s.ChoiceField(DeliveryState.choices, required=False)
    kind = s.CharField(required=False, max_length=60)


class DeliveryOut(s.Serializer):
    id = s.IntegerField()
    webhook = s.IntegerField()
    event_id = s.UUIDField()
    kind = s.CharField()
    state = s.ChoiceField(DeliveryState.choices)
    attempt = s.IntegerField()
    next_attempt_at = s.DateTimeField(help_text="Of one that waits.")
    last_status = s.IntegerField(allow_null=True)
    last_error = s.CharField(allow_blank=True)
    created_at = s.DateTimeField()
    delivered_at = s.DateTimeField(allow_null=True)


class SentAgainOut(s.Serializer):
    sent_again = s.IntegerField(help_text="How many deliveries were put back in the queue.")


class TestOut(s.Serializer):
    delivery = s.IntegerField()
    event_id = s.UUIDField()
