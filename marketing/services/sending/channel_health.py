"""When a whole channel is refused, stop: what goes on being refused costs the sender's name, and what
looks like dead mailboxes may be a fault of ours.

Refusals in a row are counted in points, over all campaigns and journeys. At CLOSES_AT the channel is
closed for a while, each time for longer; the first message that is taken opens it for good.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from django.utils import timezone
from django.utils.translation import gettext as _

from marketing.delivery.answers import Answer
from marketing.models import ChannelHealth, Refusal
from marketing.services.sending.outcomes import MessagePortError

MEANS_US, MEANS_IT = 5, 1  # points of a refusal
# Five refusals that mean us, or so many of any kind that no list of living people explains them.
CLOSES_AT = 25
AFTER_A_PAUSE = CLOSES_AT - MEANS_US
CLOSED_FOR = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240))


class ChannelClosedError(MessagePortError):
    """Nothing leaves on this channel for a while; what waits goes on by itself."""


def closed_until(channel: str, at: datetime) -> datetime | None:
    row = ChannelHealth.objects.filter(pk=channel, closed_until__gt=at).first()
    return row.closed_until if row else None


def refuse_if_closed(channel: str, at: datetime) -> None:
    """Raises ChannelClosedError."""
    if until := closed_until(channel, at):
        raise ChannelClosedError(_closed(until))


def open_again(channel: str) -> bool:
    """A person has mended it: one more try at once. False when it is not closed."""
    closed = ChannelHealth.objects.filter(pk=channel, closed_until__isnull=False)
    return bool(closed.update(closed_until=None, updated_at=timezone.now()))


class Run:
    """Refusals in a row on one channel, counted by the threads that hand over. They touch no row;
    `keep` writes it down."""

    def __init__(self, channel: str):
        self.channel = channel
        row = ChannelHealth.objects.filter(pk=channel).first()
        self._points = self._known = row.points if row else 0
        self._answer: Answer | None = None
        self._lock = Lock()
        self.is_closed = False

    def taken(self) -> None:
        with self._lock:
            self._points = 0

    def refused(self, answer: Answer) -> bool:
        """Whether it is enough."""
        with self._lock:
            self._points += MEANS_US if answer.meaning == Refusal.US else MEANS_IT
            self._answer = answer
            self.is_closed = self.is_closed or self._points >= CLOSES_AT
            return self.is_closed

    def keep(self) -> ChannelClosedError | None:
        """Write down what has changed, while no message is on its way. What comes back: it was
        enough, and the channel is closed now."""
        if self.is_closed and self._answer:
            until = _close(self.channel, self._answer)
            # After the pause one more that means us is enough, or a few of another kind.
            self._points = self._known = AFTER_A_PAUSE
            self.is_closed = False
            return ChannelClosedError(_closed(until))
        if self._points != self._known:
            self._known = self._points
            fields = {"points": self._points, "updated_at": timezone.now()}
            if not self._points:
                fields |= {"times_closed": 0, "closed_until": None, "refusal": "", "said": ""}
            ChannelHealth.objects.update_or_create(pk=self.channel, defaults=fields)
        return None


def _close(channel: str, answer: Answer) -> datetime:
    row, _made = ChannelHealth.objects.get_or_create(pk=channel)
    row.updated_at, row.points = timezone.now(), AFTER_A_PAUSE
    until = row.updated_at + CLOSED_FOR[min(row.times_closed, len(CLOSED_FOR) - 1)]
    row.closed_until, row.times_closed = until, row.times_closed + 1
    row.refusal, row.said = answer.meaning, answer.text
    row.save()
    return until


def _closed(until: datetime) -> str:
    clock = timezone.localtime(until)
    return _("Closed until %(clock)s: message after message was refused.") % {
        "clock": f"{clock:%Y-%m-%d %H:%M}"
    }
