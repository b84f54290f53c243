"""What staff and their programs read of placements."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import MerchantView
from recommendations.api import merchant_shapes as shapes


class Report(MerchantView):
    needs = {"GET": "recommendations.view_recommendation"}

    @extend_schema(parameters=[shapes.ReportAsk], responses=shapes.ReportOut)
    def get(self, request: Request) -> Response:
        """What each placement brought, beside the period before; money in minor units per 1,000."""
        from recommendations.services import reporting  # numeric libraries: not at start-up

        asked = self.checked(shapes.ReportAsk, request.query_params)
        usual = reporting.usual_period()
        try:
            period = reporting.checked_period(
                asked.get("first", usual.first), asked.get("last", usual.last)
            )
            found = reporting.placement_reports(period)
        except reporting.PeriodError as error:
            raise ValidationError({"first": [str(error)]}) from error
        wanted = asked.get("placement")
        rows = [_report(one) for one in found.placements if wanted in (None, one.placement)]
        return Response(
            {
                "first": period.first,
                "last": period.last,
                "attribution_days": reporting.ATTRIBUTION_DAYS,
                "open_until": found.open_until,
                "ignored": found.ignored,
                "placements": rows,
            }
        )


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
