"""What a process keeps of placements and rules for a second, and how it is told of a change."""

from __future__ import annotations

_changes = 0
_is_serving = False


def serve() -> None:
    """In a web process, before its first request: what takes long is done by threads from now on."""
    global _is_serving
    _is_serving = True


def is_serving() -> bool:
    """Whether requests wait here for whatever is done in between."""
    return _is_serving


def changes() -> int:
    """How often something was changed in this process; another process asks again in a second."""
    return _changes


def forget_settings() -> None:
    global _changes
    _changes += 1
