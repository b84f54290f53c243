"""Files handed in by people: a form, the list of what was imported, a report and its rejects."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from decisions.models import Job
from decisions.services import jobs
from shop.services import uploads

PER_PAGE = 25
DATES = [
    ("", gettext_lazy("As the file shows")),
    ("dmy", gettext_lazy("Day first: 31/12/2026")),
    ("mdy", gettext_lazy("Month first: 12/31/2026")),
]
ENCODINGS = [
    ("", gettext_lazy("Found out by itself")),
    ("utf-8", "UTF-8"),
    ("gb18030", "GB18030 / GBK"),
    ("big5", "Big5"),
    ("cp1252", "Windows-1252"),
    ("utf-16", "UTF-16"),
    ("shift_jis", "Shift JIS"),
    ("cp1251", "Windows-1251"),
]


class ImportForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("File"), allow_empty_file=True)
    what = forms.ChoiceField(label=gettext_lazy("What is in it"))
    dates = forms.ChoiceField(label=gettext_lazy("Dates"), choices=DATES, required=False)
    encoding = forms.ChoiceField(
        label=gettext_lazy("Characters"), choices=ENCODINGS, required=False
    )
    dry_run = forms.BooleanField(
        label=gettext_lazy("Trial run: check everything, write nothing"),
        required=False,
        initial=True,
    )
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *given: Any, choices: list[tuple[str, str]], **options: Any):
        super().__init__(*given, **options)
        self.fields["what"].choices = choices

    def wish(self) -> uploads.Wish:
        said = self.cleaned_data
        kind, format = said["what"].split("/")
        return uploads.Wish(kind, format, said["dry_run"], said["dates"], said["encoding"])


def choices_of(user: Any) -> list[tuple[str, str]]:
    """`kind/format` of everything that this person may bring in."""
    from shop.importers.registry import BACKROOM, all_importers  # loads polars: not at start-up

    return [
        (f"{kind}/{format}", _label(kind) if format == BACKROOM else f"{_label(kind)} · {format}")
        for kind, format in all_importers()
        if uploads.may_import(user, kind)
    ]


def _label(kind: str) -> str:
    return _(kind.replace("_", " ")).capitalize()


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    choices = _choices_or_403(request)
    form = ImportForm(request.POST or None, request.FILES or None, choices=choices)
    if request.method == "POST" and form.is_valid():
        try:
            job = uploads.start_import(
                form.cleaned_data["file"],
                form.wish(),
                token=str(form.cleaned_data["token"]),
                by=request.user,
            )
            return redirect("imports:report", job.pk)
        except uploads.UploadRefusedError as refusal:
            form.add_error("file", str(refusal))
    page = Paginator(_jobs(choices), PER_PAGE).get_page(request.GET.get("page"))
    status = 400 if form.is_bound else 200
    return _page(request, "shop/imports.html", {"form": form, "page": page}, status=status)


@require_GET
def report(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, "shop/import.html", _facts(request, pk))


@require_GET
def live(request: HttpRequest, pk: int) -> HttpResponse:
    return TemplateResponse(request, "shop/import_live.html", _facts(request, pk))


@require_GET
def rejects(request: HttpRequest, pk: int) -> FileResponse:
    job = _job(request, pk)
    file = uploads.rejects_of(job)
    if file is None:
        raise Http404
    answer = FileResponse(
        file.open("rb"), as_attachment=True, filename=file.name, content_type="text/csv"
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """After a trial run: the same file, for good."""
    job = _job(request, pk)
    try:
        return redirect("imports:report", uploads.import_for_real(job, by=request.user).pk)
    except uploads.UploadRefusedError as refusal:
        messages.error(request, str(refusal))
        return redirect("imports:index")


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(request, pk)
    if jobs.cancel(job):
        messages.success(request, _("It stops at its next part. What is in the shop stays."))
    return redirect("imports:report", pk)


def _choices_or_403(request: HttpRequest) -> list[tuple[str, str]]:
    choices = choices_of(request.user)
    if not choices:
        raise PermissionDenied
    return choices


def _jobs(choices: list[tuple[str, str]]) -> QuerySet[Job]:
    kinds = {name.split("/")[0] for name, _label in choices}
    found = Job.objects.filter(kind=uploads.JOB, payload__kind__in=sorted(kinds))
    return found.select_related("requested_by").order_by("-pk")


def _job(request: HttpRequest, pk: int) -> Job:
    job = get_object_or_404(Job.objects.select_related("requested_by"), pk=pk, kind=uploads.JOB)
    if not uploads.may_import(request.user, job.payload.get("kind", "")):
        raise PermissionDenied
    return job


def _facts(request: HttpRequest, pk: int) -> dict[str, Any]:
    job = _job(request, pk)
    result = job.result or {}
    is_trial = bool(job.payload.get("dry_run"))
    return {
        "job": job,
        "result": result,
        "reasons": list(result.get("reasons", {}).items())[:50],
        "written": sorted(result.get("written", {}).items()),
        "sums": result.get("sums", {}),
        "is_trial": is_trial,
        "may_write": is_trial and job.state == "succeeded" and result.get("rows_read", 0) > 0,
        "has_rejects": uploads.rejects_of(job) is not None,
        "earlier": None if is_trial else uploads.earlier_import(job),
        "last_line": (job.error.strip().splitlines() or [""])[-1],
    }


def _page(request: HttpRequest, template: str, facts: dict, *, status: int = 200) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Imports"),
        "media": forms.Media(css={"all": ["backroom/decisions.css"]}),
        **facts,
    }
    return TemplateResponse(request, template, context, status=status)


def _for_staff(view: Any) -> Any:
    return admin.site.admin_view(view)


urlpatterns = [
    path("", _for_staff(index), name="index"),
    path("<int:pk>/", _for_staff(report), name="report"),
    path("<int:pk>/live/", _for_staff(live), name="live"),
    path("<int:pk>/rejects/", _for_staff(rejects), name="rejects"),
    path("<int:pk>/write/", _for_staff(write), name="write"),
    path("<int:pk>/stop/", _for_staff(stop), name="stop"),
]
