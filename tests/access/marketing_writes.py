"""Journeys and documents that writes of the API are tried on."""

from __future__ import annotations

from typing import Any

from marketing.definitions.journey_library import READY_MADE
from marketing.models import Journey
from marketing.services.journeys import journeys
from tests.access.writes import NUMBERS, Write
from tests.factories_content import make_evidence


def journey() -> Journey:
    made = Journey.objects.create(code=f"j-{next(NUMBERS)}", name="A journey")
    journeys.save_version(made, READY_MADE[0].definition)
    return made


def live_journey() -> Journey:
    made = journey()
    return journeys.go_live(made, made.versions.get())


def journey_version() -> Write:
    definition = READY_MADE[1].definition
    other = {"definition": definition | {"exits": []}}
    return Write({"code": journey().code}, {"definition": definition}, other)


def document() -> dict[str, Any]:
    said = {"title": "Report", "excerpt": "Brass.", "valid_from": "2026-01-01"}
    return said | {"code": f"W-{next(NUMBERS)}", "url": "https://lab.example/7"}


def revision() -> Write:
    body = document()
    body.pop("code")
    return Write({"id": make_evidence().pk}, body, body | {"title": "Another"})


def use() -> Write:
    body = {"sentence": "The spout is brass", "kind": "specification", "language": "en"}
    return Write({"id": make_evidence().pk}, body, body | {"language": "zh"})
