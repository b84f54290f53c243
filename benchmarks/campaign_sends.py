"""A campaign to many customers: killed at random, nobody twice; and how fast beside a bare loop.

    DATABASE_URL=postgres:///scratch python benchmarks/campaign_sends.py --recipients 100000 --kills 20
    DATABASE_URL=postgres:///scratch python benchmarks/campaign_sends.py --rate 2000 --rounds 3

The database is a scratch one on PostgreSQL: it is migrated and written to. One in twenty lives
where it is night, and must get nothing until it is over. Mail goes to an SMTP server on
loopback that writes every recipient down. Workers are real processes, killed with SIGKILL while
two of them send two campaigns to the same people side by side, which is what a frequency cap of
one has to survive. Afterwards the promises are checked by queries that share no code with the
sender, over the event log and the sink's own list. Exit 1 if one is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.mail_rounds import (  # noqa: E402 - needs the path
    QUIET_OF,
    bare_loop,
    make_people,
    quiet_hours,
    shop_with_sink,
)

SENDER = """
import django; django.setup()
import sys
from decisions.services import jobs
from decisions.models import Job
job = jobs.create_job("send_campaign", {"campaign_id": int(sys.argv[1])}, key=sys.argv[2])[0]
jobs.run_job(job.pk)
"""


def main() -> int:
    options = _options()
    settings = {
        "MARKETING_CAP_MESSAGES": "1",
        "MARKETING_QUIET_CHANNELS": "email",
        "MARKETING_QUIET_HOURS": quiet_hours(),
    }
    with shop_with_sink("campaign-sends", settings) as folder:
        found = _rate(options) if options.rate else _killed(options, folder)
    print(json.dumps(found, indent=2))
    return 1 if found.get("violations") else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipients", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=int, default=0, help="Messages per round; no kills.")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _campaign(prefix: str, name: str):
    """Approved, everybody frozen: also those who may not be written to, for the guard to find."""
    from django.utils import timezone

    from marketing.models import Audience, AudienceMember, Campaign, CopyVariant, Segment
    from shop.models import Customer

    segment, _made = Segment.objects.get_or_create(code="made", defaults={"name": "Made"})
    campaign = Campaign.objects.create(
        name=name, goal="thank", segment=segment, state="approved", holdout_rate=0.0,
        approved_at=timezone.now(), link_url="https://shop.example/",
    )  # fmt: skip
    body = "{greeting}\n\nThank you for being with us.\n\n{link}"
    CopyVariant.objects.create(
        campaign=campaign, language="en", subject="Thank you from {shop}", body=body,
        provider="templates", state="chosen",
    )  # fmt: skip
    audience = Audience.objects.create(segment=segment, rule={}, channel="email", is_complete=True)
    everybody = Customer.objects.filter(code__startswith=prefix).order_by("pk")
    keys = everybody.values_list("pk", flat=True).iterator(5000)
    AudienceMember.objects.bulk_create(
        (AudienceMember(audience=audience, customer_id=pk, is_holdout=False) for pk in keys),
        batch_size=5000,
    )
    audience.customer_count = everybody.count()
    audience.save()
    campaign.audience = audience
    campaign.save()
    return campaign


def _killed(options: argparse.Namespace, folder: Path) -> dict:

    make_people(options.recipients, "k", sleeping=True)
    campaigns = [_campaign("k", name) for name in ("First", "Second")]
    dice, kills, began = random.Random(options.seed), 0, time.monotonic()
    attempt = Counter[int]()
    running: dict[int, subprocess.Popen] = {}
    # The kills are spread over the time that the whole takes without them, measured as it goes.
    next_kill = began + dice.uniform(1.0, 4.0)
    while any(_is_open(campaign.pk) for campaign in campaigns) or _alive(running):
        for campaign in campaigns:
            process = running.get(campaign.pk)
            if process is None or process.poll() is not None:
                if not _is_open(campaign.pk):
                    continue
                attempt[campaign.pk] += 1
                key = f"made:{campaign.pk}:{attempt[campaign.pk]}"
                running[campaign.pk] = subprocess.Popen(
                    [sys.executable, "-W", "ignore", "-c", SENDER, str(campaign.pk), key]
                )
        if kills < options.kills and time.monotonic() >= next_kill:
            dice.choice(list(running.values())).send_signal(signal.SIGKILL)
            kills += 1
            next_kill = time.monotonic() + dice.uniform(2.0, 6.0)
        _wait_a_little(running)
    seconds = time.monotonic() - began
    return {
        "recipients": options.recipients,
        "kills": kills,
        "seconds": round(seconds, 1),
    } | _audit(folder / "recipients.txt")


def _is_open(campaign_id: int) -> bool:
    """Somebody on the list is neither dealt with nor asleep."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """select count(*) from marketing_audiencemember m join marketing_campaign c
            on c.audience_id = m.audience_id left join marketing_send s
            on s.campaign_id = c.id and s.customer_id = m.customer_id where c.id = %s and (s.id is null
            or s.state = 'sending' or (s.state = 'claimed' and (s.due_at is null
            or s.due_at <= now())))""",
            [campaign_id],
        )
        return bool(cursor.fetchone()[0])


def _alive(running: dict[int, subprocess.Popen]) -> bool:
    return any(process.poll() is None for process in running.values())


def _wait_a_little(running: dict[int, subprocess.Popen]) -> None:
    for process in running.values():
        try:
            process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue


def _audit(path: Path) -> dict:
    """By plain SQL and the sink's own list."""
    from django.db import connection

    begin = os.environ["MARKETING_QUIET_HOURS"].partition("-")[0]
    arrived = Counter(path.read_text().split())
    checks = {
        "somebody got more than one message within the cap": """
            select count(*) from (select customer_id from shop_event where kind = 'send'
            group by customer_id having count(*) > 1) twice""",
        "somebody got one against her last word": """
            select count(*) from shop_event e where kind = 'send' and not (select granted from
            shop_consent c where c.customer_id = e.customer_id and purpose = 'marketing_email'
            order by recorded_at desc, id desc limit 1)""",
        "somebody suppressed got one": """
            select count(*) from shop_event e join marketing_suppression s
            on s.customer_id = e.customer_id where e.kind = 'send'""",
        "somebody with an open complaint got one": """
            select count(*) from shop_event e join support_ticket t
            on t.customer_id = e.customer_id where e.kind = 'send'""",
        "somebody was skipped without a reason": """
            select count(*) from marketing_send where state = 'skipped' and reason = ''""",
        "somebody on the list has no row": """
            select count(*) from marketing_audiencemember m join marketing_campaign c
            on c.audience_id = m.audience_id left join marketing_send s
            on s.campaign_id = c.id and s.customer_id = m.customer_id where s.id is null""",
        "a row is unfinished, and nobody sleeps": """
            select count(*) from marketing_send s join shop_customer c on c.id = s.customer_id
            where s.state = 'sending' or (s.state = 'claimed' and c.time_zone <> 'Etc/GMT-12')""",
        "somebody got one in her night": f"""
            select count(*) from shop_event e join shop_customer c on c.id = e.customer_id
            where e.kind = 'send' and mod(cast(extract(hour from e.occurred_at at time zone
            c.time_zone) as int) - {int(begin)} + 24, 24) < {QUIET_OF}""",
        "nobody slept, so the night was not tried": """
            select case when exists (select 1 from marketing_send s join shop_customer c
            on c.id = s.customer_id where s.state = 'claimed' and s.due_at > now()
            and c.time_zone = 'Etc/GMT-12') then 0 else 1 end""",
        "a sent row has no event": """
            select count(*) from marketing_send s where state = 'sent' and not exists (select 1
            from shop_event e where e.event_id = 'send:' || s.id)""",
    }
    found = {"a mailbox holds two": sum(1 for count in arrived.values() if count > 1)}
    with connection.cursor() as cursor:
        for name, query in checks.items():
            cursor.execute(query)
            found[name] = cursor.fetchone()[0]
        cursor.execute("select state, reason, count(*) from marketing_send group by 1, 2")
        states = {f"{state} {reason}".strip(): count for state, reason, count in cursor.fetchall()}
    return {
        "mailboxes": len(arrived),
        "states": states,
        "checks": found,
        "violations": sum(found.values()),
    }


def _rate(options: argparse.Namespace) -> dict:
    """Rounds of a bare loop over the same backend and of a campaign, in turn.

    The bare loop sends letters like the campaign's that were written before its clock starts: as
    Django's own class writes them out, which is what anybody's loop sends, and for comparison as
    the campaign's own class does (marketing/delivery/letters.py), byte for byte the same.
    """
    from decisions.services import jobs

    bare, quick, ours = [], [], []
    for number in range(options.rounds + 1):  # the first of each warms up
        prefix = f"r{os.getpid()}-{number}-"
        make_people(options.rate, prefix)
        campaign = _campaign(prefix, f"Round {number}")
        bare.append(_bare_loop(campaign, options.rate, as_django=True))
        quick.append(_bare_loop(campaign, options.rate, as_django=False))
        job = jobs.create_job("send_campaign", {"campaign_id": campaign.pk})[0]
        began = time.perf_counter()
        jobs.run_job(job.pk)
        seconds = time.perf_counter() - began
        ours.append(campaign.sends.filter(state="sent").count() / seconds)
    bare, quick, ours = bare[1:], quick[1:], ours[1:]
    ratios = [mine / other for mine, other in zip(ours, bare, strict=True)]
    beside_quick = [mine / other for mine, other in zip(ours, quick, strict=True)]
    return {
        "messages_per_second": {
            "bare loop": round(statistics.median(bare)),
            "bare loop, our letters": round(statistics.median(quick)),
            "campaign": round(statistics.median(ours)),
        },
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(one, 2) for one in ratios],
        "ratios, our letters": [round(one, 2) for one in beside_quick],
    }


def _bare_loop(campaign, count: int, *, as_django: bool) -> float:
    text = "Hello,\n\nThank you for being with us.\n\nhttp://127.0.0.1/m/l/1.signature"
    members = campaign.audience.members.select_related("customer").order_by("pk")[:count]
    people = [member.customer for member in members]
    return bare_loop(people, "Thank you", text, as_django=as_django)


if __name__ == "__main__":
    sys.exit(main())
