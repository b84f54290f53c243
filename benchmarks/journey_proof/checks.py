"""What journeys promise, asked by plain SQL: of the rows, of the mail server's own list, and of what
triggers of the scratch database wrote down (shop.py). No code of the sender is used.

A moment counts as earlier than a decision where the decision's transaction cannot have begun before
it: what points at a customer waits for her lock, and is exact; what does not has SOME seconds.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from benchmarks.journey_proof.shop import CAP
from benchmarks.mail_rounds import QUIET_OF, SLEEPS

SOME = 5  # seconds between reading a cart, an order or a stock and the decision that rests on it
IN_HAND = 50  # messages of one worker

TABLES = """
create table kill_letter (mailbox text, message bigint, subject text, words text,
    at timestamptz);
create view kill_message as select s.*, e.version_id, e.key, e.entered_at, e.context,
    e.state as road, j.code as journey, c.email, c.time_zone from marketing_send s
    join marketing_enrolment e on e.id = s.enrolment_id join marketing_journey j
    on j.id = e.journey_id join shop_customer c on c.id = s.customer_id where j.code <> 'old';
create view kill_decision as select m.*, k.customer as whose, k.at from kill_message m
    join kill_move k on k.send = m.id where k.state = 'sending';
"""

TWICE = "group by version_id, step, customer_id, key having count(*) > 1) twice"
SAID = """select count(distinct d.id) from kill_decision d join kill_fact f on f.customer = d.whose
    and f.at < d.at where f.kind = '{}'"""
SINCE = "f.customer = d.whose and f.at > d.entered_at and f.at < d.at"
CHECKS = {
    "a mailbox got the same message twice": f"""select count(*) from (select 1 from kill_message m
        join kill_letter l on l.message = m.id {TWICE}""",
    "somebody has two rows of one message": f"""select count(*) from (select 1 from kill_message
        where state in ('sent', 'unknown', 'sending') {TWICE}""",
    "somebody is in a journey twice for one reason": """select count(*) from (select 1 from
        marketing_enrolment group by version_id, customer_id, key having count(*) > 1) twice""",
    "a letter has no row that is sent or unknown": """select count(*) from kill_letter l left join
        marketing_send s on s.id = l.message where coalesce(s.state, '') not in ('sent', 'unknown')""",
    "a letter went to somebody else": """select count(*) from kill_letter l join kill_message m
        on m.id = l.message where m.email <> l.mailbox""",
    "a sent row has no letter": """select count(*) from kill_message m where state = 'sent'
        and not exists (select 1 from kill_letter l where l.message = m.id)""",
    "more are unknown than a killed worker held": f"""select count(*) from (select 1 from
        kill_message m join kill_move k on k.send = m.id and k.state = 'sending' where
        m.state = 'unknown' group by k.pid having count(*) > {IN_HAND}) many""",
    "a mailbox got more than the cap": f"""select count(*) from (select 1 from (select l.mailbox
        from kill_letter l union all select c.email from marketing_send s join shop_customer c
        on c.id = s.customer_id join marketing_enrolment e on e.id = s.enrolment_id
        join marketing_journey j on j.id = e.journey_id where j.code = 'old') of_all
        group by mailbox having count(*) > {CAP}) many""",
    "somebody has more rows than the cap": f"""select count(*) from (select 1 from marketing_send
        where state in ('sent', 'unknown') group by customer_id having count(*) > {CAP}) many""",
    "decided for after she left": SAID.format("left"),
    "decided for after she was suppressed": SAID.format("suppressed"),
    "decided for after she complained": SAID.format("complained"),
    "decided for against a word from before": """select count(*) from kill_decision d where exists
        (select 1 from shop_consent c where c.customer_id = d.whose and c.source = 'left')
        or exists (select 1 from marketing_suppression s where s.customer_id = d.whose
        and s.reason = 'bounced')""",
    "decided for after she ordered": f"""select count(distinct d.id) from kill_decision d
        join kill_fact f on {SINCE} where f.kind = 'ordered' and d.journey in ('cart', 'birthday')""",
    "decided for after she ordered it": f"""select count(distinct d.id) from kill_decision d
        join kill_fact f on {SINCE} - interval '{SOME} s' join shop_variant v on v.sku = f.about
        where f.kind = 'ordered' and d.journey = 'viewed' and d.context -> 'variants' @>
        to_jsonb(v.id)""",
    "reminded of a cart that an order had emptied": f"""select count(distinct d.id) from
        kill_decision d join kill_fact f on {SINCE} - interval '{SOME} s'
        where f.kind = 'ordered' and d.journey in ('cart', 'cart-only')""",
    "reminded of a cart that she had emptied": f"""select count(distinct d.id) from
        kill_decision d join kill_fact f on {SINCE} - interval '{SOME} s'
        where f.kind = 'emptied' and d.journey in ('cart', 'cart-only')""",
    "written down for after she ordered": f"""select count(distinct m.id) from kill_message m
        join kill_move k on k.send = m.id and k.was = '' join kill_fact f on f.customer = k.customer
        and f.at > m.entered_at and f.at < k.at - interval '{SOME} s' where f.kind = 'ordered'
        and m.journey in ('cart', 'birthday')""",
    "told of what was sold out": f"""select count(distinct d.id) from kill_decision d join
        kill_letter l on l.message = d.id join kill_fact f on f.kind = 'sold_out'
        and f.about = 'KET-' || substring(l.subject from 'No\\. (\\d+)\\.')
        and f.at < d.at - interval '{SOME} s'""",
    "got one in her night": f"""select count(*) from kill_letter l join shop_customer c
        on c.email = l.mailbox where mod(cast(extract(hour from l.at at time zone c.time_zone)
        as int) - %(night)s + 24, 24) < {QUIET_OF}""",
    "got another variant than was drawn": """select count(*) from kill_letter l join kill_message m
        on m.id = l.message where m.journey = 'viewed' and left(l.subject, 1) <> m.arm""",
    "held out, and written to": """select count(*) from kill_message where road = 'held_out'""",
    "a road is neither over nor waiting for a stated time": f"""select count(*) from
        marketing_enrolment e where state = 'under_way' and not exists (select 1 from kill_message m
        where m.enrolment_id = e.id and m.state = 'claimed' and m.due_at > now()
        and m.time_zone = '{SLEEPS}')""",
    "a road ended without a visible reason": """select count(*) from marketing_enrolment where
        (state = 'left' and reason = '') or (state <> 'under_way' and state <> 'held_out'
        and ended_at is null)""",
    "a message is unfinished, and nobody sleeps": f"""select count(*) from kill_message
        where state = 'sending' or (state = 'claimed' and time_zone <> '{SLEEPS}')""",
    "a message waits on a road that is over": """select count(*) from kill_message
        where state = 'claimed' and road <> 'under_way'""",
    "skipped without a reason, or refused by nobody": """select count(*) from kill_message
        where (state = 'skipped' and reason = '') or state = 'failed'""",
    "a message is over, and no visit says so": """select count(*) from kill_message m where
        road = 'finished' and not exists (select 1 from marketing_stepvisit v where v.enrolment_id =
        m.enrolment_id and v.step = m.step and v.outcome = coalesce(nullif(m.reason, ''), m.state))""",
    "a sent row has no event": """select count(*) from kill_message m where state = 'sent'
        and not exists (select 1 from shop_event e where e.event_id = 'send:' || m.id)""",
    "an event has no sent row, or there are two": """select count(*) from (select e.event_id from
        shop_event e left join kill_message m on e.event_id = 'send:' || m.id and m.state = 'sent'
        where e.kind = 'send' group by 1 having count(*) > 1 or count(m.id) = 0) wrong""",
    "somebody got two coupons": """select count(*) from (select 1 from shop_coupon where state <>
        'revoked' group by customer_id having count(*) > 1) twice""",
    "a coupon is open that no message showed": """select count(*) from shop_coupon c where
        state = 'open' and not exists (select 1 from marketing_send s where s.coupon_id = c.id
        and s.state in ('sent', 'unknown'))""",
    "a message with a coupon has none, or a revoked one": """select count(*) from kill_message m
        left join shop_coupon c on c.id = m.coupon_id where m.journey = 'birthday' and m.state in
        ('sent', 'unknown') and (c.id is null or c.customer_id <> m.customer_id
        or c.state = 'revoked')""",
    "a letter shows another code than her coupon's": """select count(*) from kill_letter l
        join kill_message m on m.id = l.message join shop_coupon c on c.id = m.coupon_id
        where m.journey = 'birthday' and l.words not like '%%' || c.code || '%%'""",
    "an offer's counters differ from coupons or movements": """select count(*) from shop_couponoffer
        o where open_coupons <> (select count(*) from shop_coupon where offer_id = o.id and state =
        'open') or open_coupons <> (select sum(open_delta) from shop_couponmovement where offer_id =
        o.id) or held_minor <> (select sum(held_minor_delta) from shop_couponmovement where
        offer_id = o.id) or open_coupons > most_uses""",
    "somebody whose cart or look was there was not let in": """select count(*) from shop_event e
        where e.event_id like 'made-%%' and not exists (select 1 from marketing_enrolment r
        join marketing_journey j on j.id = r.journey_id where r.customer_id = e.customer_id and
        (e.kind = 'cart_add' and j.code in ('cart', 'cart-only') or e.kind = 'view'
        and j.code = 'viewed')) and not exists (select 1 from kill_fact o
        where o.customer = e.customer_id and o.kind in ('ordered', 'emptied'))""",
    "whoever filled a cart later was not let in": f"""select count(*) from kill_fact f where
        kind = 'filled' and at < now() - interval '{SOME} s' and not exists (select 1 from
        marketing_enrolment r join marketing_journey j on j.id = r.journey_id where j.code =
        'cart-only' and r.customer_id = f.customer) and not exists (select 1 from kill_fact o
        where o.customer = f.customer and o.kind in ('ordered', 'emptied'))""",
}  # fmt: skip
# What was to be tried, or the checks prove nothing.
TRIED = {
    "skipped": ["no_consent", "suppressed", "complaint", "frequency_cap", "bought", "sold_out",
                "too_late", "no_coupon", "held_out"],
    "claimed": [""],
    "unknown": [""],
}  # fmt: skip


def audit(folder: Path) -> dict:
    from django.db import connection

    letters = [json.loads(line) for line in (folder / "letters.jsonl").read_text().splitlines()]
    night = int(os.environ["MARKETING_QUIET_HOURS"].partition("-")[0])
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.executemany(
            "insert into kill_letter values (%s, %s, %s, %s, to_timestamp(%s))",
            [
                (one["to"], one["message"], one["subject"], one["text"], one["at"])
                for one in letters
            ],
        )
        cursor.execute("analyze")
        for name, query in CHECKS.items():
            cursor.execute(query, {"night": night})
            found[name] = cursor.fetchone()[0]
        cursor.execute(
            "select state, reason, count(*) from kill_message group by 1, 2 order by 1, 2"
        )
        states = cursor.fetchall()
        cursor.execute("""select j.code, e.state, count(*) from marketing_enrolment e join
            marketing_journey j on j.id = e.journey_id where j.code <> 'old' group by 1, 2
            order by 1, 2""")
        roads = cursor.fetchall()
        cursor.execute("select count(*) from marketing_journeyfault")
        found["a fault is left"] = cursor.fetchone()[0]
    seen = {(state, reason) for state, reason, _number in states}
    wanted = {(state, reason) for state, reasons in TRIED.items() for reason in reasons}
    return {
        "letters": len(letters),
        "mailboxes": len({one["to"] for one in letters}),
        "messages": {f"{state} {reason}".strip(): number for state, reason, number in states},
        "roads": {f"{code} {state}": number for code, state, number in roads},
        "not tried": sorted(f"{state} {reason}".strip() for state, reason in wanted - seen),
        "checks": len(found),
        "broken": {name: number for name, number in found.items() if number},
        "violations": sum(found.values()),
    }
