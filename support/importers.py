"""tickets and knowledge from files, one row each."""

from __future__ import annotations

import polars as pl

from shop.importers.columns import choice, code, email, moment, text, whole, yes_no
from shop.importers.registry import importer
from shop.importers.run import Chunk
from shop.importers.write import ids_of, rows_of, upsert
from shop.models import Customer, Order
from support.models import (
    Channel,
    Intent,
    IntentSource,
    KnowledgeArticle,
    Message,
    MessageKind,
    Ticket,
    TicketState,
)

BATCH = 1000

TICKETS = [
    code("number", required=True, about="The help desk's own number."),
    code("customer", aliases=("customer_code", "customer_id"), about="Empty: unknown."),
    code("order", aliases=("order_number",), about="Must be an order of that customer."),
    email("email", about="Where to answer a person without account."),
    text("subject", max_length=300, default=None),
    text("body", max_length=20_000, required=True, about="What the customer wrote first."),
    choice("channel", Channel.values),
    choice("state", TicketState.values, about="open where empty."),
    choice("intent", Intent.values, about="As a person named it: the shop's own model learns it."),
    moment("created_at", required=True, about="When it arrived."),
    moment("first_response_at", about="When it was first answered; not before it arrived."),
    whole("csat", low=1, high=5, about="What the customer said of it, 1 (bad) to 5 (good)."),
]
KNOWLEDGE = [
    code("code", required=True, about="The article's own name."),
    text("title", max_length=200, required=True),
    text("body", max_length=50_000, default=None),
    text("title_zh", max_length=200, default=None),
    text("body_zh", max_length=50_000, default=None, about="body or body_zh must be there."),
    choice("intent", Intent.values, about="Answers this kind of question only; empty: any."),
    yes_no("is_published", about="Whether drafts may quote it; yes for a new one."),
]


@importer("tickets", TICKETS)
def load_tickets(rows: pl.DataFrame, chunk: Chunk) -> None:
    """New numbers become tickets. A number that is there is left alone: people worked on it."""
    rows = chunk.reject_repeated(rows, "number")
    people = ids_of(Customer, "code", rows["customer"], named="customer_id")
    rows = rows.join(people, left_on="customer", right_on="code", how="left", maintain_order="left")
    stranger = pl.col("customer").is_not_null() & pl.col("customer_id").is_null()
    rows = chunk.reject(rows, stranger, "customer", "is no customer of the shop")
    orders = rows_of(Order, "number", rows["order"], ["customer"]).select(
        order_id="id", order="number", _owner="customer_id"
    )
    rows = rows.join(orders, on="order", how="left", maintain_order="left")
    foreign = pl.col("order").is_not_null() & (
        pl.col("order_id").is_null() | pl.col("_owner").ne_missing(pl.col("customer_id"))
    )
    rows = chunk.reject(rows, foreign, "order", "is no order of that customer")
    rows = chunk.reject(
        rows, pl.col("first_response_at") < pl.col("created_at"), "first_response_at",
        "is before it arrived",
    )  # fmt: skip
    there = set(rows_of(Ticket, "number", rows["number"])["number"])
    fresh = rows.filter(~pl.col("number").is_in(list(there))).to_dicts()
    _write(fresh)
    chunk.count(new=len(fresh), unchanged=rows.height - len(fresh))
    chunk.wrote("tickets", len(fresh))


@importer("knowledge", KNOWLEDGE)
def load_knowledge(rows: pl.DataFrame, chunk: Chunk) -> None:
    rows = chunk.reject_repeated(rows, "code")
    rows = chunk.reject(
        rows, pl.col("body").is_null() & pl.col("body_zh").is_null(), "body", "is missing"
    )
    fields = ["code", "title", "body", "title_zh", "body_zh", "intent", "is_published"]
    done = upsert(KnowledgeArticle, rows.select(fields), "code")
    chunk.count(new=done.new, changed=done.changed, unchanged=done.unchanged)
    chunk.wrote("articles", done.new + done.changed)


def _write(rows: list[dict]) -> None:
    tickets = Ticket.objects.bulk_create([_ticket(row) for row in rows], batch_size=BATCH)
    Message.objects.bulk_create(
        [
            Message(
                ticket=ticket,
                key=f"import:{row['number']}",
                kind=MessageKind.INBOUND,
                body=row["body"],
                written_at=row["created_at"],
            )
            for ticket, row in zip(tickets, rows, strict=True)
        ],
        batch_size=BATCH,
    )


def _ticket(row: dict) -> Ticket:
    at, intent = row["created_at"], row["intent"] or ""
    ticket = Ticket(
        number=row["number"],
        idempotency_key=f"import:{row['number']}",
        customer_id=row["customer_id"],
        order_id=row["order_id"],
        email=row["email"] or "",
        subject=row["subject"] or "",
        channel=row["channel"] or Channel.EMAIL,
        state=row["state"] or TicketState.OPEN,
        intent=intent,
        intent_source=IntentSource.IMPORT if intent else "",
        opened_at=at,
    )
    ticket.sla_due_at = at + ticket.promised_within
    ticket.first_response_at = row["first_response_at"]
    ticket.csat = row["csat"]
    ticket.csat_at = (row["first_response_at"] or at) if row["csat"] else None
    return ticket
