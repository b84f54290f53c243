"""The audience explorer for programs: segments in figures, and some beside each other."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from access.api.views import MerchantView
from marketing.api import explorer_shapes as shapes
from marketing.models import Segment
from marketing.pages import explorer as shown
from marketing.services.audiences import audience_figures, segment_comparisons


class SegmentFigures(MerchantView):
    needs = {"GET": "marketing.view_segment", "POST": "marketing.change_segment"}
    needs_idempotency_key = ("POST",)

    @extend_schema(responses=shapes.SegmentFiguresOut(many=True))
    def get(self, request: Request) -> Response:
        """Every segment, newest first, as it was counted last: size, who is reachable, value behind
        and ahead with intervals, who entered and left. What is not known says why."""
        return self.page(Segment.objects.all(), shown.figures_of)

    @extend_schema(request=shapes.FiguresIn, responses={202: shapes.CountsAskedOut})
    def post(self, request: Request) -> Response:
        """Have segments counted anew by jobs."""
        found = segments_of(self.checked(shapes.FiguresIn, request.data)["segments"])
        asked = sum(audience_figures.ask_refresh(one, request.user) for one in found)
        return Response({"asked": asked}, status=202)


class SegmentComparison(MerchantView):
    needs = {"GET": "marketing.view_segment", "POST": "marketing.change_segment"}
    needs_idempotency_key = ("POST",)

    @extend_schema(parameters=[shapes.ComparisonFilter], responses=shapes.SegmentComparisonOut)
    def get(self, request: Request) -> Response:
        """One to six segments: how many customers stand in each combination, who of their members of
        then ordered in each 28 days since, who entered and left. Larger shops are counted by jobs:
        where `is_counted` is false, POST."""
        wanted = self.checked(shapes.ComparisonFilter, request.query_params)
        found = segments_of(wanted["segments"])
        return Response(shown.comparison_of(found, wanted["weeks"], wanted["by"]))

    @extend_schema(request=shapes.ComparisonIn, responses={202: shapes.CountsAskedOut})
    def post(self, request: Request) -> Response:
        """Have the overlap and the retention of segments counted by jobs."""
        wanted = self.checked(shapes.ComparisonIn, request.data)
        found = segments_of(wanted["segments"])
        asked = segment_comparisons.ask_refresh(found, wanted["weeks"], request.user)
        return Response({"asked": asked}, status=202)


def segments_of(codes: list[str]) -> list[Segment]:
    """In the order of their codes. Raises ValidationError, which names those that are not there."""
    found = list(Segment.objects.filter(code__in=codes).order_by("code"))
    if missing := sorted(set(codes) - {one.code for one in found}):
        text = _("There is no segment %(codes)s.") % {"codes": ", ".join(missing)}
        raise ValidationError({"segments": [text]})
    return found
