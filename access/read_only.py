"""What services and machines write is looked at in the back office, never edited there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class ReadOnly:
    """For an admin or an inline, before its base class: nobody adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Django bounds an integer key by itself, but not one that is a foreign key as well."""
        try:
            return super().get_object(request, object_id, from_field)  # type: ignore[misc]
        except OverflowError:
            return None
