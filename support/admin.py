"""Lists of tickets, help texts, drafts and hand-offs; the inbox page hangs below tickets."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from access.figures import figure, percent
from access.read_only import ReadOnly
from support import aspect_page, experience_page, inbox
from support.models import Draft, Handoff, KnowledgeArticle, Message, Ticket, TicketState
from support.services.tickets import StateChangeError, assign, correct_intent, move


class MessageInline(TabularInline):
    model = Message
    extra = 0
    fields = readonly_fields = ["written_at", "kind", "author", "body", "emailed_at"]
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Ticket | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("author")


@admin.register(Ticket)
class TicketAdmin(ModelAdmin):
    list_display = [
        "number",
        "asked",
        "customer",
        "state_label",
        "intent_label",
        "language",
        "urgency",
        "assigned_to",
        "promise",
        "opened_at",
    ]
    list_filter = ["state", "intent", "urgency", "language", "channel", "assigned_to"]
    list_filter_submit = True
    search_fields = ["number", "subject", "customer__name", "customer__email", "order__number"]
    list_select_related = ["customer", "assigned_to"]
    date_hierarchy = "opened_at"
    show_full_result_count = False
    fields = [
        ("number", "channel", "state"),
        ("customer", "order", "email"),
        "subject",
        ("intent", "how_sure", "intent_source"),
        ("language", "mood", "urgency"),
        "assigned_to",
        ("opened_at", "triaged_at"),
        ("sla_due_at", "first_response_at", "solved_at"),
    ]
    # States move by actions, never by hand; the intent is corrected, and then learned from.
    readonly_fields = [
        "number",
        "channel",
        "state",
        "customer",
        "order",
        "how_sure",
        "intent_source",
        "language",
        "mood",
        "opened_at",
        "triaged_at",
        "sla_due_at",
        "first_response_at",
        "solved_at",
    ]
    autocomplete_fields = ["assigned_to"]
    inlines = [MessageInline]
    actions = ["take", "solve", "close_tickets"]

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        return [
            path("inbox/", view(inbox.page), name="support_inbox"),
            path("aspects/", view(aspect_page.page), name="support_aspects"),
            path("aspects/texts/", view(aspect_page.texts), name="support_aspect_texts"),
            path("experience/", view(experience_page.page), name="support_experience"),
            path("inbox/<str:number>/", view(inbox.act), name="support_inbox_act"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Ticket | None = None) -> list[str]:
        return self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Ticket, form, change: bool) -> None:
        if "intent" in form.changed_data:
            correct_intent(obj, obj.intent)
        obj.save(update_fields=["subject", "email", "urgency", "assigned_to"])

    @display(description=_("question"))
    def asked(self, ticket: Ticket) -> str:
        return ticket.subject or "–"

    @display(
        description=_("state"),
        label={"open": "warning", "pending": "info", "solved": "success", "closed": ""},
        ordering="state",
    )
    def state_label(self, ticket: Ticket) -> tuple[str, str]:
        return ticket.state, ticket.get_state_display()

    @display(description=_("intent"), ordering="intent")
    def intent_label(self, ticket: Ticket) -> str:
        if not ticket.intent:
            return "–"
        if ticket.intent_confidence is None:
            return ticket.get_intent_display()
        return f"{ticket.get_intent_display()} ({percent(ticket.intent_confidence)})"

    @display(description=_("how sure"))
    def how_sure(self, ticket: Ticket) -> str:
        return percent(ticket.intent_confidence)

    @display(description=_("mood"))
    def mood(self, ticket: Ticket) -> str:
        """From −1, angry, to +1, pleased."""
        return figure(ticket.sentiment, 2, signed=True)

    @display(description=_("answer due"), ordering="sla_due_at")
    def promise(self, ticket: Ticket) -> str:
        if ticket.first_response_at or ticket.state != TicketState.OPEN or not ticket.sla_due_at:
            return "–"
        due = timezone.localtime(ticket.sla_due_at).strftime("%m-%d %H:%M")
        late = ticket.is_late(timezone.now())
        return format_html('<span class="text-red-600">{}</span>', due) if late else due

    @admin.action(description=_("Assign to me"), permissions=["change"])
    def take(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        for ticket in tickets:
            assign(ticket, request.user)

    @admin.action(description=_("Mark as solved"), permissions=["change"])
    def solve(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        self._move(request, tickets, TicketState.SOLVED)

    @admin.action(description=_("Close"), permissions=["change"])
    def close_tickets(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        self._move(request, tickets, TicketState.CLOSED)

    def _move(self, request: HttpRequest, tickets: QuerySet[Ticket], state: str) -> None:
        moved = 0
        for ticket in tickets:
            try:
                move(ticket, state)
                moved += 1
            except StateChangeError as error:
                self.message_user(request, str(error), messages.WARNING)
        text = ngettext("%(n)s ticket changed.", "%(n)s tickets changed.", moved) % {"n": moved}
        self.message_user(request, text)


@admin.register(KnowledgeArticle)
class KnowledgeArticleAdmin(ModelAdmin):
    list_display = ["code", "title", "title_zh", "intent", "in_both", "is_published", "updated_at"]
    list_filter = ["is_published", "intent"]
    list_filter_submit = True
    search_fields = ["code", "title", "title_zh", "body", "body_zh"]
    fields = ["code", ("intent", "is_published"), "title", "body", "title_zh", "body_zh"]

    @display(description=_("both languages"), boolean=True)
    def in_both(self, article: KnowledgeArticle) -> bool:
        return bool(article.body and article.body_zh)


class ReadOnlyAdmin(ReadOnly, ModelAdmin):
    """Rows that services write."""


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    """What was proposed beside what was sent."""

    list_display = ["ticket", "language", "state", "kept", "records", "created_at", "closed_at"]
    list_filter = ["state", "language"]
    list_filter_submit = True
    search_fields = ["ticket__number"]
    list_select_related = ["ticket"]
    date_hierarchy = "created_at"
    show_full_result_count = False

    @display(description=_("kept"), ordering="kept_rate")
    def kept(self, draft: Draft) -> str:
        return percent(draft.kept_rate)

    @display(description=_("records"))
    def records(self, draft: Draft) -> int:
        return len(draft.citations)


@admin.register(Handoff)
class HandoffAdmin(ReadOnlyAdmin):
    list_display = ["ticket", "cause", "summary_shown", "to_role", "created_at", "resolved_at"]
    list_filter = ["cause", ("resolved_at", admin.EmptyFieldListFilter)]
    list_filter_submit = True
    search_fields = ["ticket__number"]
    list_select_related = ["ticket"]
    date_hierarchy = "created_at"
    show_full_result_count = False

    @display(description=_("summary"))
    def summary_shown(self, handoff: Handoff) -> str:
        return handoff.summary_text
