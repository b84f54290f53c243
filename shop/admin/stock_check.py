"""Whether every counter is what its ledger says: the last answer, and asking again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from decisions.models import Job
from decisions.models.jobs import FINISHED
from decisions.services import jobs
from shop.services.stock.verify import CHECK_JOB, CHECK_STEP

MAY_SEE, MAY_CHECK = "shop.view_stocklevel", "shop.add_stockmovement"
MAY_REPAIR = "shop.change_stocklevel"


def page(request: HttpRequest) -> HttpResponse:
    """The last check, of the night or of a person. POST asks for a new one, or for a repair."""
    if not request.user.has_perm(MAY_SEE):
        raise PermissionDenied
    if request.method == "POST":
        return _ask(request, repair="repair" in request.POST)
    context = admin.site.each_context(request) | {
        "title": _("Stock check"),
        "last": _last(),
        "running": _asked_for().exclude(state__in=FINISHED).first(),
        "may_check": request.user.has_perm(MAY_CHECK),
        "may_repair": request.user.has_perm(MAY_REPAIR),
    }
    return TemplateResponse(request, "shop/stock_check.html", context)


def _ask(request: HttpRequest, *, repair: bool) -> HttpResponse:
    if not request.user.has_perm(MAY_REPAIR if repair else MAY_CHECK):
        raise PermissionDenied
    if repair and request.POST.get("sure") != "yes":
        messages.error(request, _("Nothing was repaired: tick the box to say that you are sure."))
        return redirect("admin:shop_stock_check")
    # Two clicks are one job: the key names the last one that has finished.
    finished = _asked_for().filter(state__in=FINISHED).order_by("-pk")
    last = finished.values_list("pk", flat=True).first() or 0
    key = f"{CHECK_JOB}:{'repair' if repair else 'check'}:after:{last}"
    jobs.enqueue(CHECK_JOB, {"repair": repair}, key=key, requested_by=request.user)
    messages.success(request, _("The check is on its way; this page shows its result."))
    return redirect("admin:shop_stock_check")


def _asked_for() -> Any:
    return Job.objects.filter(kind=CHECK_JOB)


def _last() -> dict[str, Any] | None:
    """The newest finished check and what it found; None before the first."""
    of_night = Q(kind="night_step", payload__step=CHECK_STEP)
    checks = Job.objects.filter(Q(kind=CHECK_JOB) | of_night, state__in=("succeeded", "failed"))
    job = checks.order_by("-finished_at").first()
    if job is None:
        return None
    found = (job.result or {}).get("summary", job.result or {})
    shown = found.get("rows", [])
    return {"job": job, "found": found, "rows": shown, "broke": "differences" not in found}
