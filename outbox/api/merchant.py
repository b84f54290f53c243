"""Webhooks and deliveries for staff and their programs, by role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.idempotency import service_key
from access.api.problems import Problem, describe
from access.api.views import MerchantView
from outbox.api import serializers as shapes
from outbox.models import Delivery, DeliveryState, Endpoint
from outbox.services import deliveries, endpoints

ENDPOINT = (
    *("id", "url", "description", "kinds", "is_active"),
    *("off_reason", "failing_since", "created_at"),
)
DELIVERY = {
    "webhook": "endpoint_id",
    "event_id": "message_id",
    "kind": "message__kind",
    **{
        name: name
        for name in (
            *("id", "state", "attempt", "next_attempt_at"),
            *("last_status", "last_error", "created_at", "delivered_at"),
        )
    },
}
LOOKUPS = {"webhook": "endpoint", "state": "state", "kind": "message__kind"}

describe(
    "webhook-refused",
    _("The webhook cannot be used like that."),
    _("Read the reason in `detail`; docs/webhooks.md lists the kinds and what an address must be."),
)


class Webhooks(MerchantView):
    needs = {"GET": "outbox.view_endpoint", "POST": "outbox.add_endpoint"}
    needs_idempotency_key = ("POST",)

    @extend_schema(responses=shapes.WebhookOut(many=True))
    def get(self, request: Request) -> Response:
        """Webhooks, newest first. Secrets are never shown again."""
        return self.page(Endpoint.objects.values("pk", *ENDPOINT), _endpoints)

    @extend_schema(request=shapes.WebhookIn, responses={201: shapes.NewWebhookOut})
    def post(self, request: Request) -> Response:
        """A new webhook; its secret stands in this answer only."""
        said = self.checked(shapes.WebhookIn, request.data)
        with refusals_as_problems():
            issued = endpoints.add_endpoint(
                said["url"],
                kinds=said["kinds"],
                description=said["description"],
                key=service_key(request),
                by=request.user,
            )
        row = {name: getattr(issued.endpoint, name) for name in ENDPOINT}
        return Response(row | {"secret": issued.secret}, status=201)


class WebhookTests(MerchantView):
    needs = {"POST": "outbox.change_endpoint"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=None, responses={201: shapes.TestOut})
    def post(self, request: Request, pk: int) -> Response:
        """Send a test message to this webhook alone."""
        with refusals_as_problems():
            made = endpoints.send_test(endpoint_of(pk), key=service_key(request))
        return Response({"delivery": made.pk, "event_id": made.message_id}, status=201)


class WebhookReplays(MerchantView):
    needs = {"POST": "outbox.change_delivery"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=None, responses=shapes.SentAgainOut)
    def post(self, request: Request, pk: int) -> Response:
        """Send again everything that was given up on its way to this webhook."""
        dead = endpoint_of(pk).deliveries.filter(state=DeliveryState.DEAD)
        with refusals_as_problems():
            return Response({"sent_again": deliveries.send_again(dead)})


class Deliveries(MerchantView):
    needs = {"GET": "outbox.view_delivery"}

    @extend_schema(parameters=[shapes.DeliveryFilter], responses=shapes.DeliveryOut(many=True))
    def get(self, request: Request) -> Response:
        """Deliveries, newest first; `state=dead` lists what was given up."""
        chosen = self.checked(shapes.DeliveryFilter, request.query_params)
        wanted = {LOOKUPS[name]: value for name, value in chosen.items()}
        rows = Delivery.objects.filter(**wanted)
        return self.page(rows.values("pk", *DELIVERY.values()), _deliveries)


class DeliveryReplays(MerchantView):
    needs = {"POST": "outbox.change_delivery"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=None, responses=shapes.SentAgainOut)
    def post(self, request: Request, pk: int) -> Response:
        """Send one delivery again; one that waits already stays as it is."""
        chosen = Delivery.objects.filter(pk=pk)
        if not chosen.exists():
            raise Http404
        with refusals_as_problems():
            return Response({"sent_again": deliveries.send_again(chosen)})


@contextmanager
def refusals_as_problems() -> Iterator[None]:
    try:
        yield
    except endpoints.EndpointError as error:
        raise Problem("webhook-refused", error) from error


def endpoint_of(pk: int) -> Endpoint:
    found = Endpoint.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _endpoints(page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in ENDPOINT} for row in page]


def _deliveries(page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: row[path] for name, path in DELIVERY.items()} for row in page]
