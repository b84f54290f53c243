"""This app's addresses below /api/storefront/v1/ and /api/merchant/v1/."""

from django.urls import path

from support.api import experience as e
from support.api import merchant as m
from support.api import storefront as s

storefront = [
    path("conversations/", s.Conversations.as_view(), name="conversations"),
    path(
        "conversations/<uuid:id>/messages/",
        s.ConversationMessages.as_view(),
        name="conversation-messages",
    ),
    path(
        "conversations/<uuid:id>/rating/",
        s.ConversationRating.as_view(),
        name="conversation-rating",
    ),
]

merchant = [
    path("tickets/", m.Tickets.as_view(), name="tickets"),
    path("tickets/<str:number>/", m.TicketDetail.as_view(), name="ticket"),
    path("tickets/<str:number>/replies/", m.TicketReplies.as_view(), name="ticket-replies"),
    path("aspects/", e.AspectShares.as_view(), name="aspects"),
    path("aspects/mentions/", e.AspectMentions.as_view(), name="aspect-mentions"),
    path(
        "experience/conversations/", e.ConversationScores.as_view(), name="experience-conversations"
    ),
    path("experience/customers/", e.CustomerScores.as_view(), name="experience-customers"),
]
