"""This app's addresses below /api/storefront/v1/ and /api/merchant/v1/."""

from django.urls import path

from support.api import merchant as m
from support.api import storefront as s

storefront = [
    path("conversations/", s.Conversations.as_view(), name="conversations"),
    path(
        "conversations/<uuid:id>/messages/",
        s.ConversationMessages.as_view(),
        name="conversation-messages",
    ),
]

merchant = [
    path("tickets/", m.Tickets.as_view(), name="tickets"),
    path("tickets/<str:number>/", m.TicketDetail.as_view(), name="ticket"),
    path("tickets/<str:number>/replies/", m.TicketReplies.as_view(), name="ticket-replies"),
]
