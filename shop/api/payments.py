"""The door for payment providers: open to all, and deaf to whoever does not sign."""

from __future__ import annotations

import logging
import time

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.problems import Problem, describe
from shop.api import order_serializers as order_shapes
from shop.api.problems import refusals_as_problems
from shop.payments import signatures
from shop.payments.registry import ADAPTERS, secrets_by_provider
from shop.services.orders import orders

MAX_BYTES = 256 * 1024
logger = logging.getLogger(__name__)

describe(
    "signature-refused",
    _("The message is not signed as it must be."),
    _("Sign the raw body and the current time with the secret of this provider."),
)
describe(
    "payment-unknown",
    _("Neither the order nor the payment is known here."),
    _("Send the message again later; name the order as docs/api.md says."),
)


class PaymentReports(APIView):
    """Takes no key: the signature is the proof. Reads nothing before it was checked."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []

    @extend_schema(request=OpenApiTypes.OBJECT, responses=order_shapes.PaymentReportOut)
    def post(self, request: Request, provider: str) -> Response:
        """A provider's signed message. The same event again changes nothing."""
        secrets = secrets_by_provider().get(provider)
        if provider not in ADAPTERS or not secrets:
            raise Http404
        adapter, body = ADAPTERS[provider], _body(request)
        try:
            signatures.check(adapter.signature_of(request.headers), body, secrets, time.time())
            report = adapter.read(body)
        except signatures.SignatureError as error:
            raise Problem("signature-refused", str(error), status=401) from error
        except signatures.MessageError as error:
            raise Problem("invalid", str(error), status=400) from error
        if report is None:
            return Response({"outcome": "ignored", "order": None, "state": None})
        return Response(_recorded(report))


def _recorded(report: orders.PaymentReport) -> dict[str, str]:
    try:
        with refusals_as_problems():
            event = orders.record_payment_event(report)
    except Problem as refusal:
        # Money moved and the books do not say so: whoever reads the log has to find out why.
        logger.error(
            "Payment event %s of %s refused: %s", report.event_id, report.provider, refusal.detail
        )
        raise
    order = event.payment.order
    order.refresh_from_db(fields=["state"])
    return {"outcome": "recorded", "order": order.number, "state": order.state}


def _body(request: Request) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_BYTES:
        raise Problem("body-too-large", f"At most {MAX_BYTES} bytes are read.", status=413)
    return request._request.body
