"""What a key or a member of staff may do. What is not named is refused."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from access.models import ApiKey


class StorefrontKey(BasePermission):
    """A key without a user: a merchant's key never has to be put into a shop window. What stands
    in the window for everybody to read opens nothing here."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        key = request.auth
        return isinstance(key, ApiKey) and not key.is_for_merchant and not key.is_publishable


class PublishableKey(BasePermission):
    """A publishable key, from a page of the shop where the browser says which page it is."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        key = request.auth
        origin = request.headers.get("Origin")
        known = origin is None or is_known_origin(origin)
        return isinstance(key, ApiKey) and key.is_publishable and known


def is_known_origin(origin: str) -> bool:
    """Ours, or one of COLLECTOR_ORIGINS."""
    here = urlsplit(settings.PUBLIC_URL)
    return origin in (f"{here.scheme}://{here.netloc}", *settings.COLLECTOR_ORIGINS)


class StaffWithRole(BasePermission):
    """Staff whose role has the permission that the view's `needs` names for the method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        if not (user and user.is_authenticated and user.is_active and user.is_staff):
            return False
        needed = view.needs.get("GET" if request.method == "HEAD" else request.method)
        # A method that the view does not have is answered 405, not 403.
        if needed is None:
            return not hasattr(view, str(request.method).lower()) or request.method == "OPTIONS"
        return user.has_perm(needed)
