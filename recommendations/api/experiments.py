"""Experiments on placements for staff and their programs: the same checks as the page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView
from decisions.models import Experiment
from decisions.services.experiments import (
    ExperimentError,
    free_key,
    save_experiment,
    start_experiment,
    stop_experiment,
)
from recommendations.api import experiment_shapes as shapes
from recommendations.services.trials import PLACE

describe(
    "experiment-state",
    _("The experiment cannot take this step."),
    _("Read the reason in `detail`, then the experiment's state."),
)
PLAIN = (
    "key", "label", "metric", "state", "starts_at", "ends_at", "stopped_at", "note", "layer",
    "traffic_rate", "allocation", "planned_units", "guardrail_margin", "created_at",
)  # fmt: skip


class Experiments(MerchantView):
    needs = {"GET": "decisions.view_experiment", "POST": "decisions.add_experiment"}
    needs_idempotency_key = ("POST",)

    @extend_schema(parameters=[shapes.ExperimentFilter], responses=shapes.ExperimentOut(many=True))
    def get(self, request: Request) -> Response:
        """Experiments, newest first."""
        wanted = self.checked(shapes.ExperimentFilter, request.query_params)
        rows = Experiment.objects.filter(place__startswith=PLACE, **wanted)
        return self.page(rows, lambda page: [_row(one) for one in page])

    @extend_schema(request=shapes.ExperimentIn, responses={201: shapes.ExperimentOut})
    def post(self, request: Request) -> Response:
        """A new draft. The first arm is what the others are compared with."""
        said = self.checked(shapes.ExperimentIn, request.data)
        experiment = Experiment(
            key=free_key(slugify(said["label"])),
            place=f"{PLACE}{said.pop('placement')}",
            author=request.user,
            **said,
        )
        try:
            save_experiment(experiment)
        except ExperimentError as error:
            raise ValidationError({"arms": [str(error)]}) from error
        return Response(_row(experiment), status=201)


class ExperimentOne(MerchantView):
    needs = {"GET": "decisions.view_experiment"}

    @extend_schema(responses=shapes.ExperimentDetailOut)
    def get(self, request: Request, pk: int) -> Response:
        """One experiment with its verdicts; money in minor units."""
        from recommendations.services import trial_results as results  # numeric libraries
        from recommendations.services.trial_attributed import TooManyExposuresError

        experiment = _experiment(pk)
        try:
            found = results.trial_results(experiment)
        except TooManyExposuresError as error:
            detail = _("Too many people for this figure: profit is added up in the database.")
            raise Problem("experiment-state", detail) from error
        return Response(_row(experiment) | _results(found))


class ExperimentStart(MerchantView):
    needs = {"POST": "decisions.change_experiment"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=None, responses=shapes.ExperimentOut)
    def post(self, request: Request, pk: int) -> Response:
        """From then on arms and shares stand still. 409 when another one runs there."""
        try:
            return Response(_row(start_experiment(_experiment(pk))))
        except ExperimentError as error:
            raise Problem("experiment-state", str(error)) from error


class ExperimentStop(MerchantView):
    needs = {"POST": "decisions.change_experiment"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=None, responses=shapes.ExperimentOut)
    def post(self, request: Request, pk: int) -> Response:
        """Everybody gets the placement's own settings again; what has stopped stays as it is."""
        stop_experiment(_experiment(pk))
        return Response(_row(_experiment(pk)))


def _experiment(pk: int) -> Experiment:
    return get_object_or_404(Experiment.objects.filter(place__startswith=PLACE), pk=pk)


def _row(experiment: Experiment) -> dict[str, Any]:
    return {
        "id": experiment.pk,
        "placement": experiment.place.removeprefix(PLACE),
        "arms": experiment.arms,
        **{name: getattr(experiment, name) for name in PLAIN},
    }


def _results(found: Any) -> dict[str, Any]:
    return {
        "warning": found.warning,
        "sample_ratio_p": found.ratio_p,
        "crossed": found.crossed,
        "is_final": found.is_final,
        "unknown_cost_units": found.unknown_cost_units,
        "winsor_limit": found.winsor_limit,
        "winsorised": found.winsorised,
        "people": [
            {
                "arm": arm.name, "persons": arm.persons, "hits": arm.hits, "mean": arm.mean,
                "unsubscribed": arm.unsubscribed,
            }
            for arm in found.arms
        ],
        "against": [_against(one) for one in found.against],
        "stock": _stock(found) if found.stock else None,
    }  # fmt: skip


def _stock(found: Any) -> dict[str, Any]:
    stock = found.stock
    return {
        "skus": stock.skus,
        "left_out_units": stock.left_out_units,
        "named": [
            {
                "sku": one.sku, "ran_out_at": one.at, "left_out_units": one.left_out_units,
                "sold": [{"arm": arm, "units": units} for arm, units in one.units.items()],
            }
            for one in stock.named
        ],
        "interference": [
            {
                "arm": one.arm, "is_warning": one.is_warning, "took": one.took,
                "verdict_without": one.verdict_without, "text": one.text,
            }
            for one in found.interferences
        ],
    }  # fmt: skip


def _against(one: Any) -> dict[str, Any]:
    reading, interval = one.reading, one.interval
    return {
        "arm": one.arm,
        "verdict": one.verdict,
        "text": one.text,
        "guardrail": one.guardrail,
        "effect_moved": one.has_moved,
        "difference": reading.effect.difference if reading else None,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "smallest_detectable": reading.smallest_always if reading else None,
        "bayes": asdict(reading.belief) if reading and reading.belief else None,
    }
