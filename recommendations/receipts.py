"""The kind of decision that this app makes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from decisions.kinds import DecisionKind, register


def _compute(inputs: dict) -> Any:
    from recommendations.services import ranking  # numeric libraries: not at start-up

    return ranking.compute(inputs)


register(DecisionKind("recommendation", _("Recommendation"), compute=_compute))
