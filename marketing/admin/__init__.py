"""Marketing in the back office, by noun: lists and forms, and the addresses of the pages.

What a page shows is read in marketing/pages; what a button does is a service.
"""

from marketing.admin import (
    briefs,
    campaigns,
    content,
    customers,
    journeys,
    personas,
    segments,
    sends,
    tiers,
    wordings,
)

__all__ = [
    "briefs",
    "campaigns",
    "content",
    "customers",
    "journeys",
    "personas",
    "segments",
    "sends",
    "tiers",
    "wordings",
]
