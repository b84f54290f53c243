"""Kinds of decisions of this app: a reply that waits for a person."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from decisions.kinds import CannotCarryOutError, DecisionKind, register
from decisions.models import Decision
from support.ml.replies import compose_reply
from support.models import Draft


def _send(decision: Decision, by: Any) -> None:
    from support.services.replies import (
        DraftClosedError,
        EmptyReplyError,
        NoAddressError,
        deliver_draft,
    )

    try:
        deliver_draft(_draft(decision), by)
    except NoAddressError as error:
        raise CannotCarryOutError(gettext("No address is known to answer to.")) from error
    except EmptyReplyError as error:
        raise CannotCarryOutError(gettext("There is nothing to send.")) from error
    except DraftClosedError as error:
        raise CannotCarryOutError(gettext("The draft was sent or replaced meanwhile.")) from error


def _discard(decision: Decision, by: Any) -> None:
    from support.services.replies import close_draft

    close_draft(_draft(decision))


def _edit_url(decision: Decision) -> str:
    return f"{reverse('admin:support_inbox')}?ticket={decision.subject.removeprefix('ticket:')}"


def _draft(decision: Decision) -> Draft:
    return Draft.objects.select_related("ticket__customer").get(decision=decision)


register(
    DecisionKind(
        name="reply",
        label=_("Reply to a customer"),
        compute=compose_reply,
        approve=_send,
        refuse=_discard,
        edit_url=_edit_url,
        permission="support.change_ticket",
    )
)
