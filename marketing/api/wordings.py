"""Rulings on wordings, for staff and their programs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView
from marketing.models import RulingState, WordingRuling
from marketing.services.content import wordings
from marketing.texts.wordings import MOST_SENTENCE

describe(
    "ruling",
    _("No ruling can be asked for or made like that."),
    _("Read the reason in `detail`."),
)
COPIED = ("id", "sentence", "language", "reason", "state", "asked_at", "decided_at")


class RulingFilter(s.Serializer):
    state = s.ChoiceField(RulingState.choices, required=False)
    language = s.ChoiceField(["en", "zh"], required=False)


class RulingIn(s.Serializer):
    sentence = s.CharField(
        # One more than is kept: what ends a sentence is sent with it.
        max_length=MOST_SENTENCE + 1, help_text="Exactly one, with its slots in place."
    )  # fmt: skip
    language = s.ChoiceField(["en", "zh"])
    reason = s.CharField(
        max_length=wordings.MOST_REASON,
        help_text="Why it states nothing that can be true or false.",
    )


class RulingDecisionIn(s.Serializer):
    to = s.ChoiceField([RulingState.APPROVED.value, RulingState.WITHDRAWN.value])


class RulingOut(s.Serializer):
    id = s.IntegerField()
    sentence = s.CharField()
    language = s.CharField()
    reason = s.CharField()
    state = s.ChoiceField(RulingState.choices)
    asked_by = s.CharField(allow_null=True)
    asked_at = s.DateTimeField()
    decided_by = s.CharField(allow_null=True)
    decided_at = s.DateTimeField(allow_null=True)


class Rulings(MerchantView):
    needs = {"GET": "marketing.view_wordingruling", "POST": "marketing.add_wordingruling"}
    needs_idempotency_key = ("POST",)

    @extend_schema(parameters=[RulingFilter], responses=RulingOut(many=True))
    def get(self, request: Request) -> Response:
        """Every ruling, newest first: what waits, what counts, what was withdrawn."""
        rows = _rulings().filter(**self.checked(RulingFilter, request.query_params))
        return self.page(rows, lambda page: [_row(one) for one in page])

    @extend_schema(request=RulingIn, responses={201: RulingOut})
    def post(self, request: Request) -> Response:
        """Ask for a ruling that a sentence states nothing that can be true or false.

        It clears nothing until it is approved, and then only what a classifier took the sentence to
        state. A sentence against which a list, a figure or a slot has something is refused here. One
        that waits or is approved already is answered as it stands.
        """
        wanted = self.checked(RulingIn, request.data)
        try:
            ruling = wordings.ask(**wanted, by=request.user)
        except wordings.WordingError as error:
            raise Problem("ruling", str(error)) from error
        return Response(_detail(ruling.pk), status=201)


class RulingDetail(MerchantView):
    needs = {"GET": "marketing.view_wordingruling"}

    @extend_schema(responses=RulingOut)
    def get(self, request: Request, pk: int) -> Response:
        """One ruling."""
        return Response(_detail(pk))


class RulingDecision(MerchantView):
    needs = {"POST": "marketing.decide_wordingruling"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=RulingDecisionIn, responses=RulingOut)
    def post(self, request: Request, pk: int) -> Response:
        """approved: whose key this is answers for it. withdrawn: live copy that says the sentence is
        judged without it and pulled in the same transaction; one that waits is declined. What is decided
        so already stays as it is."""
        wanted = self.checked(RulingDecisionIn, request.data)
        ruling = get_object_or_404(WordingRuling, pk=pk)
        if wanted["to"] == RulingState.WITHDRAWN:
            wordings.withdraw(ruling, request.user)
            return Response(_detail(pk))
        try:
            wordings.approve(ruling, request.user)
        except wordings.WordingError as error:
            raise Problem("ruling", str(error)) from error
        found = _detail(pk)
        if found["state"] == RulingState.WITHDRAWN:
            raise Problem("ruling", str(_("It is withdrawn: ask for another.")))
        return Response(found)


def _rulings() -> QuerySet[WordingRuling]:
    return WordingRuling.objects.select_related("asked_by", "decided_by")


def _row(one: WordingRuling) -> dict[str, Any]:
    return {name: getattr(one, name) for name in COPIED} | {
        "asked_by": one.asked_by.get_username() if one.asked_by else None,
        "decided_by": one.decided_by.get_username() if one.decided_by else None,
    }


def _detail(pk: int) -> dict[str, Any]:
    return _row(get_object_or_404(_rulings(), pk=pk))
