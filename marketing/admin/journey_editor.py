"""The editor of a journey: one form per step, each change kept in the draft, saved as a version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from marketing.admin.journey_step_forms import content_from, start_form, step_form
from marketing.admin.wordings import MAY_ASK
from marketing.definitions import journey_edits as edits
from marketing.definitions.journey_plan import KINDS
from marketing.definitions.journey_sends import LANGUAGES
from marketing.models import Channel, ClaimKind, Evidence, Journey
from marketing.pages.journey_copies import copies_of
from marketing.pages.journey_texts import cards_of
from marketing.pages.journeys import (
    EXIT_WORDS,
    market_sentence,
    step_sentence,
    trigger_sentence,
)
from marketing.services.content.evidence import EvidenceError, attach
from marketing.services.journeys import journey_drafts
from marketing.services.journeys.journeys import JourneyError, checked_plan

NEEDS, ATTACHING_NEEDS = "marketing.change_journey", "marketing.add_evidenceuse"
DOCUMENTS_OFFERED = 50
KIND_WORDS = {
    "send": gettext_lazy("Message"),
    "wait": gettext_lazy("Wait"),
    "when": gettext_lazy("Branch"),
    "end": gettext_lazy("End"),
}


def urls(site: AdminSite) -> list[URLPattern]:
    """Below marketing/journey/."""
    return [
        path(
            "<int:pk>/edit/",
            site.admin_view(require_GET(_page(site))),
            name="marketing_journey_edit",
        ),
        path(
            "<int:pk>/edit/do/",
            site.admin_view(require_POST(_change)),
            name="marketing_journey_edit_do",
        ),
    ]


def editor_page(journey: Journey, opened: str) -> dict[str, Any]:
    """opened: the step whose form is open; `start` for the trigger."""
    definition = journey_drafts.draft_of(journey)
    problem = edits.problem_of(definition, checked_plan)
    trigger = definition.get("trigger", {})
    return {
        "journey": journey,
        "revision": journey.draft_revision,
        "is_changed": journey.draft is not None,
        "problem": problem,
        "opened": opened,
        "start": start_form(definition),
        "trigger": trigger_sentence(trigger) or trigger.get("on", ""),
        "exits": [EXIT_WORDS[one] for one in definition.get("exits", []) if one in EXIT_WORDS],
        "market": market_sentence(definition),
        "rows": _rows(definition, opened, problem),
        "evidence": list(Evidence.objects.valid(timezone.now())[:DOCUMENTS_OFFERED]),
        "claim_kinds": ClaimKind.choices,
        "kinds": KIND_WORDS.items(),
    }


def _rows(
    definition: dict[str, Any], opened: str, problem: dict[str, str] | None
) -> list[dict[str, Any]]:
    """Steps in reading order; where a way is empty, a line to add its first step."""
    rows: list[dict[str, Any]] = []
    _add_rows(rows, definition.get("steps", []), 0, "")
    cards = cards_of(definition)
    for row in rows:
        name = row.get("id")
        row["cards"] = cards.get(name, []) if name else []
        row["is_blocked"] = any(card.is_blocked for card in row["cards"])
        if name and problem and problem["step"] == name:
            row["problem"] = problem["text"]
        if name and name == opened:
            row["form"] = step_form(definition, row["step"])
    return rows


def _add_rows(rows: list[dict[str, Any]], steps: list[dict], depth: int, way: str) -> None:
    words = {"then": _("if so"), "otherwise": _("otherwise")}
    for place, step in enumerate(steps):
        kind = next((one for one in KINDS if one in step), "")
        rows.append(
            {
                "step": step,
                "id": step.get("id", ""),
                "kind": kind,
                "depth": depth,
                "way": words.get(way, "") if place == 0 else "",
                "sentence": _sentence(step, kind),
                "title": _title(step),
                "copies": copies_of(step) if kind == "send" else [],
            }
        )
        if kind == "when":
            for inner in ("then", "otherwise"):
                rows.append(
                    {
                        "into": f"{step.get('id', '')}:{inner}",
                        "depth": depth + 1,
                        "way": words[inner],
                        "is_empty": not step.get(inner),
                    }
                )
                _add_rows(rows, step.get(inner, []), depth + 1, "")


def _sentence(step: dict[str, Any], kind: str) -> str:
    """In words; what is not right yet as it was typed."""
    if kind == "send" and step["send"] not in Channel.values:
        return str(step["send"])
    if kind == "wait" and not all(isinstance(number, int) for number in step["wait"].values()):
        return ", ".join(f"{number} {unit}" for unit, number in step["wait"].items())
    return step_sentence(step) if kind else ""


def _title(step: dict[str, Any]) -> str:
    kind = next((one for one in KINDS if one in step), "")
    return str(KIND_WORDS.get(kind, ""))


def _page(site: AdminSite) -> Any:
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(NEEDS):
            raise PermissionDenied
        journey = get_object_or_404(Journey.objects.select_related("live_version"), pk=pk)
        context = {
            **site.each_context(request),
            "title": str(journey),
            "may_attach": request.user.has_perm(ATTACHING_NEEDS),
            "may_rule": request.user.has_perm(MAY_ASK),
            **editor_page(journey, request.GET.get("step", "")[:40]),
        }
        return TemplateResponse(request, "marketing/journey_edit.html", context)

    return view


def _change(request: HttpRequest, pk: int) -> HttpResponse:
    """One change, named by the button; afterwards the page stands at the step it was about."""
    if not request.user.has_perm(NEEDS):
        raise PermissionDenied
    journey = get_object_or_404(Journey.objects.select_related("live_version"), pk=pk)
    data = request.POST
    verb = VERBS.get(data.get("op", ""))
    revision = data.get("revision", "")
    if verb is None or not revision.isdecimal() or len(revision) > 9:
        return HttpResponseBadRequest("unknown change")
    edit = reverse("admin:marketing_journey_edit", args=[pk])
    try:
        return redirect(verb(journey, data, int(revision), request))
    except (edits.EditError, JourneyError, EvidenceError) as error:
        messages.error(request, str(error))
        return redirect(edit)


def _at(journey: Journey, step: str, *, opened: bool = False) -> str:
    edit = reverse("admin:marketing_journey_edit", args=[journey.pk])
    return f"{edit}{f'?step={step}' if opened else ''}#step-{step}"


def _add(journey: Journey, data: QueryDict, revision: int, request: HttpRequest) -> str:
    definition, name = edits.add_step(
        journey_drafts.draft_of(journey),
        data.get("kind", ""),
        after=data.get("after", ""),
        into=data.get("into", ""),
    )
    journey_drafts.write_draft(journey, definition, revision=revision)
    return _at(journey, name, opened=True)


def _add_variant(journey: Journey, data: QueryDict, revision: int, request: HttpRequest) -> str:
    name = data.get("step", "")
    definition = edits.add_variant(journey_drafts.draft_of(journey), name)
    journey_drafts.write_draft(journey, definition, revision=revision)
    return _at(journey, name, opened=True)


def _drop_variant(journey: Journey, data: QueryDict, revision: int, request: HttpRequest) -> str:
    name = data.get("step", "")
    draft = journey_drafts.draft_of(journey)
    definition = edits.drop_variant(draft, name, data.get("variant", ""))
    journey_drafts.write_draft(journey, definition, revision=revision)
    return _at(journey, name, opened=True)


def _moved(by: int) -> Callable[[Journey, QueryDict, int, HttpRequest], str]:
    def move(journey: Journey, data: QueryDict, revision: int, request: HttpRequest) -> str:
        name = data.get("step", "")
        definition = edits.move_step(journey_drafts.draft_of(journey), name, by)
        journey_drafts.write_draft(journey, definition, revision=revision)
        return _at(journey, name)

    return move


def _delete(journey: Journey, data: QueryDict, revision: int, request: HttpRequest) -> str:
    definition = edits.delete_step(journey_drafts.draft_of(journey), data.get("step", ""))
    journey_drafts.write_draft(journey, definition, revision=revision)
    messages.success(request, _("Deleted from the draft; “Discard the changes” brings it back."))
    return reverse("admin:marketing_journey_edit", args=[journey.pk])


def _set(journey: Journey, data: QueryDict, revision: int, request: HttpRequest) -> str:
    definition = journey_drafts.draft_of(journey)
    before = edits.step_of(definition, data.get("step", ""))
    content = content_from(before, data)
    changed = edits.set_step(definition, before["id"], content)
    journey_drafts.write_draft(journey, changed, revision=revision)
    wrong = edits.problem_of(changed, checked_plan)
    here = content["id"]
    return _at(journey, here, opened=bool(wrong and wrong["step"] == here))


def _start(journey: Journey, data: QueryDict, revision: int, request: HttpRequest) -> str:
    definition = journey_drafts.draft_of(journey)
    before = definition.get("trigger", {})
    trigger = edits.trigger_from(data.get("on", ""), data.dict(), before)  # type: ignore[arg-type]
    changed = edits.set_start(definition, trigger, data.getlist("exits"), data.get("market"))
    journey_drafts.write_draft(journey, changed, revision=revision)
    # Another trigger has other numbers: they are shown at once.
    return _at(journey, "start", opened=trigger["on"] != before.get("on"))


def _prove(journey: Journey, data: QueryDict, revision: int, request: HttpRequest) -> str:
    """A person says that a document proves this sentence, of the whole shop."""
    if not request.user.has_perm(ATTACHING_NEEDS):
        raise PermissionDenied
    pk, language = data.get("evidence", ""), data.get("language", "")
    known = pk.isdecimal() and len(pk) < 10 and language in LANGUAGES
    document = get_object_or_404(Evidence, pk=int(pk) if known else 0)
    attach(
        document, data.get("sentence", ""), kind=data.get("kind", ""), language=language,
        product=None, by=request.user,
    )  # fmt: skip
    said = _("Attached: the sentence rests on “%(title)s” now.") % {"title": document}
    messages.success(request, said)
    return _at(journey, data.get("step", "")[:40])


def _save(journey: Journey, data: QueryDict, revision: int, request: HttpRequest) -> str:
    version = journey_drafts.save_draft(journey, revision=revision, author=request.user)
    said = _("Version %(number)s is saved; it is not live yet.") % {"number": version.number}
    messages.success(request, said)
    page = reverse("admin:marketing_journey_page", args=[journey.pk])
    return f"{page}?version={version.number}"


def _discard(journey: Journey, data: QueryDict, revision: int, request: HttpRequest) -> str:
    journey_drafts.drop_draft(journey, revision=revision)
    messages.success(request, _("The draft is the newest version again."))
    return reverse("admin:marketing_journey_edit", args=[journey.pk])


def _bring_back(journey: Journey, data: QueryDict, revision: int, request: HttpRequest) -> str:
    number = data.get("version", "")
    wanted = int(number) if number.isdecimal() and len(number) < 10 else 0
    journey_drafts.bring_back(journey, wanted, revision=revision)
    messages.success(request, _("Version %(number)s is the draft now.") % {"number": wanted})
    return reverse("admin:marketing_journey_edit", args=[journey.pk])


VERBS: dict[str, Callable[[Journey, QueryDict, int, HttpRequest], str]] = {
    "add": _add,
    "up": _moved(-1),
    "down": _moved(1),
    "delete": _delete,
    "set": _set,
    "add_variant": _add_variant,
    "drop_variant": _drop_variant,
    "start": _start,
    "prove": _prove,
    "save": _save,
    "discard": _discard,
    "back": _bring_back,
}
