"""What the pages of jobs, model runs and decisions need beyond their rows."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from access.figures import significant
from decisions.jobs import find_handler
from decisions.kinds import find_kind
from decisions.models import Decision, Job
from decisions.text import render, words

register = template.Library()
register.filter("words", words)
STATE_COLOURS = {
    "queued": "info", "running": "warning", "succeeded": "success", "failed": "danger",
    "cancelled": "default", "candidate": "info", "live": "success", "refused": "danger",
    "retired": "default", "pending": "warning", "approved": "success", "expired": "default",
    "superseded": "default", "automatic": "info", "draft": "info", "stopped": "default",
}  # fmt: skip
LONGEST_BAR = 100.0
MOST_COLUMNS = 12
MOST_IN_A_CELL = 4
IDENTIFIER = re.compile(r"[a-z]+(_[a-z]+)*")


@register.filter
def stored(text: dict) -> str:
    """A stored sentence in the reader's language."""
    return render(text)


@register.filter
def translated(msgid: str) -> str:
    """A stored message id without parameters, e.g. the label of a step."""
    return gettext(msgid) if msgid else ""


@register.filter
def pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)


@register.filter
def colour(state: str) -> str:
    return STATE_COLOURS.get(str(state), "default")


@register.filter
def job_label(job: Job) -> str:
    """The step's or the kind's own words."""
    handler = find_handler(job.kind)
    label = str(handler.label) if handler else job.kind
    step = job.payload.get("label") or job.payload.get("step") if job.parent_id else ""
    return gettext(step) if step else label


@register.filter
def kind_label(decision: Decision) -> str:
    kind = find_kind(decision.kind)
    return str(kind.label) if kind else decision.kind


@register.filter
def is_minor(name: str) -> bool:
    """Whether a field's name says that it holds money in minor units."""
    return str(name).endswith("_minor")


@register.filter
def sentence_of(value: Any) -> bool:
    """Whether a stored value is a sentence."""
    return isinstance(value, dict) and "msgid" in value


@register.filter
def figure(value: Any) -> str:
    """A number with as many digits as say something; a dash for what is missing.

    An identifier such as `pack_size` reads as words.
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return words(value) if IDENTIFIER.fullmatch(value) else _moment(value) or value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return significant(value)


def _moment(text: str) -> str:
    """A stored ISO 8601 time in the reader's format and the shop's zone; empty for other text."""
    if len(text) < 19 or text[10] != "T":
        return ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return date_format(localtime(moment) if moment.tzinfo else moment, "DATETIME_FORMAT")


@register.filter
def bars(parts: list) -> list[dict]:
    """Score parts as lines of a bar list: a label, the number, its width against the largest."""
    lines = [_bar(part) for part in parts if isinstance(part, dict)]
    largest = max((abs(line["value"]) for line in lines if line["value"] is not None), default=0)
    for line in lines:
        share = abs(line["value"]) / largest if largest and line["value"] is not None else 0
        line["width"] = round(LONGEST_BAR * share, 1)
    return lines


def _bar(part: dict) -> dict:
    names = {name: value for name, value in part.items() if isinstance(value, str)}
    numbers = [v for v in part.values() if isinstance(v, int | float) and not isinstance(v, bool)]
    value = part.get("score", part.get("value", numbers[-1] if numbers else None))
    return {"label": " · ".join(names.values()), "value": value if numbers else None}


@register.filter
def facts(value: Any) -> list[tuple[str, Any, bool]]:
    """A dict as rows: name, value, whether the value is a table of its own."""
    if not isinstance(value, dict):
        return [("", value, isinstance(value, list))] if value else []
    return [(name, inner, isinstance(inner, dict | list)) for name, inner in value.items()]


@register.filter
def line_of(value: Any) -> str:
    """One dict of a list as one line: `product 7, gate cannot be sold now`; a sentence as itself."""
    if isinstance(value, dict) and "msgid" in value:
        return render(value)
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{words(k)} {line_of(v)}" for k, v in value.items() if v not in (None, ""))


@register.filter
def grid(value: Any, limit: int = 20) -> dict | None:
    """A list of dicts of plain values, or of lists of them, as columns and rows; else None."""
    if not (isinstance(value, list) and value and all(isinstance(row, dict) for row in value)):
        return None
    columns = list(dict.fromkeys(name for row in value[:limit] for name in row))
    cells = [cell for row in value[:limit] for cell in row.values()]
    if len(columns) > MOST_COLUMNS or not all(is_cell(cell) for cell in cells):
        return None
    rows = [[(name, _cell(row.get(name))) for name in columns] for row in value[:limit]]
    return {"columns": columns, "rows": rows, "more": max(0, len(value) - limit)}


def is_cell(value: Any) -> bool:
    """Whether a value fits into one cell of a table."""
    if isinstance(value, list):
        return len(value) <= MOST_IN_A_CELL and not any(isinstance(v, dict | list) for v in value)
    return not isinstance(value, dict)


def _cell(value: Any) -> Any:
    return ", ".join(figure(part) for part in value) if isinstance(value, list) else value
