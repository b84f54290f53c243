"""The report of placements: a page, and the same figures as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.spreadsheets import write_rows

MAY_SEE = "recommendations.view_recommendation"


class PeriodForm(forms.Form):
    """Both days included; nothing chosen is the last 28 full days."""

    first = forms.DateField(
        required=False,
        label=gettext_lazy("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        required=False,
        label=gettext_lazy("Until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def period(self) -> Any:
        """Raises PeriodError."""
        from recommendations.services.reporting import checked_period, usual_period

        if not self.is_valid():
            return usual_period()
        usual = usual_period()
        first: date = self.cleaned_data["first"] or usual.first
        last: date = self.cleaned_data["last"] or usual.last
        return checked_period(first, last)


def page(request: HttpRequest) -> HttpResponse:
    """The figures; `part`: them alone, for a page that waits for them. POST has them counted."""
    from recommendations.services.report_snapshots import PRESETS, ask_refresh
    from recommendations.services.reporting import PeriodError, usual_period

    _must_see(request)
    form = PeriodForm(request.GET)
    context: dict[str, Any] = {"problem": "", "period": usual_period()}
    try:
        context["period"] = period = form.period()
        if request.method == "POST":
            ask_refresh(period, request.user)
            return redirect(request.get_full_path())
        context |= _figures(period)
    except PeriodError as error:
        context["problem"] = str(error)
    part = "part" in request.GET
    return TemplateResponse(
        request,
        "recommendations/report_live.html" if part else "recommendations/report.html",
        {
            **({} if part else admin.site.each_context(request)),
            **context,
            "title": _("Placement report"),
            "form": PeriodForm(initial=_days_of(context["period"])),
            "errors": form.errors,
            "presets": [(days, usual_period(days=days)) for days in PRESETS],
            "kinds": ["impression", "click"],
        },
    )


def _figures(period: Any) -> dict[str, Any]:
    """Raises PeriodError."""
    from recommendations.report_words import card, ignored_lines
    from recommendations.services.report_snapshots import counted_reports
    from recommendations.services.reporting import ATTRIBUTION_DAYS

    counted = counted_reports(period)
    found = counted.reports
    return {
        "counted": counted,
        "cards": [card(one) for one in found.placements] if found else [],
        "ignored": ignored_lines(found.ignored) if found else [],
        "open_until": found.open_until if found else None,
        "sample_rate": found.sample_rate if found else 1.0,
        "shown_period": found.period if found else period,
        "before": found.period.before() if found else period.before(),
        "attribution_days": ATTRIBUTION_DAYS,
    }


def export(request: HttpRequest) -> HttpResponse:
    """One row per placement and figure; an unknown figure is an empty cell, never 0."""
    from recommendations.report_words import FIGURES
    from recommendations.services.report_snapshots import counted_reports
    from recommendations.services.reporting import PeriodError

    _must_see(request)
    form = PeriodForm(request.GET)
    if form.errors:
        return HttpResponseBadRequest(_("A day is written like 2026-03-02."))
    try:
        found = counted_reports(form.period()).reports
    except PeriodError as error:
        return HttpResponseBadRequest(str(error))
    if found is None:
        return HttpResponseBadRequest(_("These days have not been counted yet: ask for it first."))
    period = found.period
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"placements_{period.first}_{period.last}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    write_rows(answer, _file_rows(found, FIGURES))
    return answer


def _file_rows(found: Any, figures: Iterable[str]) -> Iterator[list[Any]]:
    yield ["placement", "first", "last", "figure", "value", "low", "high", "before",
           "change", "change_low", "change_high"]  # fmt: skip
    for one in found.placements:
        where = [one.placement, found.period.first, found.period.last]
        for name, count in one.now.counts.items():
            yield [*where, name, count, *[""] * 6]
        if found.sample_rate < 1:
            yield [*where, "sample_rate", found.sample_rate, *[""] * 6]
        for name in figures:
            yield [*where, name, *_cells(one, name)]
        for brand, share in one.brands:
            yield [*where, f"brand_share_rate:{_plain(brand)}", share.value, share.low, share.high]


def _cells(one: Any, name: str) -> list[Any]:
    now, change = one.now.figures.get(name), one.changes.get(name)
    before = one.before.figures.get(name) if one.before else None
    cells = [now and now.value, now and now.low, now and now.high, before and before.value]
    cells += [change and change.value, change and change.low, change and change.high]
    return ["" if value is None else value for value in cells]


def _plain(text: str) -> str:
    """A brand whose name a spreadsheet would take for a formula is text."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _days_of(period: Any) -> dict[str, date]:
    return {"first": period.first, "last": period.last}


def _must_see(request: HttpRequest) -> None:
    if not request.user.has_perm(MAY_SEE):
        raise PermissionDenied
