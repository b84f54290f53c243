"""Whom a message moves, in money: the curve of the newest fit, judged on customers it did not see."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from access.figures import figure, percent
from decisions.models import ModelRun
from decisions.services.model_runs import live_run
from marketing.pages.uplift_chart import Point, uplift_chart
from marketing.services.effects.uplift import TASK
from shop.money import format_money

# Money per customer is small: it is said of so many of them.
PER = 1000


def uplift_page() -> dict[str, Any]:
    """Of the live run, else of the newest one, which then did not beat a random order."""
    live = live_run(TASK)
    run = live or ModelRun.objects.filter(task=TASK).order_by("-pk").first()
    if run is None:
        return {"run": None}
    return {"run": run, "is_live": live is not None, **figures_of(run)}


def figures_of(run: ModelRun) -> dict[str, Any]:
    """Empty for runs from before the curve was kept."""
    kept = run.metrics.get("curve_minor")
    if not kept:
        return {"curve": ""}
    steps = [Point(**step) for step in kept["steps"]]
    judged = run.metrics["qini_minor"][run.model]
    best = max(steps, key=lambda step: step.money)
    return {
        "curve": uplift_chart(steps, _("Profit by the share that gets the message"), money),
        "best": {"share": percent(best.share), "money": money(best.money), "band": _band(best)},
        "everybody": {"money": money(steps[-1].money), "band": _band(steps[-1])},
        "area": {
            "value": money(judged["area"]),
            "band": _("%(low)s to %(high)s")
            % {"low": money(judged["low"]), "high": money(judged["high"])},
        },
        "under": money(kept["area"]),
        "cost": format_money(round(kept["cost"])),
        "customers": figure(kept["customers"]),
        "level": percent(kept["level"], 1),
        "steps": [
            {"share": percent(step.share), "money": money(step.money), "band": _band(step)}
            for step in steps[:: max(1, len(steps) // 10)]
        ],
    }


def money(each: float) -> str:
    """Of a thousand customers of the list."""
    return format_money(round(each * PER))


def _band(step: Point) -> str:
    return _("%(low)s to %(high)s") % {"low": money(step.low), "high": money(step.high)}
