"""The one message of the outbox itself."""

from django.utils.translation import gettext_lazy as _

from outbox.kinds import TEST, Field, MessageKind, register

register(
    MessageKind(
        TEST,
        _("test message"),
        "Somebody pressed “Send a test message”. Goes to that endpoint only.",
        {"note": Field("string", "A sentence for whoever reads the receiver's log.", "It works.")},
    )
)
