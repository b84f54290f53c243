"""The kinds of file that this app reads, for the register."""

from . import purchase_orders, suppliers  # noqa: F401
