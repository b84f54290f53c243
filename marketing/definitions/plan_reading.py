"""The pieces that a definition is read with: what is wrong is said with its place."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from access.figures import significant

MAX_HELD_OUT = 0.5  # of those who reach a step, as of a journey and a campaign


class PlanError(ValueError):
    """What is wrong with a definition and where, in words for whoever wrote it."""

    def __init__(self, place: str, problem: str):
        super().__init__(f"{place}: {problem}")
        self.place, self.problem = place, problem


def mapping(found: Any, place: str, allowed: set[str], needs: tuple[str, ...] = ()) -> dict:
    if not isinstance(found, dict):
        raise PlanError(place, _("An object is needed."))
    if unknown := sorted(set(map(str, found)) - allowed):
        known = ", ".join(sorted(allowed))
        raise PlanError(
            place,
            _("“%(name)s” is unknown; there is %(known)s.") % {"name": unknown[0], "known": known},
        )
    for name in needs:
        if name not in found:
            raise PlanError(place, _("“%(name)s” is missing.") % {"name": name})
    return found


def whole(value: Any, place: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise PlanError(
            place, _("A whole number from %(least)s to %(most)s.") % {"least": least, "most": most}
        )
    return value


def share(value: Any, place: str, least: float = 0.0, most: float = MAX_HELD_OUT) -> float:
    """A number from `least` to `most`; NaN is none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        said = _("A number from %(least)s to %(most)s.")
        raise PlanError(place, said % {"least": significant(least), "most": significant(most)})
    return float(value)
