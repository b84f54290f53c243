"""Journeys for staff and their programs: read them, write versions, let them go live, pause, stop."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView
from decisions.text import render
from marketing.definitions.journey_plan import read_plan
from marketing.models import FaultAt, Journey, JourneyState, PulledStep, PullState
from marketing.pages.journey_texts import PULLED_SHOWN, program_of
from marketing.pages.journeys import faults, state_counts, step_rows
from marketing.services.journeys import journeys
from marketing.services.journeys.journey_review import reviews_of

describe(
    "journey",
    _("The journey cannot be written or moved like that."),
    _("Read the place and the reason in `detail`."),
)
DECIDED = {"step_released": journeys.release_step, "step_skipped": journeys.skip_step}
OF_LIVE = F("live_version__definition__market")
OF_COPY = "A variant, `plain` without the discount; empty: of a single text."
COLUMNS = ("code", "name", "name_zh", "state", "holdout_rate", "live_since")


class JourneyOut(s.Serializer):
    code = s.CharField()
    name = s.CharField()
    name_zh = s.CharField()
    state = s.ChoiceField(JourneyState.choices)
    holdout_rate = s.FloatField()
    live_since = s.DateTimeField(allow_null=True)
    live_version = s.IntegerField(allow_null=True)
    market = s.CharField(help_text="Of the live version; empty: every market, or not live.")


class JourneyStepOut(s.Serializer):
    id = s.CharField()
    kind = s.ChoiceField(["send", "wait", "when"])
    visits = s.IntegerField()
    outcomes = s.DictField(child=s.IntegerField())


class TextFindingOut(s.Serializer):
    step = s.CharField()
    copy = s.CharField(help_text=OF_COPY)
    language = s.CharField()
    sentence = s.CharField()
    reason = s.CharField()


class PulledStepOut(s.Serializer):
    version = s.IntegerField()
    step = s.CharField()
    copy = s.CharField(help_text=OF_COPY)
    language = s.CharField()
    sentence = s.CharField()
    reason = s.CharField()
    pulled_at = s.DateTimeField()


class JourneyFaultOut(s.Serializer):
    where = s.ChoiceField(FaultAt.choices)
    customer = s.CharField(help_text="Empty: of the whole journey.")
    error = s.CharField()
    attempts = s.IntegerField()
    last_at = s.DateTimeField()
    next_at = s.DateTimeField(help_text="Not tried again before.")


class JourneyDetailOut(JourneyOut):
    newest_version = s.IntegerField(allow_null=True)
    definition = s.JSONField(allow_null=True)
    enrolments = s.DictField(child=s.IntegerField())
    steps = JourneyStepOut(many=True)
    blocked_by = TextFindingOut(many=True)
    pulled = PulledStepOut(many=True)
    faults = JourneyFaultOut(many=True, help_text="What broke and has not gone well since.")


class VersionIn(s.Serializer):
    definition = s.JSONField()


class VersionOut(s.Serializer):
    number = s.IntegerField()
    market = s.CharField(help_text="Whose rules it is held to; empty: of every market.")
    definition = s.JSONField()
    author = s.CharField()
    created_at = s.DateTimeField()


class JourneyStepIn(s.Serializer):
    to = s.ChoiceField(["live", "paused", "stopped", "step_released", "step_skipped"])
    step = s.CharField(required=False, max_length=40)
    copy = s.CharField(
        required=False, max_length=5, allow_blank=True, default="", help_text=OF_COPY
    )
    version = s.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class Journeys(MerchantView):
    needs = {"GET": "marketing.view_journey"}

    @extend_schema(responses=JourneyOut(many=True))
    def get(self, request: Request) -> Response:
        """Journeys, newest first."""
        rows = Journey.objects.values(
            "pk", *COLUMNS, number=F("live_version__number"), market=OF_LIVE
        )
        return self.page(rows, lambda page: [_row(row) for row in page])


class JourneyDetail(MerchantView):
    needs = {"GET": "marketing.view_journey"}

    @extend_schema(responses=JourneyDetailOut)
    def get(self, request: Request, code: str) -> Response:
        """One journey: the live definition, else the newest, and how many came past each step."""
        return Response(_detail(_journey(code)))


class JourneyVersions(MerchantView):
    needs = {"GET": "marketing.view_journey", "POST": "marketing.change_journey"}
    needs_idempotency_key = ("POST",)

    @extend_schema(responses=VersionOut(many=True))
    def get(self, request: Request, code: str) -> Response:
        """Versions, newest first."""
        rows = _journey(code).versions.values("pk", "number", "definition", "author", "created_at")
        return self.page(rows, lambda page: [_version(row) for row in page])

    @extend_schema(request=VersionIn, responses={201: VersionOut})
    def post(self, request: Request, code: str) -> Response:
        """Write the next version; the newest one sent again is that one. Nothing goes live."""
        wanted = self.checked(VersionIn, request.data)
        try:
            version = journeys.save_version(
                _journey(code), wanted["definition"], author=request.user
            )
        except journeys.JourneyError as error:
            raise Problem("journey", str(error)) from error
        names = ("number", "definition", "author", "created_at")
        return Response(_version({name: getattr(version, name) for name in names}), status=201)


class JourneySteps(MerchantView):
    needs = {"POST": "marketing.change_journey"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=JourneyStepIn, responses=JourneyDetailOut)
    def post(self, request: Request, code: str) -> Response:
        """live (with a version, or again after a pause), paused, or stopped: everybody leaves.

        step_released and step_skipped, with `step`, `copy` and `version`: what becomes of a pulled message.
        """
        wanted, journey = self.checked(JourneyStepIn, request.data), _journey(code)
        try:
            _move(journey, wanted, request.user)
        except journeys.JourneyError as error:
            raise Problem("journey", str(error)) from error
        return Response(_detail(_journey(code)))


def _pulled(journey: Journey, wanted: dict[str, Any]) -> PulledStep:
    """The newest of this step and version; the same decision sent again changes nothing."""
    rows = PulledStep.objects.filter(
        version__journey=journey,
        version__number=wanted.get("version"),
        step=wanted.get("step"),
        arm=wanted.get("copy", ""),
    ).select_related("version__journey")
    if (found := rows.first()) is None:
        raise journeys.JourneyError(_("No message of this version and step was pulled."))
    return found


def _move(journey: Journey, wanted: dict[str, Any], by: Any) -> None:
    if wanted["to"] in DECIDED:
        DECIDED[wanted["to"]](_pulled(journey, wanted), by)
    elif wanted["to"] == "stopped":
        journeys.stop(journey)
    elif wanted["to"] == "paused":
        if journey.state != JourneyState.PAUSED:
            journeys.pause(journey)
    elif "version" in wanted:
        journeys.go_live(journey, get_object_or_404(journey.versions, number=wanted["version"]))
    elif journey.state != JourneyState.LIVE:
        journeys.resume(journey)


def _journey(code: str) -> Journey:
    return get_object_or_404(Journey.objects.select_related("live_version"), code=code)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in COLUMNS} | {
        "live_version": row["number"],
        "market": row["market"] or "",
    }


def _version(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "pk"} | {
        "market": row["definition"].get("market", "")
    }


def _detail(journey: Journey) -> dict[str, Any]:
    newest = journey.versions.first()
    shown = journey.live_version or newest
    definition = shown.definition if shown else None
    is_readable = shown is not None and bool(program_of(shown))
    held = PulledStep.objects.filter(version__journey=journey, state=PullState.HELD)
    held = held.select_related("version")[:PULLED_SHOWN]
    return {
        **{name: getattr(journey, name) for name in COLUMNS},
        "live_version": journey.live_version.number if journey.live_version else None,
        "market": journey.live_version.definition.get("market", "") if journey.live_version else "",
        "newest_version": newest.number if newest else None,
        "definition": definition,
        "enrolments": dict(state_counts(journey)),
        "steps": [
            {name: step[name] for name in ("id", "kind", "visits")}
            | {"outcomes": dict(step["outcomes"])}
            for step in step_rows(journey, definition if is_readable else {})
        ],
        "blocked_by": [
            {
                "step": one.step,
                "copy": one.arm,
                "language": one.language,
                "sentence": words,
                "reason": why,
            }
            for one in (reviews_of(read_plan(definition)) if is_readable else [])
            for words, why in one.words_in_the_way
        ],
        "pulled": [
            {
                **{
                    name: getattr(one, name)
                    for name in ("step", "language", "sentence", "pulled_at")
                },
                "copy": one.arm,
                "version": one.version.number,
                "reason": render(one.why),
            }
            for one in held
        ],
        "faults": [
            {
                name: getattr(one, name)
                for name in ("where", "error", "attempts", "last_at", "next_at")
            }
            | {"customer": one.enrolment.customer.code if one.enrolment else ""}
            for one in faults(journey)["rows"]
        ],
    }
