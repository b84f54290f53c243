"""What the pages of the machine room show: contexts for templates, from rows that are loaded."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from decisions.jobs import all_handlers
from decisions.models import Job, JobState, ModelRun, RunState
from decisions.services.artefacts import ArtefactError, artefact_path
from decisions.templatetags.receipts import colour
from decisions.text import render, words

OTHER_RUNS = 20


def job_page(job: Job, *, may_change: bool) -> dict[str, Any]:
    stopped = job.state in (JobState.FAILED, JobState.CANCELLED)
    return {
        "job": job,
        "steps": [step_line(step) for step in job.steps.order_by("pk")[:200]],
        "runs": job.model_runs.order_by("pk")[:20],
        "may_change": may_change,
        "may_retry": may_change and stopped and job.parent_id is None,
        "last_line": (job.error.strip().splitlines() or [""])[-1],
    }


def step_line(job: Job) -> dict[str, Any]:
    """A child job in one line: what it made, why it was left out, or why it failed."""
    result = job.result or {}
    skipped = result.get("skipped", {})
    text = render(skipped)
    if job.error:
        text = job.error.strip().splitlines()[-1]
    return {
        "job": job,
        "label": job.payload.get("label") or job.payload.get("step") or job.kind,
        "made": {} if skipped else result.get("summary", result),
        "state": _("left out") if skipped else job.get_state_display(),
        "colour": "default" if skipped else colour(job.state),
        "text": text,
    }


def run_page(run: ModelRun, *, other_id: str, may_change: bool) -> dict[str, Any]:
    others = list(ModelRun.objects.filter(task=run.task).exclude(pk=run.pk)[:OTHER_RUNS])
    compared = next((other for other in others if str(other.pk) == other_id), None)
    problem = file_problem(run)
    fit = run.beats_baseline and run.state != RunState.LIVE and not problem
    return {
        "run": run,
        "others": others,
        "compared": compared,
        "table": metrics_table(run, compared),
        "periods": run.live_periods.select_related("changed_by")[:50],
        "file_problem": problem,
        "may_make_live": may_change and fit,
        "live_text": _("The run that serves %(task)s now is retired; one click brings it back.")
        % {"task": words(run.task)},
    }


def metrics_table(run: ModelRun, other: ModelRun | None = None) -> dict[str, Any]:
    """Model × metric with the gate's metric first, the chosen model on top, then the baseline."""
    per_model = {name: row for name, row in run.metrics.items() if isinstance(row, dict)}
    names = {metric for row in per_model.values() for metric, v in row.items() if _is_figure(v)}
    metrics = sorted(names, key=lambda name: (name != run.metric, name))
    order = sorted(per_model, key=lambda n: (n != run.model, n != run.baseline, n))
    beside = other.metrics if other else {}
    return {
        "metrics": metrics,
        "rows": [
            {
                "name": name,
                "chosen": name == run.model,
                "baseline": name == run.baseline,
                "cells": [
                    {"value": per_model[name].get(m), "other": _cell(beside, name, m)}
                    for m in metrics
                ],
            }
            for name in order
        ],
    }


def file_problem(run: ModelRun) -> str:
    """Why the run's file cannot be used; empty when it is whole or the run has none."""
    if not run.artefact:
        return ""
    try:
        artefact_path(run)
    except ArtefactError as error:
        return str(error)
    return ""


def kind_choices() -> list[tuple[str, Any]]:
    return [(handler.kind, handler.label) for handler in all_handlers()]


def _is_figure(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _cell(metrics: dict, model: str, metric: str) -> Any:
    row = metrics.get(model)
    return row.get(metric) if isinstance(row, dict) else None
