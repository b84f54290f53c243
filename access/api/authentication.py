"""Who calls: a program with a key, in `Authorization: Bearer bk_…` or `X-Api-Key`."""

from __future__ import annotations

import hmac
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from access.models import ApiKey
from access.services.keys import note_use
from access.services.known_keys import known_key, moment, remember


class KeyAuthentication(BaseAuthentication):
    """The user is the key's user; a storefront's key has none, and `request.auth` is the key."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        secret = secret_of(request)
        if not secret:
            return None
        key = known_or_valid_key(secret)
        if key is None:
            # One sentence for unknown, expired and revoked: nothing to learn by trying.
            raise AuthenticationFailed(_("The API key is unknown, expired or revoked."))
        return key.user if key.is_for_merchant else AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="backroom"'


class PublishableKeyAuthentication(KeyAuthentication):
    """The key stands in the address: a page that is left cannot wait for the question whether it
    may send a header. Such a key is no secret, so it may stand in a server's log too."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        secret = request.query_params.get("key", "") or secret_of(request)
        key = known_or_valid_key(secret) if secret else None
        if secret and key is None:
            raise AuthenticationFailed(_("The API key is unknown, expired or revoked."))
        return (AnonymousUser(), key) if key else None


def secret_of(request: Request) -> str:
    words = get_authorization_header(request).split()
    if len(words) == 2 and words[0].lower() == b"bearer":
        return words[1].decode("latin-1")
    return request.META.get("HTTP_X_API_KEY", "")


def known_or_valid_key(secret: str) -> ApiKey | None:
    """Like `valid_key`, from memory for a storefront's key that was valid seconds ago."""
    now = timezone.now()
    known = known_key(ApiKey.hash_of(secret)) if secret.isascii() else None
    if known is None:
        read_at = moment()
        found = valid_key(secret)
        if found:
            remember(found, read_at)
        return found
    if not known.is_valid(now):
        return None
    note_use(known, now)
    return known


def valid_key(secret: str) -> ApiKey | None:
    if not (secret.startswith(("bk_", "bkp_")) and secret.isascii() and secret.isprintable()):
        return None
    now = timezone.now()
    found = ApiKey.objects.select_related("user").filter(prefix=ApiKey.prefix_of(secret)).first()
    if found is None or not hmac.compare_digest(found.secret_sha256, ApiKey.hash_of(secret)):
        return None
    if not found.is_valid(now) or (found.user and not found.user.is_active):
        return None
    note_use(found, now)
    return found


class KeyAuthenticationScheme(OpenApiAuthenticationExtension):
    target_class = "access.api.authentication.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "bk_…"}


class PublishableKeyScheme(OpenApiAuthenticationExtension):
    target_class = "access.api.authentication.PublishableKeyAuthentication"
    name = "publishableKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "query", "name": "key"}
