"""What benchmarks of sending share: a mail server, people to write to, and a bare loop beside them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SLEEPS, WAKES = "Etc/GMT-12", "Etc/GMT"  # twelve hours ahead, and beside us
QUIET_OF = 6  # hours: long enough for every run


@contextmanager
def shop_with_sink(
    name: str, settings: Mapping[str, str], *, keep_letters: bool = False
) -> Iterator[Path]:
    """Django on a migrated scratch database, its mail going to an SMTP server on loopback in a
    process of its own. Yields the folder in which that writes `recipients.txt`, an address a line,
    and where letters are kept `letters.jsonl`."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    sink = subprocess.Popen(
        [sys.executable, str(ROOT / "benchmarks/mail_sink.py"), str(folder / "recipients.txt"),
         *([str(folder / "letters.jsonl")] if keep_letters else [])],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert sink.stdout is not None
        os.environ |= {
            "VAR_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "EMAIL_URL": f"smtp://127.0.0.1:{int(sink.stdout.readline())}",
            "PYTHONPATH": str(ROOT),
            **settings,
        }
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield folder
    finally:
        sink.kill()


def quiet_hours() -> str:
    """Such that it is night now for who lives in SLEEPS, and day in WAKES, until the run is over."""
    there = (time.gmtime().tm_hour + 12) % 24
    return f"{(there - 1) % 24}-{(there - 1 + QUIET_OF) % 24}"


def make_people(count: int, prefix: str, *, sleeping: bool = False) -> None:
    """Customers of whom one in ten may not be written to, for one of four reasons; `sleeping`: one
    in twenty lives where it is night."""
    from django.utils import timezone

    from marketing.models import Suppression
    from shop.models import Consent, Customer
    from support.models import Ticket

    for start in range(0, count, 5000):
        numbers = range(start, min(start + 5000, count))
        people = Customer.objects.bulk_create(
            Customer(
                code=f"{prefix}{n}",
                email=f"{prefix}{n}@example.com",
                time_zone=SLEEPS if sleeping and n % 20 == 7 else WAKES,
            )
            for n in numbers
        )
        now = timezone.now()
        Consent.objects.bulk_create(
            Consent(
                customer=one, purpose="marketing_email", granted=True, source="made",
                recorded_at=now,
            )
            for one in people
        )  # fmt: skip
        left = [one for one in people if one.pk % 40 == 0]
        Consent.objects.bulk_create(
            Consent(
                customer=one, purpose="marketing_email", granted=False, source="left",
                recorded_at=timezone.now(),
            )
            for one in left
        )  # fmt: skip
        Suppression.objects.bulk_create(
            Suppression(customer=one, reason="bounced") for one in people if one.pk % 40 == 10
        )
        Ticket.objects.bulk_create(
            Ticket(number=f"T{one.pk}", customer=one, intent="complaint", state="open")
            for one in people
            if one.pk % 40 == 20
        )


def bare_loop(customers: Sequence, subject: str, body: str, *, as_django: bool) -> float:
    """Messages per second of `for letter in letters: letter.send()` over one connection.

    The letters were written before the clock starts. as_django: as Django's own class writes them
    out, which is what anybody's loop sends; else as ours does (marketing/delivery/letters.py), byte
    for byte the same.
    """
    from django.core.mail import get_connection

    from marketing.delivery.mail import compose
    from marketing.models import Send

    letters = [compose(Send(pk=one.pk, customer=one), subject, body, "en") for one in customers]
    if as_django:
        letters = [_as_django(letter) for letter in letters]
    began = time.perf_counter()
    with get_connection() as connection:
        for letter in letters:
            letter.connection = connection
            letter.send()
    return len(letters) / (time.perf_counter() - began)


def _as_django(letter):
    from django.core.mail import EmailMultiAlternatives

    plain = EmailMultiAlternatives(
        letter.subject, letter.body, to=letter.to, headers=letter.extra_headers
    )
    for content, kind in letter.alternatives:
        plain.attach_alternative(content, kind)
    return plain
