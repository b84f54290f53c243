"""This app's addresses below /api/merchant/v1/."""

from django.urls import path

from outbox.api import merchant as m

merchant = [
    path("webhooks/", m.Webhooks.as_view(), name="webhooks"),
    path("webhooks/<int:pk>/tests/", m.WebhookTests.as_view(), name="webhook-tests"),
    path("webhooks/<int:pk>/replays/", m.WebhookReplays.as_view(), name="webhook-replays"),
    path("deliveries/", m.Deliveries.as_view(), name="deliveries"),
    path("deliveries/<int:pk>/replays/", m.DeliveryReplays.as_view(), name="delivery-replays"),
]
