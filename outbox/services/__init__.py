"""`from outbox.services import publish` is all that other apps need."""

from outbox.services.messages import publish

__all__ = ["publish"]
