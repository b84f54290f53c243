"""Reviews: what waits for a moderator and why, what was decided, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from access.figures import figure, percent
from shop.admin.base import NewestInline, ReadOnlyAdmin, back_to, link, tell_refusals
from shop.models import Review, ReviewDecision, ReviewFlag, ReviewReason, ReviewState
from shop.services.reviews import moderation

COLOURS = {"pending": "warning", "published": "success", "rejected": "danger"}
BY_MACHINE = gettext_lazy("the checks found nothing")


class RejectDialog(BaseDialogForm):
    """Only what the law and the shop's own rules name; an opinion is not among it."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=ReviewReason.choices, widget=UnfoldAdminSelectWidget
    )
    note = forms.CharField(
        label=_("Note: where it stands, if no check found it"), max_length=300, required=False,
        widget=UnfoldAdminTextInputWidget,
    )  # fmt: skip


def dialog(title: Any, text: Any, form: Any = None) -> dict[str, Any]:
    return {"title": title, "description": text, "form_class": form, "form_submit_text": title}


class FlaggedFilter(admin.SimpleListFilter):
    title = _("found by the checks")
    parameter_name = "flag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ReviewReason.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(flags__reason=self.value()) if self.value() else queryset


class DecisionInline(NewestInline):
    model = ReviewDecision
    newest_by = ("-number",)
    fields = ["at", "step", "to_state", "reason", "note", "who"]
    readonly_fields = ["who"]
    verbose_name_plural = _("decisions")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("by")

    @display(description=_("by"))
    def who(self, decision: ReviewDecision) -> Any:
        return decision.by or BY_MACHINE


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ["written_at", "of", "stars", "words", "found", "state_", "verified", "who"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        FlaggedFilter,
        ("is_incentivised", BooleanRadioFilter),
        ("written_at", RangeDateTimeFilter),
        ("product", AutocompleteSelectFilter),
    ]
    search_fields = ["title", "body", "product__code", "customer__code"]
    fields = [
        ("state_word", "stars"), "title", "body", "found_all", ("of", "who"), ("verified", "order_"),
        ("is_incentivised", "language"), ("written_at", "key"), "treated",
    ]  # fmt: skip
    readonly_fields: ClassVar[list[str]] = [
        "state_word", "stars", "of", "who", "verified", "order_", "found_all", "treated",
    ]  # fmt: skip
    inlines = [DecisionInline]
    actions = ["publish_chosen"]
    actions_detail = ["publish", "reject", "undo"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        flags = ReviewFlag.objects.order_by("pk")
        # All of it here: Django leaves list_select_related aside once a queryset joins anything.
        joined = ("product", "customer", "order_line__order")
        rows = super().get_queryset(request).select_related(*joined)
        return rows.prefetch_related(Prefetch("flags", flags))

    def has_moderate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("shop.moderate_review")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        review = self.get_object(request, object_id)
        state = review.state if review else ""
        possible = {
            "publish": state in (ReviewState.PENDING, ReviewState.REJECTED),
            "reject": state in (ReviewState.PENDING, ReviewState.PUBLISHED),
            "undo": bool(review and review.decisions.exists()),
        }
        return [
            step
            for step in super().get_actions_detail(request, object_id)
            if possible[step.action_name.removeprefix("shop_review_")]
        ]

    @action(
        description=_("Publish"), permissions=["moderate"], icon="task_alt",
        dialog=dialog(_("Publish"), _("Everybody can read it, whatever its stars.")),
    )  # fmt: skip
    def publish(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, moderation.publish)

    @action(
        description=_("Reject"), permissions=["moderate"], icon="block",
        dialog=dialog(
            _("Reject"), _("For one of these reasons only; a bad opinion is none."), RejectDialog
        ),
    )  # fmt: skip
    def reject(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        said = form.cleaned_data

        def verb(review: Review, *, by: Any) -> Review:
            return moderation.reject(review, said["reason"], note=said["note"], by=by)

        return self._decided(request, object_id, verb)

    @action(
        description=_("Take the decision back"), permissions=["moderate"], icon="undo",
        dialog=dialog(_("Take the decision back"), _("It is again what it was before.")),
    )  # fmt: skip
    def undo(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, moderation.undo)

    def _decided(
        self, request: HttpRequest, object_id: str, verb: Callable[..., Review]
    ) -> HttpResponse:
        review = Review.objects.get(pk=object_id)
        try:
            verb(review, by=request.user)
        except moderation.ModerationError as refusal:
            messages.error(request, str(refusal))
        return back_to(Review, review.pk)

    @action(description=_("Publish these reviews"), permissions=["moderate"])
    def publish_chosen(self, request: HttpRequest, reviews: QuerySet[Review]) -> None:
        refusals, done = [], 0
        for one in reviews.exclude(state=ReviewState.PUBLISHED)[:200]:
            try:
                moderation.publish(one, by=request.user)
                done += 1
            except moderation.ModerationError as refusal:
                refusals.append(refusal)
        tell_refusals(request, refusals, done, gettext("reviews published"))

    @display(description=_("product"))
    def of(self, review: Review) -> str:
        return link(review.product)

    @display(description=_("rating"), ordering="rating")
    def stars(self, review: Review) -> str:
        return "★" * review.rating + "☆" * (5 - review.rating)

    @display(description=_("words"))
    def words(self, review: Review) -> str:
        text = review.title or review.body
        return f"{text[:80]}…" if len(text) > 80 else text or "–"

    @display(description=_("found"))
    def found(self, review: Review) -> str:
        return ", ".join(str(one.get_reason_display()) for one in review.flags.all()) or "–"

    @display(description=_("found by the checks"))
    def found_all(self, review: Review) -> str:
        rows = [(one.get_reason_display(), evidence(one)) for one in review.flags.all()]
        return format_html_join("", "<div><strong>{}</strong>: {}</div>", rows) or "–"

    @display(description=_("state"), ordering="state", label=COLOURS)
    def state_(self, review: Review) -> tuple[str, Any]:
        return review.state, review.get_state_display()

    @display(description=_("state"))
    def state_word(self, review: Review) -> str:
        return review.get_state_display()

    @display(description=_("verified purchase"), boolean=True)
    def verified(self, review: Review) -> bool:
        return review.is_verified

    @display(description=_("order"))
    def order_(self, review: Review) -> str:
        return link(review.order_line.order if review.order_line else None)

    @display(description=_("customer"))
    def who(self, review: Review) -> str:
        return link(review.customer)

    @display(description=_("rejected, by stars"))
    def treated(self, review: Review) -> str:
        """Whoever keeps low ratings out sees it on every review."""
        rows = [
            (
                "★" * row["rating"],
                figure(row["rejected"]),
                figure(row["reviews"]),
                percent(row["rejected"] / row["reviews"] if row["reviews"] else None),
            )
            for row in moderation.rejected_by_stars()
        ]
        return format_html("{}", format_html_join("", "<div>{} {} / {} ({})</div>", rows))


def evidence(flag: ReviewFlag) -> str:
    """What a check found, in words."""
    found = flag.evidence
    if words := found.get("words"):
        return " · ".join(words)
    if other := found.get("review"):
        said = gettext("%(share)s of its letters in the same order as in review %(key)s")
        return said % {"share": percent(found["likeness"]), "key": other}
    said = gettext("%(n)s in 24 hours; usual are %(usual)s a day, counted over %(days)s days")
    return said % {
        "n": figure(found.get("reviews")),
        "usual": figure(found.get("usual_per_day"), 2),
        "days": figure(found.get("days")),
    }
