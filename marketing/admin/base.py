"""What the lists of marketing share."""

from unfold.admin import ModelAdmin

from access.read_only import ReadOnly


class ReadOnlyAdmin(ReadOnly, ModelAdmin):
    """Rows that services write."""

    list_per_page = 50
    show_full_result_count = False
