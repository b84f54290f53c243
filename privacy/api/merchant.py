"""Erasures and what is held on a person, for staff and their programs."""

from __future__ import annotations

from typing import Any

from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView
from privacy.api import shapes
from privacy.models import Erasure
from privacy.pages import models_of
from privacy.services import erasures
from privacy.services.erasures import ErasureError
from privacy.services.held import archive_of
from privacy.services.previews import preview
from shop.models import Customer

describe(
    "erasure-refused",
    _("The person cannot be erased like that."),
    _("Read the reason in `detail`; an order under way is delivered or cancelled first."),
)
COLUMNS = ("id", "state", "ground", "asked_at", "decided_at", "finished_at")


class Erasures(MerchantView):
    needs = {"GET": "privacy.view_erasure", "POST": "privacy.add_erasure"}

    @extend_schema(parameters=[shapes.ErasureFilter], responses=shapes.ErasureOut(many=True))
    def get(self, request: Request) -> Response:
        """Erasures, newest first. They name nobody."""
        chosen = self.checked(shapes.ErasureFilter, request.query_params)
        return self.page(Erasure.objects.filter(**chosen).values("pk", *COLUMNS), _plain)

    @extend_schema(request=shapes.ErasureIn, responses={201: shapes.ErasureOut})
    def post(self, request: Request) -> Response:
        """Ask for an erasure. Nothing is removed until somebody with the right to decide approves.

        One that is open for this customer is given back.
        """
        said = self.checked(shapes.ErasureIn, request.data)
        customer = Customer.objects.filter(code=said["customer"]).first()
        if customer is None:
            raise ValidationError({"customer": [_("There is none with this name.")]})
        try:
            erasure = erasures.ask(customer, by=request.user, ground=said["ground"])
        except ErasureError as error:
            raise Problem("erasure-refused", error, status=409) from error
        return Response(_row(erasure), status=201)


class ErasureDetail(MerchantView):
    needs = {"GET": "privacy.view_erasure"}

    @extend_schema(responses=shapes.ErasureDetailOut)
    def get(self, request: Request, pk: int) -> Response:
        """One erasure: its steps and counts, what was searched, what was found, which models learn anew."""
        erasure = _erasure(pk)
        steps = erasure.steps.values("name", "began_at", "ended_at", "counts")
        return Response(
            _row(erasure)
            | {
                "pseudonym": erasure.pseudonym.code if erasure.pseudonym else None,
                "steps": list(steps),
                "searched": erasure.searched or None,
                "found": erasure.found,
                "models": models_of(erasure),
            }
        )


class ErasureDecision(MerchantView):
    needs = {"POST": "privacy.decide_erasure"}

    @extend_schema(request=shapes.ErasureDecisionIn, responses=shapes.ErasureOut)
    def post(self, request: Request, pk: int) -> Response:
        """Approve, which starts the work and cannot be undone, or refuse."""
        verb = (
            erasures.approve
            if self.checked(shapes.ErasureDecisionIn, request.data)["approve"]
            else erasures.refuse
        )
        try:
            return Response(_row(verb(_erasure(pk), by=request.user)))
        except ErasureError as error:
            raise Problem("erasure-refused", error, status=409) from error


class ErasurePreview(MerchantView):
    needs = {"GET": "privacy.view_erasure"}

    @extend_schema(responses=shapes.PreviewOut)
    def get(self, request: Request, code: str) -> Response:
        """What an erasure of this customer would remove, empty and keep, and what stands in its way."""
        seen = preview(_customer(code))
        return Response(
            {
                "lines": [
                    {name: _text(value) for name, value in line._asdict().items()}
                    for line in seen.lines
                ],
                "obstacles": [
                    {"order": one.order, "text": str(one.text)} for one in seen.obstacles
                ],
            }
        )


class PersonalData(MerchantView):
    needs = {"GET": "privacy.export_person"}

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, code: str) -> StreamingHttpResponse:
        """Everything held on this customer: a ZIP archive of JSON lines and CSV, streamed."""
        customer = _customer(code)
        answer = StreamingHttpResponse(
            archive_of(customer, at=timezone.now()), content_type="application/zip"
        )
        answer["Content-Disposition"] = f'attachment; filename="customer-{customer.pk}.zip"'
        return answer


def _customer(code: str) -> Customer:
    found = Customer.objects.filter(code=code, is_pseudonym=False).first()
    if found is None:
        raise Http404
    return found


def _erasure(pk: int) -> Erasure:
    found = (
        Erasure.objects.select_related("pseudonym").filter(pk=pk).first() if pk < 2**63 else None
    )
    if found is None:
        raise Http404
    return found


def _row(erasure: Erasure) -> dict[str, Any]:
    return {name: getattr(erasure, name) for name in COLUMNS}


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in COLUMNS} for row in rows]


def _text(value: Any) -> Any:
    return value if isinstance(value, int) else str(value)
