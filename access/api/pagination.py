"""Cursor pages: stable while rows are inserted and deleted."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class Cursor(CursorPagination):
    """Newest first by primary key. A limit or cursor that cannot be used is refused, not guessed."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "-pk"

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get("limit")
        if given is None:
            return self.page_size
        if not (given.isascii() and given.isdigit()) or not 1 <= int(given) <= self.max_page_size:
            message = _("A whole number from 1 to %(most)s.") % {"most": self.max_page_size}
            raise ValidationError({"limit": [message]})
        return int(given)

    def decode_cursor(self, request: Request) -> Any:
        try:
            cursor = super().decode_cursor(request)
        except NotFound as error:
            raise ValidationError({"cursor": [_("Use the address of `next`.")]}) from error
        # A forged position would reach the database as text where it compares primary keys.
        if cursor and cursor.position is not None and not cursor.position.isdecimal():
            raise ValidationError({"cursor": [_("Use the address of `next`.")]})
        return cursor

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """With the bounds that are enforced above."""
        parameters = super().get_schema_operation_parameters(view)
        bounds = {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] |= bounds
                parameter["allowEmptyValue"] = False
        return parameters
