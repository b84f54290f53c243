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

MAX_STEPS, MAX_DEPTH = 40, 4
OVER = 10_000  # behind the last instruction of every program
KINDS = ("send", "wait", "when", "end")
CHANNELS = ("email", "sms", "push")
LANGUAGES = ("en", "zh")
MARKETS = ("GB", "EU", "US", "CN")  # whose rules its texts can be held to
EXITS = ("ordered", "ordered_it")
LINKS = ("product", "review")  # where {link} of a message leads
UNITS = ("minutes", "hours", "days")
MAX_WAIT = timedelta(days=366)
MAX_HELD_OUT = 0.5  # of those who reach a step, as of a journey and a campaign
# Trigger → its numbers, each with least, most and default; and whether it is about SKUs.
TRIGGERS: dict[str, dict[str, tuple[int, int, int]]] = {
    "cart_left": {"minutes": (5, 10080, 60)},
    "product_viewed": {"minutes": (5, 10080, 240), "views": (1, 50, 2)},
    "price_dropped": {"percent": (1, 90, 5), "days": (1, 90, 30)},
    "back_in_stock": {},
    "joined": {},
    "ordered": {"days": (0, 365, 7)},
    "delivered": {"days": (0, 365, 7)},
    "silent": {"days": (7, 1095, 90)},
    "refill_due": {"days": (0, 60, 3)},
    "birthday": {"days": (0, 60, 0)},
    "segment_entered": {},
}
# Trigger → what must be named beside its numbers.
NAMED = {"segment_entered": "segment"}
ABOUT_SKUS = frozenset(
    {"cart_left", "product_viewed", "price_dropped", "back_in_stock", "refill_due"}
)
CONDITIONS = ("opened", "clicked", "ordered", "in_segment")


class PlanError(ValueError):
    """What is wrong with a definition and where, in words for whoever wrote it."""

    def __init__(self, place: str, problem: str):
        super().__init__(f"{place}: {problem}")
        self.place, self.problem = place, problem


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
    _mapping(
        definition, "journey", {"trigger", "exits", "steps", "market"}, needs=("trigger", "steps")
    )
    trigger, options = _trigger(definition["trigger"])
    exits = _exits(definition.get("exits", []))
    if "ordered_it" in exits and trigger not in ABOUT_SKUS:
        raise PlanError("exits", _("“ordered_it” needs a trigger that is about products."))
    market = _market(definition.get("market", ""))
    reader = _Reader()
    reader.steps(definition["steps"], "steps", 1)
    if not any(one.kind == "send" for one in reader.program):
        raise PlanError("steps", _("There is no message in it."))
    reader.check_mentions()
    return Plan(trigger, options, exits, tuple(reader.program), market)


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
        _mapping(step, place, {"id", "end"})
        if step["end"] is not True:
            raise PlanError(f"{place}.end", _("true is needed."))
        self.program.append(Instruction("end", name, jump=OVER))

    def send(self, step: dict, name: str, place: str, depth: int) -> None:
        known = {"id", "send", "texts", "holdout_rate", "coupon", "link"}
        _mapping(step, place, known, needs=("texts",))
        if step["send"] not in CHANNELS:
            raise PlanError(f"{place}.send", _("Channels are email, sms and push."))
        texts = _texts(step["texts"], step["send"], f"{place}.texts")
        held = _share(step.get("holdout_rate", 0.0), f"{place}.holdout_rate")
        if step.get("link", "product") not in LINKS:
            raise PlanError(f"{place}.link", _("“product” or “review”."))
        data = {"channel": step["send"], "texts": texts, "holdout_rate": held}
        data["link"] = step.get("link", "product")
        if "coupon" in step:
            data["coupon"] = _offer_code(step["coupon"], f"{place}.coupon")
            if not held:
                message = _("A message with a coupon holds a share out: nothing else measures it.")
                raise PlanError(f"{place}.holdout_rate", message)
        self.program.append(Instruction("send", name, data))

    def wait(self, step: dict, name: str, place: str, depth: int) -> None:
        _mapping(step, place, {"id", "wait"})
        _mapping(step["wait"], f"{place}.wait", set(UNITS))
        numbers = {unit: _whole(step["wait"][unit], f"{place}.wait.{unit}", 0, 10**6)
                   for unit in UNITS if unit in step["wait"]}  # fmt: skip
        if not timedelta() < timedelta(**numbers) <= MAX_WAIT:
            raise PlanError(f"{place}.wait", _("Longer than nothing, and a year at most."))
        self.program.append(Instruction("wait", name, numbers))

    def when(self, step: dict, name: str, place: str, depth: int) -> None:
        _mapping(step, place, {"id", "when", "then", "otherwise"}, needs=("then",))
        condition = _mapping(step["when"], f"{place}.when", set(CONDITIONS))
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
    _mapping(found, "trigger", {"on", *numbers, *needed}, needs=needed)
    options: dict[str, Any] = {
        key: _whole(found.get(key, default), f"trigger.{key}", least, most)
        for key, (least, most, default) in numbers.items()
    }
    for key in needed:
        if not isinstance(found[key], str) or not 1 <= len(found[key]) <= 40:
            raise PlanError(f"trigger.{key}", _("The code of a segment is needed."))
        options[key] = found[key]
    return name, options


def _exits(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or any(one not in EXITS for one in found):
        raise PlanError("exits", _("A list of: %(names)s.") % {"names": ", ".join(EXITS)})
    return tuple(found)


def _market(found: Any) -> str:
    if found not in ("", *MARKETS):
        raise PlanError("market", _("One of: %(names)s.") % {"names": ", ".join(MARKETS)})
    return found


def _offer_code(found: Any, place: str) -> str:
    if not isinstance(found, str) or not re.fullmatch(r"[^\s/]{1,40}", found):
        raise PlanError(place, _("The code of a coupon offer, without spaces."))
    return found


def _texts(found: Any, channel: str, place: str) -> dict[str, dict[str, str]]:
    _mapping(found, place, set(LANGUAGES))
    if not found:
        raise PlanError(place, _("A text in one language at least is needed."))
    for language, text in found.items():
        where = f"{place}.{language}"
        _mapping(text, where, {"subject", "body"}, needs=("body",))
        for part, limit in (("subject", 200), ("body", 5000)):
            words = text.get(part, "")
            if not isinstance(words, str) or len(words) > limit:
                raise PlanError(
                    f"{where}.{part}", _("A text of at most %(n)s characters.") % {"n": limit}
                )
        if not text["body"].strip() or (channel != "sms" and not text.get("subject", "").strip()):
            raise PlanError(where, _("A subject and a text are needed."))
    return {language: {"subject": "", **text} for language, text in found.items()}


def fallback_language(texts: Mapping[str, Any]) -> str:
    """What somebody gets whose language has no text: the shop's own, else the first there is."""
    own = "zh" if settings.LANGUAGE_CODE.startswith("zh") else "en"
    return own if own in texts else next(iter(texts))


def slots_used(text: Mapping[str, str]) -> set[str]:
    return slots_of(text["subject"]) | slots_of(text["body"])


def _mapping(found: Any, place: str, allowed: set[str], needs: tuple[str, ...] = ()) -> dict:
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


def _whole(value: Any, place: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise PlanError(
            place, _("A whole number from %(least)s to %(most)s.") % {"least": least, "most": most}
        )
    return value


def _share(value: Any, place: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise PlanError(place, _("A number from 0 to 0.5."))
    if not 0 <= value <= MAX_HELD_OUT:
        raise PlanError(place, _("A number from 0 to 0.5."))
    return float(value)


def _is_word(name: str) -> bool:
    return all(part.isascii() and part.isalnum() for part in name.split("-"))
