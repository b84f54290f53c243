"""The list of rules and their editor, with the lists before and after while one edits."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.services.answers import StillWorkingError
from recommendations.admin import simulator
from recommendations.admin.once import made_once, token
from recommendations.admin.rule_form import RuleForm, TryForm
from recommendations.models import Rule

STATES = {"on": "success", "off": "default", "over": "danger", "soon": "info"}
STATE_WORDS = {
    "on": gettext_lazy("on"),
    "off": gettext_lazy("off"),
    "over": gettext_lazy("over"),
    "soon": gettext_lazy("not yet"),
}
BEGINNINGS = ("name", "action", "placement", "skus", "category", "brand", "position")


@admin.register(Rule)
class RuleAdmin(ModelAdmin):
    list_display = ["name", "says", "state_label", "conflicts", "author", "created_at"]
    list_filter = ["is_on", "action", "placement"]
    search_fields = ["name", "note"]
    list_select_related = [
        "placement", "category", "brand", "attribute", "page_category", "author"
    ]  # fmt: skip
    list_per_page = 50
    show_full_result_count = False
    actions = ["switch_on", "switch_off"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        panel = view(require_POST(self.panel))
        return [
            path("preview/", panel, name="recommendations_rule_preview"),
            path("<int:pk>/preview/", panel, name="recommendations_rule_preview_of"),
            *super().get_urls(),
        ]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the conflicts of the page's rules, all of them looked at together."""
        from recommendations.services.rule_conflicts import conflicts_among

        changes = super().get_changelist_instance(request)
        page = list(changes.result_list)
        found = conflicts_among(page, list(Rule.objects.filter(is_on=True)[:200]), timezone.now())
        for rule, conflicts in zip(page, found, strict=False):
            rule.bad = [one for one in conflicts if one.is_bad]
        changes.result_list = page
        return changes

    @display(description=gettext_lazy("says"))
    def says(self, rule: Rule) -> str:
        from recommendations.rule_words import rule_sentence

        return rule_sentence(rule)

    @display(description=gettext_lazy("state"), label=STATES)
    def state_label(self, rule: Rule) -> tuple[str, str]:
        state = state_of(rule)
        return state, str(STATE_WORDS[state])

    @display(description=gettext_lazy("conflicts"))
    def conflicts(self, rule: Rule) -> str:
        bad = getattr(rule, "bad", [])
        if not bad:
            return "–"
        text = bad[0].text if len(bad) == 1 else f"{len(bad)} · {bad[0].text}"
        return format_html('<span style="color: #b42318">{}</span>', text)

    @admin.action(description=gettext_lazy("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, on=True)

    @admin.action(description=gettext_lazy("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, on=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Rule], *, on: bool) -> None:
        from recommendations.services.rules import RuleError, switch_rule

        switched = 0
        try:
            for rule in queryset.filter(is_on=not on):
                self.log_change(request, switch_rule(rule, on=on), "on" if on else "off")
                switched += 1
        except RuleError as error:
            messages.error(request, next(iter(error.problems.values())))
        messages.success(request, _("%(count)s switched.") % {"count": switched})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
        extra_context: dict | None = None,
    ) -> HttpResponse:  # fmt: skip
        """The editor; who may only look reads it with the same preview."""
        rule = self._rule(request, object_id)
        form = RuleForm(request.POST or None, instance=rule, initial=_beginning(request))
        if request.method == "POST":
            if not self._may_save(request, rule):
                raise PermissionDenied
            if form.is_valid():
                return self._save(request, form)
        return TemplateResponse(
            request,
            "recommendations/rule.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": str(rule) if rule else _("New rule"),
                "rule": rule,
                "form": form,
                "trying": TryForm(initial={"seed": 1, "place": _place(rule)}),
                "once": token(),
                "may_save": self._may_save(request, rule),
                "may_delete": bool(rule) and self.has_delete_permission(request, rule),
            },
        )

    def panel(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """What the rule in the form would do; nothing is written."""
        rule = self._rule(request, str(pk) if pk else None, looking=True)
        given = request.POST.copy()
        given["name"] = given.get("name", "").strip() or _("This rule")  # named when it is saved
        form = RuleForm(given, instance=rule)
        if not form.is_valid():
            return simulator.problem_panel(request, form)
        return simulator.rule_panel(request, form.instance)

    def _rule(
        self, request: HttpRequest, object_id: str | None, *, looking: bool = False
    ) -> Rule | None:
        may_look = self.has_view_permission(request)
        if object_id is None:
            if not (may_look if looking else self.has_add_permission(request)):
                raise PermissionDenied
            return None
        if not may_look:
            raise PermissionDenied
        pk = int(object_id) if object_id.isdecimal() and len(object_id) < 19 else 0
        return get_object_or_404(self.get_queryset(request).select_related("author"), pk=pk)

    def _may_save(self, request: HttpRequest, rule: Rule | None) -> bool:
        if rule is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, rule)

    def _save(self, request: HttpRequest, form: RuleForm) -> HttpResponse:
        """A new rule is made once, however often the button is pressed."""
        changes = form.changed_data if form.instance.pk else None
        make = partial(self._written, request, form.instance, changes)
        try:
            pk = make() if changes is not None else made_once(request, make)
        except StillWorkingError:
            messages.warning(request, _("The first click is still being saved: here is the list."))
            return redirect("admin:recommendations_rule_changelist")
        messages.success(
            request, _("“%(rule)s” is saved and counts from now on.") % {"rule": form.instance}
        )
        if "_continue" in request.POST:
            return redirect("admin:recommendations_rule_change", pk)
        return redirect("admin:recommendations_rule_changelist")

    def _written(self, request: HttpRequest, rule: Rule, changes: list[str] | None) -> int:
        from recommendations.services.rules import save_rule

        save_rule(rule, by=request.user)
        if changes is None:
            self.log_addition(request, rule, [{"added": {}}])
        else:
            self.log_change(request, rule, [{"changed": {"fields": changes}}])
        return rule.pk


def state_of(rule: Rule) -> str:
    now = timezone.now()
    if rule.ends_at and rule.ends_at <= now:
        return "over"
    if not rule.is_on:
        return "off"
    return "soon" if rule.starts_at and rule.starts_at > now else "on"


def _beginning(request: HttpRequest) -> dict[str, str]:
    """From an address: `?action=never&skus=TEA-1`, as the page “why is this here?” links to it."""
    return {name: request.GET[name] for name in BEGINNINGS if name in request.GET}


def _place(rule: Rule | None) -> str:
    return rule.placement.code if rule and rule.placement else "home"
