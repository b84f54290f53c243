"""What the lists and reports of marketing share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse
from unfold.admin import ModelAdmin

from access.read_only import ReadOnly
from access.spreadsheets import write_rows


class ReadOnlyAdmin(ReadOnly, ModelAdmin):
    """Rows that services write."""

    list_per_page = 50
    show_full_result_count = False


def csv_file(name: str, rows: Iterable[Sequence[Any]]) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    write_rows(answer, rows)
    return answer
