"""The purchase plan as a worklist: lines by money, many approved at once, taken back again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.spreadsheets import lines_of
from decisions.services.receipts import DecisionClosedError
from inventory.models import PurchaseOrder, PurchaseOrderLine, Supplier
from inventory.services import worklist
from inventory.services.purchase_orders import PurchaseOrderError, set_line_units
from shop.models import Warehouse
from shop.money import format_money

MAY_SEE, MAY_CHANGE = "inventory.view_purchaseorder", "inventory.change_purchaseorder"
PER_PAGE = 50
MOST_UNITS = 1_000_000
DEADLINES = [
    ("", gettext_lazy("any day")),
    ("late", gettext_lazy("late already")),
    ("today", gettext_lazy("until today")),
    ("week", gettext_lazy("within 7 days")),
    ("month", gettext_lazy("within 28 days")),
]


class FilterForm(forms.Form):
    supplier = forms.CharField(required=False, max_length=64)
    warehouse = forms.CharField(required=False, max_length=64)
    deadline = forms.ChoiceField(required=False, choices=DEADLINES)
    sku = forms.CharField(required=False, max_length=64)

    def wanted(self) -> worklist.PlanFilter:
        """What is not one of the choices filters nothing."""
        self.is_valid()
        given = {name: self.cleaned_data.get(name) or "" for name in self.fields}
        return worklist.PlanFilter(**given)


def page(request: HttpRequest) -> HttpResponse:
    """GET: the list. POST: preview or approve the selected lines, or take orders back."""
    _need(request, MAY_SEE)
    if request.method == "POST":
        _need(request, MAY_CHANGE)
        return _decide(request)
    wanted = FilterForm(request.GET).wanted()
    lines = worklist.plan_lines(wanted)
    shown = Paginator(lines, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = _base(request) | {
        "lines": [_shown(line) for line in shown],
        "shown": shown,
        "query": query.urlencode(),
        "wanted": wanted,
        "deadlines": DEADLINES,
        "suppliers": Supplier.objects.order_by("name")[:500],
        "warehouses": Warehouse.objects.all()[:200],
        "may_change": request.user.has_perm(MAY_CHANGE),
        "approved": PurchaseOrder.objects.filter(pk__in=request.session.get("plan_approved", []))[
            : worklist.MOST_SELECTED
        ]
        if request.GET.get("approved")
        else [],
    }
    return TemplateResponse(request, "inventory/worklist.html", context)


def as_csv(request: HttpRequest) -> HttpResponse:
    """Every line that the filter finds."""
    _need(request, MAY_SEE)
    lines = worklist.plan_lines(FilterForm(request.GET).wanted())
    answer = StreamingHttpResponse(_written(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="purchase-plan.csv"'
    return answer


def set_units(request: HttpRequest, pk: int) -> HttpResponse:
    """One line's units, changed in place."""
    _need(request, MAY_CHANGE)
    line = get_object_or_404(PurchaseOrderLine, pk=pk)
    text = request.POST.get("units", "")
    if not text.isdecimal() or int(text) > MOST_UNITS:
        return JsonResponse({"problem": _("A whole number from 0 to 1,000,000.")}, status=400)
    try:
        line = set_line_units(line, int(text), by=request.user)
    except PurchaseOrderError as error:
        return JsonResponse({"problem": str(error)}, status=409)
    total = "–" if line.total_minor is None else format_money(line.total_minor, line.order.currency)
    return JsonResponse({"units": line.units, "total": total})


def _decide(request: HttpRequest) -> HttpResponse:
    ids = [int(text) for text in request.POST.getlist("line") if text.isdecimal()]
    verb = request.POST.get("verb")
    back = f"{reverse('admin:inventory_plan_worklist')}?{request.POST.get('query', '')}"
    try:
        if verb == "take_back":
            count = worklist.take_back(request.session.pop("plan_approved", []), by=request.user)
            messages.success(request, _("%(count)s orders taken back.") % {"count": count})
        elif verb == "approve" and ids:
            approved = worklist.approve_lines(ids, by=request.user)
            request.session["plan_approved"] = [order.pk for order in approved]
            messages.success(request, _("%(count)s orders approved.") % {"count": len(approved)})
            back += "&approved=1"
        elif ids:
            return _confirm(request, ids)
        else:
            messages.warning(request, _("Select lines first."))
    except (PurchaseOrderError, DecisionClosedError) as error:
        messages.error(request, str(error) or _("Somebody decided this already."))
    return redirect(back)


def _confirm(request: HttpRequest, ids: list[int]) -> HttpResponse:
    """The orders that would be made, before anything happens."""
    found = worklist.preview(ids)
    context = _base(request) | {
        "orders": [
            (one, _money(one.value_minor, one.order.currency), _money(one.expected_minor))
            for one in found
        ],
        "ids": ids,
        "query": request.POST.get("query", ""),
        "totals": _totals(found),
    }
    return TemplateResponse(request, "inventory/worklist_confirm.html", context)


def _totals(found: list[worklist.OrderPreview]) -> list[str]:
    """Amount per currency; nothing is added up over currencies."""
    sums: dict[str, int] = {}
    for one in found:
        sums[one.order.currency] = sums.get(one.order.currency, 0) + (one.value_minor or 0)
    return [format_money(minor, currency) for currency, minor in sorted(sums.items())]


def _shown(line: PurchaseOrderLine) -> dict[str, Any]:
    bounds = (line.expected_low_minor, line.expected_high_minor)
    return {
        "line": line,
        "total": _money(line.total_minor, line.order.currency),
        "earns": _money(line.expected_minor),
        "between": "" if None in bounds else " – ".join(_money(bound) for bound in bounds),
        "next": _money(line.next_unit_minor),
        "without": _money(line.without_minor),
        "is_late": line.order.is_late,
    }


def _money(minor: int | None, currency: str = "") -> str:
    return "–" if minor is None else format_money(minor, currency)


def _written(lines: Any) -> Iterator[str]:
    return lines_of(worklist.plan_rows(lines))


def _base(request: HttpRequest) -> dict[str, Any]:
    return admin.site.each_context(request) | {
        "title": _("Purchase plan"),
        "opts": PurchaseOrder._meta,
    }


def _need(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
