"""What a key or a member of staff may do. What is not named is refused."""

from __future__ import annotations

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from access.models import ApiKey


class StorefrontKey(BasePermission):
    """A key without a user: a merchant's key never has to be put into a shop window."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, ApiKey) and not request.auth.is_for_merchant


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
