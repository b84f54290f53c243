"""The definition of a journey, read and checked; no database.

    {"trigger": {"on": "cart_left", "minutes": 60},
     "exits": ["ordered"],
     "steps": [{"id": "reminder", "send": "email", "texts": {"en": {"subject": …, "body": …}}},
               {"id": "a-day", "wait": {"days": 1}},
               {"id": "saw-it", "when": {"opened": "reminder"},
                "then": [{"id": "enough", "end": true}], "otherwise": [ … steps … ]}]}

Steps run one after the other; a branch goes on with what follows it. docs/journeys.md has every
word; a test keeps the two alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from language.slots import slots_of
from marketing.definitions.journey_sends import read_send
from marketing.definitions.plan_reading import PlanError, mapping, whole

MAX_STEPS, MAX_DEPTH = 40, 4
OVER = 10_000  # behind the last instruction of every program
KINDS = ("send", "wait", "when", "end")
MARKETS = ("GB", "EU", "US", "CN")  # whose rules its texts can be held to
EXITS = ("ordered", "ordered_it")
UNITS = ("minutes", "hours", "days")
MAX_WAIT = timedelta(days=366)
# Trigger → its numbers, each with least, most and default; and whether it is about SKUs.
TRIGGERS: dict[str, dict[str, tuple[int, int, int]]] = {
    "cart_left": {"minutes": (5, 10080, 60)},
    "product_viewed": {"minutes": (5, 10080, 240), "views": (1, 50, 2)},
    "price_dropped": {"percent": (1, 90, 5), "days": (1, 90, 30)},
    "back_in_stock": {},
    "joined": {},
    "ordered": {"days": (0, 365, 7)},
    "delivered": {"days": (0, 365, 7)},
    "review_due": {"days": (1, 365, 10)},
    "silent": {"days": (7, 1095, 90)},
    "refill_due": {"days": (0, 60, 3)},
    "birthday": {"days": (0, 60, 0)},
    "segment_entered": {},
    "tier_entered": {},
    "tier_left": {},
}
# Trigger → what must be named beside its numbers.
NAMED = {"segment_entered": "segment", "tier_entered": "tier", "tier_left": "tier"}
ABOUT_SKUS = frozenset(
    {"cart_left", "product_viewed", "price_dropped", "back_in_stock", "refill_due"}
)
CONDITIONS = ("opened", "clicked", "ordered", "in_segment")


@dataclass(frozen=True)
class Instruction:
    """One step, flattened. `jump`: where a branch that says no goes on."""

    kind: str  # send, wait, when, end, goto
    step: str
    data: Mapping[str, Any] = field(default_factory=dict)
    jump: int = 0


@dataclass(frozen=True)
class Plan:
    trigger: str
    options: Mapping[str, Any]
    exits: tuple[str, ...]
    program: tuple[Instruction, ...]
    market: str = ""  # empty: those of the countries in which the shop sells

    @property
    def sends(self) -> list[Instruction]:
        return [one for one in self.program if one.kind == "send"]

    def step(self, name: str) -> Instruction:
        return next(one for one in self.program if one.step == name and one.kind != "goto")


def read_plan(definition: Any) -> Plan:
    """Raises PlanError with the place of the first thing that is wrong."""
    mapping(
        definition, "journey", {"trigger", "exits", "steps", "market"}, needs=("trigger", "steps")
    )
    trigger, options = _trigger(definition["trigger"])
    exits = _exits(definition.get("exits", []))
    if "ordered_it" in exits and trigger not in ABOUT_SKUS:
        raise PlanError("exits", _("“ordered_it” needs a trigger that is about products."))
    market = _market(definition.get("market", ""))
    reader = _Reader()
    reader.steps(definition["steps"], "steps", 1)
    _check_links(reader.program, trigger)
    if not any(one.kind == "send" for one in reader.program):
        raise PlanError("steps", _("There is no message in it."))
    reader.check_mentions()
    _refuse_unheard_wishes(trigger, reader.program)
    return Plan(trigger, options, exits, tuple(reader.program), market)


def _check_links(program: list[Instruction], trigger: str) -> None:
    """The form is of an order line, which one trigger alone knows."""
    if trigger != "review_due" and any(one.data.get("link") == "review_form" for one in program):
        raise PlanError("steps", _("“review_form” needs the trigger “review_due”."))


def wait_of(instruction: Instruction) -> timedelta:
    return timedelta(**{unit: instruction.data[unit] for unit in instruction.data})


class _Reader:
    """Writes the program while it walks the tree."""

    def __init__(self) -> None:
        self.program: list[Instruction] = []
        self.names: dict[str, str] = {}  # step → its kind, in the order of the definition
        self.mentions: list[tuple[str, str]] = []

    def steps(self, steps: Any, place: str, depth: int) -> None:
        if not isinstance(steps, list):
            raise PlanError(place, _("A list of steps is needed."))
        if depth > MAX_DEPTH:
            raise PlanError(place, _("Branches nest four deep at most."))
        for number, step in enumerate(steps, start=1):
            self.step(step, f"{place}[{number}]", depth)

    def step(self, step: Any, place: str, depth: int) -> None:
        kinds = [kind for kind in KINDS if isinstance(step, dict) and kind in step]
        if len(kinds) != 1:
            raise PlanError(place, _("A step has exactly one of: send, wait, when, end."))
        name = self._name(step, kinds[0], place)
        if len(self.names) > MAX_STEPS:
            raise PlanError(place, _("40 steps at most."))
        read = {"send": self.send, "wait": self.wait, "when": self.when, "end": self.end}
        read[kinds[0]](step, name, place, depth)

    def end(self, step: dict, name: str, place: str, depth: int) -> None:
        mapping(step, place, {"id", "end"})
        if step["end"] is not True:
            raise PlanError(f"{place}.end", _("true is needed."))
        self.program.append(Instruction("end", name, jump=OVER))

    def send(self, step: dict, name: str, place: str, depth: int) -> None:
        self.program.append(Instruction("send", name, read_send(step, place)))

    def wait(self, step: dict, name: str, place: str, depth: int) -> None:
        mapping(step, place, {"id", "wait"})
        mapping(step["wait"], f"{place}.wait", set(UNITS))
        numbers = {unit: whole(step["wait"][unit], f"{place}.wait.{unit}", 0, 10**6)
                   for unit in UNITS if unit in step["wait"]}  # fmt: skip
        if not timedelta() < timedelta(**numbers) <= MAX_WAIT:
            raise PlanError(f"{place}.wait", _("Longer than nothing, and a year at most."))
        self.program.append(Instruction("wait", name, numbers))

    def when(self, step: dict, name: str, place: str, depth: int) -> None:
        mapping(step, place, {"id", "when", "then", "otherwise"}, needs=("then",))
        condition = mapping(step["when"], f"{place}.when", set(CONDITIONS))
        if len(condition) != 1:
            raise PlanError(f"{place}.when", _("One condition is needed."))
        [(word, value)] = condition.items()
        if word in ("opened", "clicked"):
            self.mentions.append((str(value), f"{place}.when.{word}"))
        elif word == "ordered" and not isinstance(value, bool):
            raise PlanError(f"{place}.when.ordered", _("true or false is needed."))
        at = len(self.program)
        self.program.append(Instruction("when", name, condition))
        self.steps(step["then"], f"{place}.then", depth + 1)
        over = len(self.program)
        self.program.append(Instruction("goto", name))
        self.program[at] = Instruction("when", name, condition, jump=len(self.program))
        self.steps(step.get("otherwise", []), f"{place}.otherwise", depth + 1)
        self.program[over] = Instruction("goto", name, jump=len(self.program))

    def check_mentions(self) -> None:
        for name, place in self.mentions:
            if self.names.get(name) != "send":
                raise PlanError(
                    place, _("“%(step)s” is no message of this journey.") % {"step": name}
                )

    def _name(self, step: dict, kind: str, place: str) -> str:
        name = step.get("id")
        if not isinstance(name, str) or not 1 <= len(name) <= 40 or not _is_word(name):
            raise PlanError(f"{place}.id", _("A name of letters, digits and hyphens is needed."))
        if name in self.names:
            raise PlanError(f"{place}.id", _("“%(step)s” is there twice.") % {"step": name})
        self.names[name] = kind
        return name


def step_at(definition: Any, place: str) -> str:
    """The id of the step that a place such as `steps[2].then[1].texts` lies in; empty for none."""
    found, name = definition, ""
    for word, number in re.findall(r"(steps|then|otherwise)\[(\d+)\]", place):
        steps = found.get(word) if isinstance(found, dict) else None
        if not isinstance(steps, list) or len(steps) < int(number):
            break
        found = steps[int(number) - 1]
        name = str(found.get("id", "")) if isinstance(found, dict) else name
    return name


def walk(steps: list[dict], depth: int = 0) -> Iterator[tuple[int, str, dict]]:
    """Every step with its depth and the way that leads to it, in reading order."""
    for step in steps:
        yield depth, "", step
        for way in ("then", "otherwise"):
            for one in step.get(way, []):
                first = True
                for deeper, _way, inner in walk([one], depth + 1):
                    yield deeper, way if first else _way, inner
                    first = False


def _trigger(found: Any) -> tuple[str, dict[str, Any]]:
    name = found.get("on") if isinstance(found, dict) else None
    if name not in TRIGGERS:
        raise PlanError("trigger.on", _("One of: %(names)s.") % {"names": ", ".join(TRIGGERS)})
    numbers = TRIGGERS[name]
    needed = (NAMED[name],) if name in NAMED else ()
    mapping(found, "trigger", {"on", *numbers, *needed}, needs=needed)
    options: dict[str, Any] = {
        key: whole(found.get(key, default), f"trigger.{key}", least, most)
        for key, (least, most, default) in numbers.items()
    }
    for key in needed:
        if not isinstance(found[key], str) or not 1 <= len(found[key]) <= 40:
            message = {
                "segment": _("The code of a segment is needed."),
                "tier": _("The code of a tier is needed."),
            }[key]
            raise PlanError(f"trigger.{key}", message)
        options[key] = found[key]
    return name, options


def _refuse_unheard_wishes(trigger: str, program: list[Instruction]) -> None:
    """Who asked to be told is told, with the discount or without."""
    for one in program:
        gate = one.data.get("gate") if one.kind == "send" else None
        if trigger == "back_in_stock" and gate and not gate["plain"]:
            place, said = one.step, _("Who asked for it is told: a text without the discount.")
            raise PlanError(f"{place}.where_it_pays.plain", said)


def _exits(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or any(one not in EXITS for one in found):
        raise PlanError("exits", _("A list of: %(names)s.") % {"names": ", ".join(EXITS)})
    return tuple(found)


def _market(found: Any) -> str:
    if found not in ("", *MARKETS):
        raise PlanError("market", _("One of: %(names)s.") % {"names": ", ".join(MARKETS)})
    return found


def fallback_language(texts: Mapping[str, Any]) -> str:
    """What somebody gets whose language has no text: the shop's own, else the first there is."""
    own = "zh" if settings.LANGUAGE_CODE.startswith("zh") else "en"
    return own if own in texts else next(iter(texts))


def slots_used(text: Mapping[str, str]) -> set[str]:
    return slots_of(text["subject"]) | slots_of(text["body"])


def _is_word(name: str) -> bool:
    return all(part.isascii() and part.isalnum() for part in name.split("-"))
