"""The address at which one order line is reviewed: signed, for a time, without sign-in."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from marketing.delivery.mail import BadTokenError

_signer = signing.TimestampSigner(salt="marketing.review", sep=".")


class OldLinkError(Exception):
    """It was made by us, longer ago than REVIEW_LINK_DAYS."""


def review_token_of(line_id: int) -> str:
    return _signer.sign(str(line_id))


def review_line_of(token: str) -> int:
    """Raises BadTokenError, OldLinkError."""
    try:
        return int(_signer.unsign(token, max_age=timedelta(days=settings.REVIEW_LINK_DAYS)))
    except signing.SignatureExpired as error:
        raise OldLinkError(token) from error
    except (signing.BadSignature, ValueError) as error:
        raise BadTokenError(token) from error


def review_address(line_id: int) -> str:
    """With the shop's public address."""
    path = reverse("marketing:review", args=[review_token_of(line_id)])
    return settings.PUBLIC_URL.rstrip("/") + path
