"""The log of the text endpoint: what was asked, answered and spent. Nobody edits it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.figures import figure
from access.read_only import ReadOnly
from language.models import CallOutcome, TextCall
from language.services import calls

COLOURS = {CallOutcome.RUNNING: "info", CallOutcome.ANSWERED: "success"} | {
    outcome: "danger"
    for outcome in CallOutcome
    if outcome not in (CallOutcome.RUNNING, CallOutcome.ANSWERED, CallOutcome.STOPPED)
}


@admin.register(TextCall)
class TextCallAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "started_at", "purpose", "model", "outcome_label", "tokens", "cost", "seconds",
    ]  # fmt: skip
    list_filter = ["outcome"]
    search_fields = ["purpose"]
    date_hierarchy = "started_at"
    list_per_page = 50
    show_full_result_count = False
    list_before_template = "language/spend.html"
    fields = [
        "purpose", "model", "outcome", "detail", "prompt", "answer", "tokens", "cost", "seconds",
        "started_at", "finished_at",
    ]  # fmt: skip

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request, {**(extra_context or {}), "spend": [_spend(*row) for row in calls.caps()]}
        )

    @display(description=_("outcome"), label=COLOURS, ordering="outcome")
    def outcome_label(self, call: TextCall) -> tuple[str, str]:
        return call.outcome, call.get_outcome_display()

    @admin.display(description=_("tokens in / out"))
    def tokens(self, call: TextCall) -> str:
        return " / ".join(figure(number) for number in (call.tokens_in, call.tokens_out))

    @admin.display(description=_("cost"), ordering="cost_millionths")
    def cost(self, call: TextCall) -> str:
        """Reserved while it runs; “at most” when the endpoint did not say what it used."""
        if call.cost_millionths is None:
            return f"≤ {calls.written_cost(call.reserved_millionths)}"
        return f"{'' if call.cost_is_known else '≤ '}{calls.written_cost(call.cost_millionths)}"

    @admin.display(description=_("seconds"), ordering="duration_ms")
    def seconds(self, call: TextCall) -> str:
        if call.duration_ms is None:
            return f"{figure((timezone.now() - call.started_at).total_seconds(), 1)} …"
        return figure(call.duration_ms / 1000, 1)


def _spend(period: str, cap_minor: int | None) -> dict[str, Any]:
    spent = calls.spent_millionths(period)
    if cap_minor is None:
        return {"period": period, "spent": calls.written_cost(spent)}
    cap = cap_minor * calls.MILLIONTHS
    return {
        "period": period,
        "spent": calls.written_cost(spent),
        "cap": calls.written_cost(cap),
        "percent": min(100, round(100 * spent / cap)) if cap else 100,
    }
