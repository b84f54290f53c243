"""Every address of the system."""

from importlib import import_module

from django.apps import apps
from django.contrib import admin
from django.http import Http404, HttpRequest
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config import brief
from config.health import healthz, readyz
from config.media import picture
from config.metrics import metrics

APPS_WITH_API = [
    "shop",
    "inventory",
    "recommendations",
    "support",
    "marketing",
    "decisions",
    "outbox",
    "privacy",
]


def api_urls(side: str) -> list[URLPattern]:
    """What the apps offer on one side: the list `storefront` or `merchant` of `<app>/api/urls.py`."""
    found: list[URLPattern] = []
    for app in APPS_WITH_API:
        if not module_has_submodule(import_module(app), "api"):
            continue
        if module_has_submodule(import_module(f"{app}.api"), "urls"):
            found += getattr(import_module(f"{app}.api.urls"), side, [])
    return found


def provider_urls() -> list[URLResolver]:
    """Where the provider of e-mail reports, if there is one."""
    if not apps.is_installed("anymail"):
        return []
    return [path("m/providers/", include("anymail.urls"))]


@csrf_exempt  # a program has no token: it is to read that the address is wrong, not that a form is
def no_such_address(request: HttpRequest, rest: str) -> None:
    """Else the admin's catch-all would answer a program with a sign-in page."""
    raise Http404


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/storefront/v1/", include((api_urls("storefront"), "storefront"))),
    path("api/merchant/v1/", include((api_urls("merchant"), "merchant"))),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("api/<path:rest>", no_such_address),
    path("m/", include("marketing.urls")),
    *provider_urls(),
    path("imports/", include(("shop.admin.imports", "imports"))),
    path("favicon.ico", RedirectView.as_view(url="/static/backroom/icon.svg", permanent=True)),
    path("media/<path:path>", picture, name="picture"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("brief/night/", brief.night_fragment, name="night"),
    path("brief/<uuid:pk>/receipt/", brief.receipt_fragment, name="receipt"),
    path("brief/<uuid:pk>/<slug:verb>/", brief.decide, name="decide"),
    path("", admin.site.urls),
]

handler400 = "access.api.problems.bad_request"
handler403 = "access.api.problems.permission_denied"
handler404 = "access.api.problems.not_found"
handler500 = "access.api.problems.server_error"
