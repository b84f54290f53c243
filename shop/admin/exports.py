"""The rows of a list as a file: asked for on the list, made by a job, fetched here."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from decisions.models import Job, JobState
from decisions.services import jobs
from shop.exporters.registry import BACKROOM, all_exporters, exporter_of
from shop.services.exports import EXPORT_JOB, KEPT_DAYS, export_path

MAY_START = "decisions.add_job"
SHOWN = 10
FORMAT_NAMES = {
    BACKROOM: gettext_lazy("Backroom: everything, can be read in again"),
    "shopify": "Shopify",
    "woocommerce": "WooCommerce",
}


class Exported:
    """For an admin, before its base class: a button on its list, and the page behind it."""

    export_kind: ClassVar[str]
    actions_list: ClassVar[Any] = ["export_rows"]

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Who may read every row and may start jobs: a file of all customers is more than a look."""
        needed = (MAY_START, exporter_of(self.export_kind).permission)
        return request.user.has_perms(needed) and self.has_view_permission(request)

    @action(
        description=gettext_lazy("Export"),
        url_path="export",
        icon="download",
        permissions=["export"],
    )
    def export_rows(self, request: HttpRequest) -> HttpResponse:
        if not self.has_export_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._ask_for_export(request)
        if "file" in request.GET:
            return self._fetch(request, request.GET["file"])
        template = "shop/export_files.html" if "files" in request.GET else "shop/export.html"
        files = list(self._asked_for(request)[:SHOWN])
        context = admin.site.each_context(request) | {
            "title": _("Export of %(what)s") % {"what": self.opts.verbose_name_plural},
            "opts": self.opts,
            "formats": [(name, FORMAT_NAMES[name]) for name in self._formats()],
            "files": [{"job": job, "there": export_path(job.pk).is_file()} for job in files],
            "running": any(not job.is_finished for job in files),
            "state": JobState.RUNNING if any(not job.is_finished for job in files) else "",
            "key": uuid.uuid4(),
            "days": KEPT_DAYS,
        }
        return TemplateResponse(request, template, context)

    def _formats(self) -> list[str]:
        found = [form for kind, form in all_exporters() if kind == self.export_kind]
        return [name for name in FORMAT_NAMES if name in found]

    def _asked_for(self, request: HttpRequest) -> QuerySet[Job]:
        """A person's own files: they hold what another role may not see."""
        mine = Job.objects.filter(kind=EXPORT_JOB, requested_by=request.user)
        return mine.filter(payload__kind=self.export_kind).order_by("-pk")

    def _ask_for_export(self, request: HttpRequest) -> HttpResponse:
        """The key comes with the page: two clicks make one file."""
        form = request.POST.get("format", "")
        if form not in self._formats():
            messages.error(request, _("There is no such format."))
            return redirect(request.path)
        key = f"{EXPORT_JOB}:{request.user.pk}:{request.POST.get('key', '')[:64]}"
        payload = {"kind": self.export_kind, "format": form, "with_bom": "excel" in request.POST}
        jobs.enqueue(EXPORT_JOB, payload, key=key, requested_by=request.user)
        messages.success(request, _("The file is being made; it can be fetched below."))
        return redirect(request.path)

    def _fetch(self, request: HttpRequest, number: str) -> HttpResponse:
        done = self._asked_for(request).filter(state=JobState.SUCCEEDED)
        job = done.filter(pk=number).first() if number.isdecimal() and len(number) < 18 else None
        if job is None or not export_path(job.pk).is_file():
            raise Http404
        name = f"{job.payload['kind']}-{job.payload['format']}-{job.pk}.csv"
        file = export_path(job.pk).open("rb")
        return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv")
