"""Jobs, model runs and decisions for staff and their programs. Writes call a service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.pagination import Cursor
from access.api.problems import Problem
from access.api.views import MerchantView
from decisions.api import serializers as shapes
from decisions.kinds import CannotCarryOutError
from decisions.models import Decision, Job, ModelRun
from decisions.services import jobs, model_runs, receipts
from decisions.services.artefacts import ArtefactError


class NewestFirst(Cursor):
    """Decisions have random keys: their pages follow the time they were made."""

    ordering = "-created_at"

    def decode_cursor(self, request: Request) -> Any:
        cursor = CursorPagination.decode_cursor(self, request)
        if cursor and cursor.position is not None and _moment(cursor.position) is None:
            raise ValidationError({"cursor": [_("Use the address of `next`.")]})
        return cursor


def _moment(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


class Jobs(MerchantView):
    needs = {"GET": "decisions.view_job"}

    @extend_schema(parameters=[shapes.JobFilter], responses=shapes.JobRow(many=True))
    def get(self, request: Request) -> Response:
        """Long steps, newest first, without the steps of a night."""
        chosen = shapes.checked(shapes.JobFilter, request.query_params)
        rows = Job.objects.filter(parent=None, **chosen)
        return self.page(rows, lambda page: shapes.JobRow(page, many=True).data)


class JobOne(MerchantView):
    needs = {"GET": "decisions.view_job"}

    @extend_schema(responses=shapes.JobDetail)
    def get(self, request: Request, pk: int) -> Response:
        """One job with its steps, result and error."""
        job = get_object_or_404(Job.objects.prefetch_related("steps"), pk=pk)
        return Response(shapes.JobDetail(job).data)


class JobCancel(MerchantView):
    needs = {"POST": "decisions.change_job"}

    @extend_schema(request=None, responses=shapes.JobDetail)
    def post(self, request: Request, pk: int) -> Response:
        """Stop a queued job now, a running one at its next step."""
        job = get_object_or_404(Job, pk=pk)
        if not jobs.cancel(job, by=request.user):
            raise Problem("conflict", _("The job is finished already."), status=409)
        job.refresh_from_db()
        return Response(shapes.JobDetail(job).data)


class ModelRuns(MerchantView):
    needs = {"GET": "decisions.view_modelrun"}

    @extend_schema(parameters=[shapes.RunFilter], responses=shapes.RunRow(many=True))
    def get(self, request: Request) -> Response:
        """Trainings, newest first, each with its verdict against the baseline."""
        chosen = shapes.checked(shapes.RunFilter, request.query_params)
        rows = ModelRun.objects.filter(**chosen)
        return self.page(rows, lambda page: shapes.RunRow(page, many=True).data)


class ModelRunOne(MerchantView):
    needs = {"GET": "decisions.view_modelrun"}

    @extend_schema(responses=shapes.RunDetail)
    def get(self, request: Request, pk: int) -> Response:
        """One training with every figure of its backtest."""
        return Response(shapes.RunDetail(get_object_or_404(ModelRun, pk=pk)).data)


class ModelRunLive(MerchantView):
    needs = {"POST": "decisions.change_modelrun"}

    @extend_schema(request=shapes.Reason, responses=shapes.RunDetail)
    def post(self, request: Request, pk: int) -> Response:
        """Let this run serve: how an earlier model is rolled back to."""
        run = get_object_or_404(ModelRun, pk=pk)
        reason = shapes.checked(shapes.Reason, request.data)["reason"]
        try:
            model_runs.make_live(run, reason=reason, by=request.user)
        except (model_runs.NotFitError, model_runs.LiveChangedError, ArtefactError) as error:
            raise Problem("conflict", str(error), status=409) from error
        return Response(shapes.RunDetail(run).data)


class Decisions(MerchantView):
    needs = {"GET": "decisions.view_decision"}
    pagination_class = NewestFirst

    @extend_schema(parameters=[shapes.DecisionFilter], responses=shapes.DecisionRow(many=True))
    def get(self, request: Request) -> Response:
        """Receipts, newest first."""
        chosen = shapes.checked(shapes.DecisionFilter, request.query_params)
        rows = Decision.objects.filter(**chosen)
        return self.page(rows, lambda page: shapes.DecisionRow(page, many=True).data)


class DecisionOne(MerchantView):
    needs = {"GET": "decisions.view_decision"}

    @extend_schema(responses=shapes.DecisionDetail)
    def get(self, request: Request, pk: UUID) -> Response:
        """One receipt: inputs, score parts, constraints, alternatives, output, who decided."""
        return Response(shapes.DecisionDetail(_decision(pk)).data)


class DecisionApprove(MerchantView):
    needs = {"POST": "decisions.view_decision"}  # the kind names what approving needs

    @extend_schema(request=shapes.Note, responses=shapes.DecisionDetail)
    def post(self, request: Request, pk: UUID) -> Response:
        """Approve it and carry it out."""
        return _decide(receipts.approve, request, pk)


class DecisionRefuse(MerchantView):
    needs = {"POST": "decisions.view_decision"}

    @extend_schema(request=shapes.Note, responses=shapes.DecisionDetail)
    def post(self, request: Request, pk: UUID) -> Response:
        """Refuse it and put back what waited for it."""
        return _decide(receipts.refuse, request, pk)


class DecisionReplay(MerchantView):
    needs = {"POST": "decisions.view_decision"}

    @extend_schema(request=None, responses=shapes.Replay)
    def post(self, request: Request, pk: UUID) -> Response:
        """Compute it again from its receipt."""
        decision = _decision(pk)
        try:
            again, equal = receipts.replay(decision)
        except (receipts.NotReplayableError, KeyError) as error:
            raise Problem("conflict", str(error), status=409) from error
        return Response({"equal": equal, "recorded": decision.output, "computed": again})


def _decision(pk: UUID) -> Decision:
    return get_object_or_404(Decision.objects.prefetch_related("changes__by"), pk=pk)


def _decide(verb: Callable[..., Decision], request: Request, pk: UUID) -> Response:
    decision = get_object_or_404(Decision, pk=pk)
    note = shapes.checked(shapes.Note, request.data or {})["note"]
    try:
        verb(decision, request.user, note=note)
    except (receipts.DecisionClosedError, CannotCarryOutError) as error:
        raise Problem("conflict", str(error), status=409) from error
    except PermissionDenied as error:
        raise Problem("permission-denied", str(error), status=403) from error
    return Response(shapes.DecisionDetail(_decision(pk)).data)
