"""What customers praise and blame: shares per aspect, month and product, and the texts behind."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shop.models import Product
from support import aspect_frames as frames
from support.ml.shares import FLOOR
from support.models import Aspect, AspectMention, Polarity

ROWS = 20


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    with_tickets = _checked(request)
    product = _product(request)
    months = frames.months_until(timezone.now())
    rows = frames.opinions(with_tickets=with_tickets, product=product)
    context = _base(request, _("Praise and blame"), product) | {
        "with_tickets": with_tickets,
        "months": months,
        "lines": [
            {
                "line": line,
                "link": _texts(product, aspect=line.aspect),
                "cells": _cells(line, product),
            }
            for line in frames.aspect_lines(rows, months)
        ],
        "floor": FLOOR,
    }
    if product is None:
        products = _page(request, frames.product_lines(rows, months))
        context |= {
            "products": products,
            "product_rows": [
                {
                    "line": line,
                    "link": _texts(line.product, aspect=line.aspect, polarity=-1),
                    "own": f"{reverse('admin:support_aspects')}?{urlencode({'product': line.product.code})}",
                }
                for line in products
            ],
        }
    return render(request, "support/aspects.html", context)


@require_GET
def texts(request: HttpRequest) -> HttpResponse:
    """The clauses themselves, newest first, each with the way to its review or conversation."""
    with_tickets = _checked(request)
    product = _product(request)
    rows = AspectMention.objects.select_related(
        "product", "reading__review", "reading__message__ticket"
    )
    if not with_tickets:
        rows = rows.filter(reading__review__isnull=False)
    rows = _chosen(request, rows if product is None else rows.filter(product=product))
    found = _page(request, rows)
    asked = {
        k: v for k, v in request.GET.items() if k in ("aspect", "polarity", "month", "product")
    }
    context = _base(request, _("What they wrote"), product) | {
        "found": found,
        "rows": frames.quoted(found),
        "query": urlencode(asked),
        "aspects": Aspect.choices,
        "polarities": [(str(value), name) for value, name in Polarity.choices],
        "asked": asked,
        "overview": reverse("admin:support_aspects"),
    }
    return render(request, "support/aspect_texts.html", context)


def _checked(request: HttpRequest) -> bool:
    """Whether this person may read tickets too."""
    if not request.user.has_perm("shop.view_review"):
        raise PermissionDenied
    return request.user.has_perm("support.view_ticket")


def _base(request: HttpRequest, title: str, product: Product | None) -> dict[str, Any]:
    return admin.site.each_context(request) | {"title": title, "product": product}


def _product(request: HttpRequest) -> Product | None:
    code = request.GET.get("product", "").replace("\x00", "")[:64]
    return Product.objects.filter(code=code).first() if code else None


def _chosen(request: HttpRequest, rows: QuerySet[AspectMention]) -> QuerySet[AspectMention]:
    aspect, polarity = request.GET.get("aspect", ""), request.GET.get("polarity", "")
    if aspect in Aspect.values:
        rows = rows.filter(aspect=aspect)
    if polarity in ("-1", "0", "1"):
        rows = rows.filter(polarity=int(polarity))
    month = _month(request.GET.get("month", ""))
    if month:
        after = (month + timedelta(days=32)).replace(day=1)
        rows = rows.filter(
            written_at__gte=frames.month_start(month), written_at__lt=frames.month_start(after)
        )
    return rows.order_by("-written_at", "-pk")


def _month(text: str) -> date | None:
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return month if 1990 <= month.year <= 2200 else None


def _page(request: HttpRequest, rows: Any) -> Page:
    return Paginator(rows, ROWS).get_page(request.GET.get("page"))


def _texts(product: Product | None, **asked: Any) -> str:
    if product is not None:
        asked["product"] = product.code
    return f"{reverse('admin:support_aspect_texts')}?{urlencode(asked)}"


def _cells(line: frames.AspectLine, product: Product | None) -> list[dict[str, Any]]:
    return [
        {
            "share": share,
            "link": _texts(product, aspect=line.aspect, month=f"{month:%Y-%m}"),
            "tint": round(100 * (share.value or 0.0) * 0.45),
        }
        for month, share in line.months
    ]
