from .cases import Case, Fault, Row, make_case
from .judges import add_what_rows_refer_to, import_case, land_intact_rows

__all__ = [
    "Case",
    "Fault",
    "Row",
    "add_what_rows_refer_to",
    "import_case",
    "land_intact_rows",
    "make_case",
]
