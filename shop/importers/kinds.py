"""The kinds that shop itself reads: importing this module registers them."""

from . import customers, reviews

__all__ = ["customers", "reviews"]
