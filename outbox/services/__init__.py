"""`from outbox.services import publish` (of many at once: `publish_many`) is all that other apps need."""

from outbox.services.messages import is_heard, publish, publish_many

__all__ = ["is_heard", "publish", "publish_many"]
