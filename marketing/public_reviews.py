"""The page on which a customer writes about what she bought: a signed link, no sign-in."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from access.api.throttling import AddressThrottle, count_request
from marketing.delivery.mail import BadTokenError
from marketing.delivery.review_links import OldLinkError, review_address, review_line_of
from marketing.services.journeys.review_requests import was_rewarded
from marketing.texts.facts import LOCALES
from shop.models import OrderLine, Review, ReviewState
from shop.services.reviews.writing import (
    ReviewError,
    Words,
    rest_of_order,
    reviewable,
    write_review,
)

NAMES = {"en": "English", "zh": "中文"}
TEMPLATE = "marketing/review_form.html"


# Whoever has the link has no cookie; the signed token is the proof.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, token: str) -> HttpResponse:
    """Only the POST writes; sent twice, the first words stand."""
    try:
        line_id = review_line_of(token)
    except BadTokenError as error:
        raise Http404 from error
    except OldLinkError:
        return _page(request, _language(request, ""), {"state": "old"}, status=410)
    related = OrderLine.objects.select_related("order__customer", "variant__product")
    line = get_object_or_404(related, pk=line_id, variant__isnull=False)
    customer = line.order.customer
    language = _language(request, customer.language if customer else "")
    with translation.override(LOCALES[language]):
        return _answer(request, line, language)


def _answer(request: HttpRequest, line: OrderLine, language: str) -> HttpResponse:
    known = Review.objects.filter(order_line=line).first()
    if known is not None:
        return _page(request, language, _thanks(line, known))
    if not reviewable(timezone.now()).filter(pk=line.pk).exists():
        return _page(request, language, {"state": "closed"}, status=409)
    form = _form(line, language)
    if request.method != "POST":
        return _page(request, language, form)
    said = {name: request.POST.get(name, "").replace("\x00", "") for name in ("title", "body")}
    rating = request.POST.get("rating", "")
    form |= {"said": said | {"rating": rating}}
    if _too_many(request):
        problem = _("Too many reviews from here at once. Please try again in a minute.")
        return _page(request, language, form | {"problem": problem}, status=429)
    if rating not in ("1", "2", "3", "4", "5"):
        return _page(
            request, language, form | {"problem": _("Please choose the stars.")}, status=400
        )
    rewarded = bool(form["is_rewarded"])
    words = Words(int(rating), said["title"], said["body"], language, rewarded)
    try:
        written = write_review(line, words)
    except ReviewError:
        return _page(request, language, {"state": "closed"}, status=409)
    return _page(request, language, _thanks(line, written))


def _form(line: OrderLine, language: str) -> dict[str, Any]:
    assert line.variant is not None
    other = "en" if language == "zh" else "zh"
    return {
        "state": "open",
        "product": line.variant.product,
        "said": {},
        "stars": [
            {"value": str(n), "label": ngettext("%(n)d star", "%(n)d stars", n) % {"n": n}}
            for n in range(1, 6)
        ],
        "language_code": language,
        "other_language": other,
        "other_name": NAMES[other],
        "is_rewarded": was_rewarded(line),
    }


def _thanks(line: OrderLine, written: Review) -> dict[str, Any]:
    others = rest_of_order(line, timezone.now())
    return {
        "state": "done",
        "is_published": written.state == ReviewState.PUBLISHED,
        "others": [
            {"name": one.variant.product, "address": review_address(one.pk)}
            for one in others
            if one.variant is not None
        ],
    }


def _page(
    request: HttpRequest, language: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    with translation.override(LOCALES[language]):
        return render(request, TEMPLATE, context | {"shop": settings.SHOP_NAME}, status=status)


def _language(request: HttpRequest, hers: str) -> str:
    """What she asks for, else her own, else the shop's."""
    asked = request.GET.get("language", "") or hers
    if asked in LOCALES:
        return asked
    return "zh" if settings.LANGUAGE_CODE.startswith("zh") else "en"


def _too_many(request: HttpRequest) -> bool:
    """A form sends one at a time; a program that tries tokens is held up."""
    address = AddressThrottle().get_ident(request)
    return count_request(f"review:{address}", time.time()) > settings.REVIEW_RATE_PER_MINUTE
