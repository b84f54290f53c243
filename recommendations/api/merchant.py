"""What staff and their programs read of placements."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView
from recommendations.api import merchant_shapes as shapes

describe(
    "report-not-counted",
    _("This takes too long to count while you wait, and nobody has asked for it yet."),
    _("POST the same days, then ask again; the last 7, 28 and 91 days are counted each night."),
)


class Report(MerchantView):
    needs = {
        "GET": "recommendations.view_recommendation",
        "POST": "recommendations.view_recommendation",
    }
    needs_idempotency_key = ("POST",)

    @extend_schema(parameters=[shapes.ReportAsk], responses=shapes.ReportOut)
    def get(self, request: Request) -> Response:
        """What each placement brought, beside the period before; money in minor units per 1,000.
        409 while a large shop's days were not counted."""
        from recommendations.services import reporting  # numeric libraries: not at start-up
        from recommendations.services.report_snapshots import counted_reports

        asked = self.checked(shapes.ReportAsk, request.query_params)
        try:
            counted = counted_reports(_period(asked))
        except reporting.PeriodError as error:
            raise ValidationError({"first": [str(error)]}) from error
        found = counted.reports
        if found is None:
            raise Problem("report-not-counted", _("POST the same days to have them counted."))
        wanted = asked.get("placement")
        rows = [_report(one) for one in found.placements if wanted in (None, one.placement)]
        return Response(
            {
                "first": found.period.first,
                "last": found.period.last,
                "as_of": counted.as_of,
                "is_refreshing": counted.is_refreshing,
                "attribution_days": reporting.ATTRIBUTION_DAYS,
                "open_until": found.open_until,
                "sample_rate": found.sample_rate,
                "ignored": found.ignored,
                "placements": rows,
            }
        )

    @extend_schema(request=shapes.DaysAsk, responses={202: shapes.ReportAskedOut})
    def post(self, request: Request) -> Response:
        """Have these days counted anew by a job."""
        from recommendations.services import reporting
        from recommendations.services.report_snapshots import ask_refresh

        try:
            period = _period(self.checked(shapes.DaysAsk, request.data))
        except reporting.PeriodError as error:
            raise ValidationError({"first": [str(error)]}) from error
        return Response({"is_asked": ask_refresh(period, request.user)}, status=202)


def _period(asked: dict[str, Any]) -> Any:
    """Raises PeriodError."""
    from recommendations.services import reporting

    usual = reporting.usual_period()
    return reporting.checked_period(asked.get("first", usual.first), asked.get("last", usual.last))


def _report(found: Any) -> dict[str, Any]:
    before = found.before.figures if found.before else {}
    return {
        "placement": found.placement,
        "counts": found.now.counts,
        "missing": [
            {"what": what, "found": have, "needed": need} for what, have, need in found.now.missing
        ],
        "without_cost": found.without_cost,
        "figures": [
            {
                "figure": name,
                **asdict(figure),
                "before": before[name].value if name in before else None,
                "change": asdict(found.changes[name]) if name in found.changes else None,
            }
            for name, figure in found.now.figures.items()
        ],
        "brands": [{"brand": name, **asdict(share)} for name, share in found.brands],
    }
