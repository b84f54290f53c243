"""Kept lists in the back office: all of them, one of them, and the form that freezes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.spreadsheets import lines_of
from decisions.services import jobs
from marketing.definitions.rules import RuleError, sentences
from marketing.models import Audience, Channel, Segment
from marketing.pages import frozen as shown
from marketing.services.audiences import frozen, frozen_standing
from marketing.services.audiences.counting import TookTooLongError, size_of
from marketing.services.audiences.segment_comparisons import MOST

PER_PAGE = 25
SHELVES = ("ready", "archived", "campaigns")
APP = "marketing"


class FreezeForm(forms.Form):
    name = forms.CharField(max_length=120, label=gettext_lazy("name"))
    as_of = forms.DateTimeField(
        required=False,
        label=gettext_lazy("as it stood on"),
        help_text=gettext_lazy(
            "Empty: as it stands when the list is written, in a moment. An earlier day can be asked "
            "where the rule asks events alone, and where the segment was tracked by then with this "
            "rule."
        ),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    held_percent = forms.FloatField(
        min_value=0,
        max_value=100 * frozen.MOST_HELD_OUT,
        initial=0,
        label=gettext_lazy("held out, in %"),
        help_text=gettext_lazy(
            "Drawn once by hash: who is held out gets nothing of any campaign for this list."
        ),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "mk-input"


def urls(site: AdminSite) -> list[URLPattern]:
    """Below marketing/audience/."""

    def page(view: Any, permission: str, method: Any) -> Any:
        def allowed(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(f"{APP}.{permission}"):
                raise PermissionDenied
            return view(site, request, **kwargs)

        return site.admin_view(method(allowed))

    both, name = require_http_methods(["GET", "HEAD", "POST"]), "marketing_audience"
    return [
        path("freeze/", page(_new, "add_audience", both), name=f"{name}_freeze"),
        path("<int:pk>/list/", page(_one, "view_audience", require_GET), name=f"{name}_page"),
        path("<int:pk>/list/do/", page(_do, "view_audience", require_POST), name=f"{name}_do"),
    ]


def list_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Kept lists, those put away, or what campaigns drew; newest first."""
    shelf = request.GET.get("shelf", "")
    shelf = shelf if shelf in SHELVES else SHELVES[0]
    text = request.GET.get("q", "").strip()[:100].replace("\x00", "")
    found = Paginator(_rows(shelf, text), PER_PAGE).get_page(request.GET.get("p"))
    context = {
        **site.each_context(request),
        "title": _("Frozen lists"),
        "lines": shown.lines_of(list(found.object_list)),
        "page": found,
        "q": text,
        "shelf": shelf,
        "shelves": [
            ("ready", _("Kept")), ("archived", _("Archived")), ("campaigns", _("Of campaigns")),
        ],
        "may_add": request.user.has_perm("marketing.add_audience"),
    }  # fmt: skip
    return TemplateResponse(request, "marketing/frozen_lists.html", context)


def _rows(shelf: str, text: str) -> QuerySet[Audience]:
    if shelf == "campaigns":
        rows = Audience.objects.filter(key=None, is_complete=True).prefetch_related("campaigns")
    else:
        rows = Audience.objects.kept().filter(archived_at__isnull=shelf == "ready")
    if text:
        found = rows.none()
        for column in ("name", "segment__name", "segment__name_zh", "segment__code"):
            found |= rows.filter(**{f"{column}__icontains": text})
        rows = found
    return shown.with_uses(rows).order_by("-pk")


def _one(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """The page; `?part=1` what keeps itself up to date while it is written; `?as=csv` the members."""
    audience = get_object_or_404(shown.with_uses(Audience.objects.kept()), pk=pk)
    if request.GET.get("as") == "csv" and audience.is_complete:
        return _file(request, audience)
    may = {
        f"may_{verb}": request.user.has_perm(f"{APP}.{verb}_audience")
        for verb in ("add", "change", "delete")
    }
    context = shown.frozen_page(audience) | may | {
        "channels": Channel.choices,
        "may_campaign": request.user.has_perm("marketing.add_campaign"),
        "may_see": request.user.has_perm(shown.MAY_SEE_PEOPLE),
    }  # fmt: skip
    if request.GET.get("part"):
        return TemplateResponse(request, "marketing/frozen_part.html", context)
    context = {**site.each_context(request), "title": audience.name, **context}
    return TemplateResponse(request, "marketing/frozen_list.html", context)


def _file(request: HttpRequest, audience: Audience) -> StreamingHttpResponse:
    asked = request.GET.get("channel", "")
    channel = asked if asked in Channel.values else Channel.EMAIL.value
    may_see = request.user.has_perm(shown.MAY_SEE_PEOPLE)
    rows = shown.file_rows(audience, channel, may_see=may_see)
    lines = lines_of([_written(value) for value in row] for row in rows)
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="frozen_list_{audience.pk}.csv"'
    return answer


def _written(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _new(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """GET asks name, day and share of the segments in the address; POST freezes them."""
    given = request.POST if request.method == "POST" else request.GET
    segments = _segments(given.getlist("segment"))
    if not segments:
        messages.warning(request, _("Choose one to %(most)s segments.") % {"most": MOST})
        return redirect("admin:marketing_audiences")
    name = " + ".join(str(one) for one in segments)[:120]
    form = FreezeForm(given if request.method == "POST" else None, initial={"name": name, "key": uuid4()})  # fmt: skip
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        wanted = frozen.Freeze(
            said["name"], frozen.shared_rule(segments), segments, said["as_of"],
            said["held_percent"] / 100,
        )  # fmt: skip
        try:
            key = f"user:{request.user.pk}:{said['key']}"
            audience = frozen.ask_frozen(wanted, key=key, by=request.user)
        except frozen.AudienceError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The list is being written; this page follows it."))
            return redirect("admin:marketing_audience_page", audience.pk)
    context = {
        **site.each_context(request),
        "title": _("Freeze a list"),
        "form": form,
        "segments": segments,
        "back": reverse("admin:marketing_audiences"),
        **_preview(frozen.shared_rule(segments)),
    }
    status = 400 if form.errors else 200
    return TemplateResponse(request, "marketing/frozen_new.html", context, status=status)


def _preview(rule: dict) -> dict[str, Any]:
    try:
        return {"count": size_of(rule), "sentences": sentences(rule)}
    except (RuleError, TookTooLongError) as error:
        return {"problem": str(error)}


def _segments(codes: list[str]) -> tuple[Segment, ...]:
    """In the order of their codes; none where there are too many to share anybody."""
    asked = sorted({code[:40] for code in codes[:100] if "\x00" not in code})
    found = tuple(Segment.objects.filter(code__in=asked).order_by("code")[: MOST + 1])
    return found if len(found) <= MOST else ()


def _do(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    audience = get_object_or_404(Audience.objects.kept(), pk=pk)
    permission, verb = VERBS.get(request.POST.get("verb", ""), ("", None))
    if verb is None:
        return HttpResponseBadRequest("unknown verb")
    if not request.user.has_perm(f"{APP}.{permission}"):
        raise PermissionDenied
    try:
        messages.success(request, verb(audience, request.user))
    except frozen.AudienceError as error:
        messages.error(request, str(error))
    if not Audience.objects.filter(pk=pk).exists():
        return redirect("admin:marketing_audience_changelist")
    return redirect("admin:marketing_audience_page", pk)


def _archive(audience: Audience, by: Any) -> str:
    frozen.archive(audience, by)
    return _("Archived: no new campaign is made for it. Restore it whenever you like.")


def _restore(audience: Audience, by: Any) -> str:
    frozen.restore(audience, by)
    return _("Restored: campaigns can be made for it again.")


def _delete(audience: Audience, by: Any) -> str:
    name = audience.name
    frozen.delete_kept(audience, by)
    return _("“%(name)s” is deleted; its receipt stays.") % {"name": name}


def _retry(audience: Audience, by: Any) -> str:
    job = frozen.job_of(audience)
    if job is None or not jobs.retry(job):
        raise frozen.AudienceError(_("It is being written, or is written already."))
    return _("The list is being written; this page follows it.")


def _count(audience: Audience, by: Any) -> str:
    if frozen_standing.ask_refresh(audience, by):
        return _("It is being counted; reload the page in a moment.")
    return _("All of it is being counted already.")


Verb = Callable[[Audience, Any], str]
VERBS: dict[str, tuple[str, Verb | None]] = {
    "archive": ("change_audience", _archive),
    "restore": ("change_audience", _restore),
    "delete": ("delete_audience", _delete),
    "retry": ("add_audience", _retry),
    "count": ("view_audience", _count),
}
