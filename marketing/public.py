"""Pages for recipients, without sign-in: a signed address names one send and nothing else."""

from __future__ import annotations

import base64
import time

import msgspec
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketing.delivery.mail import BadTokenError, guest_entry_of, send_id_of
from marketing.models import GuestNotice, Send
from marketing.services.journeys.guests import unsubscribe_guest
from marketing.services.sending import tracking
from marketing.services.sending.recommended import page_of
from marketing.services.sending.reports import read_reports, signature_of, take
from marketing.texts.facts import LOCALES
from outbox.signing import SIGNATURE_HEADER
from shop.payments.signatures import SignatureError, check

MOST_BYTES = 1_000_000
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@never_cache
@require_safe
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """The picture, also for an unknown token: a mail program shows no error page."""
    send = _send(token)
    if send:
        tracking.record_open(send, _visit(request))
    return HttpResponse(PIXEL, content_type="image/gif")


@never_cache
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """On to the campaign's own address. The request cannot name another: no open redirect."""
    send = _send(token)
    if send is None or not send.leads_to:
        raise Http404
    tracking.record_click(send, _visit(request))
    return HttpResponseRedirect(send.leads_to)


@never_cache
@require_safe
def recommended(request: HttpRequest, token: str, place: int = 0) -> HttpResponse:
    """On to the page of a product that the letter recommended; no other can be named."""
    send = _send(token)
    page = page_of(send, place) if send else ""
    if send is None or not page:
        raise Http404
    tracking.record_click(send, _visit(request), place=place)
    return HttpResponseRedirect(page)


# Mail programs post here without a cookie (RFC 8058); the signed token is the proof.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button; only the POST unsubscribes, so link scanners change nothing."""
    send = _send(token)
    if send is None:
        raise Http404
    if request.method == "POST":
        tracking.unsubscribe(send)
    else:
        tracking.saw_way_out(send, _visit(request))
    language = send.language or send.customer.language
    with translation.override(LOCALES.get(language, "en")):
        context = {"done": request.method == "POST", "email": _masked(send.customer.email)}
        return render(request, "marketing/unsubscribe.html", context)


# As above: the way out of a letter to a guest.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def guest(request: HttpRequest, token: str) -> HttpResponse:
    """Only the POST ends the waiting. Asked again, when the address is forgotten, it says the same."""
    try:
        entry_id = guest_entry_of(token)
    except BadTokenError as error:
        raise Http404 from error
    notice = get_object_or_404(GuestNotice.objects.select_related("entry"), pk=entry_id)
    address = _masked(notice.entry.contact)
    if request.method == "POST":
        unsubscribe_guest(notice)
    language = "zh" if settings.LANGUAGE_CODE.startswith("zh") else "en"
    with translation.override(LOCALES[language]):
        context = {
            "done": request.method == "POST" or not notice.entry.contact,
            "email": address,
            "is_guest": True,
        }
        return render(request, "marketing/unsubscribe.html", context)


# Providers have no cookie; the signature is the proof.
@csrf_exempt
@never_cache
@require_POST
def reports(request: HttpRequest) -> JsonResponse:
    """Deliveries, bounces and complaints, signed like our webhooks (docs/journeys.md)."""
    if not settings.MESSAGE_SECRET:
        return JsonResponse({"detail": "MESSAGE_SECRET is not set."}, status=503)
    if len(request.body) > MOST_BYTES:
        return JsonResponse({"detail": "At most 1 MB at once."}, status=413)
    try:
        signed = signature_of(request.headers.get(SIGNATURE_HEADER, ""))
        check(signed, request.body, [settings.MESSAGE_SECRET], time.time())
    except SignatureError as error:
        return JsonResponse({"detail": str(error)}, status=403)
    try:
        found = read_reports(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return JsonResponse({"detail": str(error)}, status=400)
    return JsonResponse(take(found))


def _visit(request: HttpRequest) -> tracking.Visit:
    asks = f"{request.headers.get('Sec-Purpose', '')} {request.headers.get('Purpose', '')}"
    return tracking.Visit(
        timezone.now(),
        request.headers.get("User-Agent", ""),
        is_prefetch="prefetch" in asks.lower(),
        is_head=request.method == "HEAD",
    )


def _send(token: str) -> Send | None:
    try:
        send_id = send_id_of(token)
    except BadTokenError:
        return None
    return (
        Send.objects.select_related("customer", "campaign", "enrolment").filter(pk=send_id).first()
    )


def _masked(email: str) -> str:
    """`a…@example.com`: a forwarded mail tells no stranger the whole address."""
    name, _at, domain = email.partition("@")
    return f"{name[:1]}…@{domain}" if domain else ""
