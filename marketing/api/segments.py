"""Segments for staff and their programs: read, made, changed, deleted, and any rule counted now."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from access.api.problems import Problem, describe
from access.api.views import MerchantView
from marketing.api import segment_shapes as shapes
from marketing.definitions.rule_text import parse, to_text
from marketing.definitions.rules import RuleError, sentences
from marketing.models import Channel, Segment
from marketing.services.audiences import segment_edits
from marketing.services.audiences.counting import LiveCount, TookTooLongError, live_count

describe(
    "segment",
    _("The segment cannot be made, changed, deleted or counted like that."),
    _("Read the reason in `detail`."),
)
COLUMNS = (
    "code", "name", "name_zh", "description", "description_zh", "rule", "is_builtin", "is_tracked",
    "last_count", "counted_at",
)  # fmt: skip


class Segments(MerchantView):
    needs = {"GET": "marketing.view_segment", "POST": "marketing.add_segment"}
    needs_idempotency_key = ("POST",)

    @extend_schema(responses=shapes.SegmentOut(many=True))
    def get(self, request: Request) -> Response:
        """Segments, newest first; `last_count` is of the last night."""
        return self.page(Segment.objects.all(), lambda page: [_row(one) for one in page])

    @extend_schema(request=shapes.SegmentIn, responses={201: shapes.SegmentOut})
    def post(self, request: Request) -> Response:
        """Make one, of a `rule` or of its `text`. 409 where another segment has the code."""
        said = _said(self.checked(shapes.SegmentIn, request.data))
        try:
            made = segment_edits.create_segment(said.pop("code"), said)
        except segment_edits.SegmentError as error:
            raise Problem("segment", str(error)) from error
        return Response(_row(made), status=201)


class SegmentDetail(MerchantView):
    needs = {
        "GET": "marketing.view_segment",
        "PATCH": "marketing.change_segment",
        "DELETE": "marketing.delete_segment",
    }

    @extend_schema(responses=shapes.SegmentDetailOut)
    def get(self, request: Request, code: str) -> Response:
        """One segment, counted now, with the codes of ten of its customers. Where counting takes
        longer than anybody should wait, the counts are null and `reason` says so."""
        segment = get_object_or_404(Segment, code=code)
        try:
            counts = _counts(live_count(segment.rule)) | {"reason": ""}
        except TookTooLongError as error:
            counts = {**dict.fromkeys(("customer_count", "reachable_count")), "sample": [], "reason": str(error)}  # fmt: skip
        return Response(_row(segment) | {"sentences": sentences(segment.rule)} | counts)

    @extend_schema(request=shapes.SegmentChangesIn, responses=shapes.SegmentOut)
    def patch(self, request: Request, code: str) -> Response:
        """Change what is named, the rest stays. 409 for the rule of a built-in segment. A changed
        rule starts the members of a tracked segment anew."""
        segment = get_object_or_404(Segment, code=code)
        said = _said(self.checked(shapes.SegmentChangesIn, request.data))
        try:
            return Response(_row(segment_edits.change_segment(segment, said)))
        except segment_edits.SegmentError as error:
            raise Problem("segment", str(error)) from error

    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        """409 where it is built in, or a campaign or a frozen list was made of it."""
        try:
            segment_edits.delete_segment(get_object_or_404(Segment, code=code))
        except segment_edits.SegmentError as error:
            raise Problem("segment", str(error)) from error
        return Response(status=204)


class SegmentCounts(MerchantView):
    needs = {"POST": "marketing.view_segment"}

    @extend_schema(request=shapes.SegmentRuleIn, responses=shapes.RuleCountOut)
    def post(self, request: Request) -> Response:
        """Count a rule that is no segment yet: how many, how many reachable per channel, ten of their
        codes. Nothing is kept. 409 where counting takes longer than MARKETING_COUNT_SECONDS."""
        rule = _said(self.checked(shapes.SegmentRuleIn, request.data))["rule"]
        try:
            found = live_count(rule, tuple(Channel.values))
        except TookTooLongError as error:
            raise Problem("segment", str(error)) from error
        counts = _counts(found)
        counts.pop("reachable_count")
        reachable = [{"channel": name, "customers": n} for name, n in found.reachable.items()]
        return Response(
            {
                "rule": rule,
                "text": to_text(rule),
                "sentences": sentences(rule),
                "reachable": reachable,
            }
            | counts
        )


def _said(wanted: dict[str, Any]) -> dict[str, Any]:
    """With the rule that its text says."""
    if "text" not in wanted:
        return wanted
    try:
        rule = parse(wanted.pop("text"))
    except RuleError as error:
        raise ValidationError({"text": [str(error)]}) from error
    return wanted | {"rule": rule}


def _counts(found: LiveCount) -> dict[str, Any]:
    return {
        "customer_count": found.customers,
        "reachable_count": found.reachable[Channel.EMAIL.value],
        "sample": [one.code for one in found.sample],
    }


def _row(segment: Segment) -> dict[str, Any]:
    return {name: getattr(segment, name) for name in COLUMNS}
