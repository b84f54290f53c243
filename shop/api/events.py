"""Events in: from the shop's server, from customers' browsers, and who sits at a browser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import IO, Annotated, Any

import msgspec
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import BrowserView, StorefrontView
from shop.api import serializers as shapes
from shop.models import Customer, EventKind
from shop.services.events.events import (
    MAX_BATCH,
    EventsOutcome,
    NoClockError,
    Sender,
    record_events,
)
from shop.services.events.visitors import IDENTITY_LASTS, code_behind, identity_of, link_visitor

# Orders write purchases and the mailer its own events: a browser cannot claim them.
BROWSER_KINDS = [
    EventKind.VIEW,
    EventKind.SEARCH,
    EventKind.CART_ADD,
    EventKind.CART_REMOVE,
    EventKind.IMPRESSION,
    EventKind.CLICK,
    EventKind.EXPOSURE,
]


class SentBatch(msgspec.Struct):
    """The events stay raw until the service checks them one by one: a bad one spoils no other."""

    events: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]
    sent_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class BatchParser(BaseParser):
    """Bytes → SentBatch, without making every event a dictionary first."""

    media_type = "application/json"
    _decoder = msgspec.json.Decoder(SentBatch)

    def parse(self, stream: IO, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return self._decoder.decode(stream.read())
        except msgspec.ValidationError as error:
            raise _batch_error(str(error)) from error
        except (msgspec.DecodeError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON.")) from error


class TextBatchParser(BatchParser):
    media_type = "text/plain"


def _batch_error(said: str) -> ValidationError:
    if "sent_at" in said:
        return ValidationError(
            {"sent_at": [_("A time with its offset, e.g. 2026-03-02T09:00:00Z.")]}
        )
    return ValidationError({"events": [_("A list of 1 to %d events.") % MAX_BATCH]})


def _batch_of(request: Request) -> SentBatch:
    if not isinstance(request.data, SentBatch):  # an empty body is parsed by nobody
        raise _batch_error("")
    return request.data


def _answer(outcome: EventsOutcome) -> Response:
    return Response(
        {
            "accepted": outcome.accepted,
            "duplicates": outcome.duplicates,
            "bots": outcome.bots,
            "errors": [
                {"index": one.index, "field": one.field, "message": str(one.message)}
                for one in outcome.problems
            ],
        }
    )


def _record(events: Sequence[Any], sender: Sender) -> Response:
    try:
        return _answer(record_events(events, kinds=BROWSER_KINDS, sender=sender))
    except NoClockError as error:
        raise ValidationError({"sent_at": [_("Decades away from our clock.")]}) from error


class Events(StorefrontView):
    max_body_bytes = 2_000_000
    parser_classes = [BatchParser]

    @extend_schema(request=shapes.EventBatch, responses=shapes.EventsOut)
    def post(self, request: Request) -> Response:
        """Up to 1,000 events; each lands once, whatever is sent again. Bad ones are named.

        The server that calls is no visitor: whose browser it was stands in each event.
        """
        batch = _batch_of(request)
        return _record(batch.events, Sender(batch.sent_at))


class Collect(BrowserView):
    max_body_bytes = 256 * 1024
    parser_classes = [TextBatchParser, BatchParser]

    @extend_schema(request=shapes.EventBatch, responses=shapes.EventsOut)
    def post(self, request: Request) -> Response:
        """The same from a customer's browser, with a publishable key (docs/events.md).

        An event names no customer; it may carry the identity that the shop's server asked for.
        """
        batch = _batch_of(request)
        agent = request.headers.get("User-Agent", "")
        return _record(batch.events, Sender(batch.sent_at, agent, code_behind))


class Identities(StorefrontView):
    @extend_schema(request=shapes.IdentityIn, responses={201: shapes.IdentityOut})
    def post(self, request: Request) -> Response:
        """For a customer who has signed in: what the browser shows to be believed.

        With `visitor`, that browser is linked to the customer at once.
        """
        asked = self.checked(shapes.IdentityIn, request.data)
        customer = Customer.objects.filter(code=asked["customer"]).first()
        if customer is None:
            raise ValidationError({"customer": [_("There is none with this name.")]})
        if asked["visitor"]:
            link_visitor(asked["visitor"], customer)
        identity = {"customer": customer.code, "identity": identity_of(customer)}
        return Response(identity | {"expires_at": timezone.now() + IDENTITY_LASTS}, status=201)
