"""What a process keeps of placements and rules for a second, and how it is told of a change."""

from __future__ import annotations

_changes = 0


def changes() -> int:
    """How often something was changed in this process; another process asks again in a second."""
    return _changes


def forget_settings() -> None:
    global _changes
    _changes += 1
