"""A small shop in which every free text is what hypothesis makes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from inventory.models import PriceBreak, Supplier, SupplierItem
from marketing.models import AcquisitionCost, Evidence, EvidenceUse
from shop.models import (
    Attribute,
    Batch,
    Brand,
    Category,
    Channel,
    Consent,
    Customer,
    CustomerAttribute,
    Event,
    KitComponent,
    LineKind,
    Order,
    OrderLine,
    Price,
    PriceKind,
    Product,
    ProductImage,
    Return,
    ReturnLine,
    Review,
    SellingHold,
    StockLevel,
    TaxRate,
    Variant,
    VisitorLink,
    Warehouse,
)
from support.models import Intent, IntentSource, KnowledgeArticle, Message, MessageKind, Ticket

AT = datetime(2026, 3, 1, 9, 30, 15, 123_456, tzinfo=UTC)
BEGINNINGS = ["", "=", "+", "-", "@", "\t=", "\r", "'", "'=", "''-", '"', ",", ";", "#", "\ufeff"]
LETTERS = st.sampled_from("aB9 .,;|'\"=+-@\n\r\t/\\<>%{}#茶绿é😀‮　")


def odd_texts(longest: int = 40) -> st.SearchStrategy[str]:
    """What a person or a stranger may type; outer blanks are trimmed by every door of the shop,
    except those that a spreadsheet would hide a formula behind."""
    made = st.builds(lambda head, tail: head + tail, st.sampled_from(BEGINNINGS),
                     st.text(LETTERS, max_size=longest - 3))  # fmt: skip
    return made.map(trimmed)


def trimmed(text: str) -> str:
    text = text.rstrip()
    return text if text[:1] in ("\t", "\r") else text.lstrip() or "x"


def odd_codes() -> st.SearchStrategy[str]:
    """No blanks and no slashes; everything else."""
    return st.text(st.sampled_from("aB9.,;|'\"=+-@茶é😀#_"), min_size=1, max_size=12)


def make_odd_shop(text: Callable[[], str], code: Callable[[], str]) -> None:
    place = Warehouse.objects.create(code="W" + code(), name=text(), country="GB", priority=3)
    variants = _catalogue(text, code)
    people = [
        Customer.objects.create(
            code=f"{n}{code()}", email=f"p{n}@example.com", name=text(), phone=text()[:32].rstrip(),
            country=text(), language="zh", created_at=AT,
        )
        for n in range(2)
    ]  # fmt: skip
    for n, granted in enumerate((True, False, True)):
        Consent.objects.create(
            customer=people[0],
            purpose="analytics",
            granted=granted,
            source=text(),
            recorded_at=AT + timedelta(seconds=n),
        )
    for kind, value in (("text", text()), ("number", "-4.50"), ("yes_no", "no"), ("text", "")):
        CustomerAttribute.objects.create(
            customer=people[1], name="shoe-size", kind=kind, value=value, purpose="analytics",
            number=-4.5 if kind == "number" else None, source=text(), recorded_at=AT,
        )  # fmt: skip
    order = _order(people[0], variants, text, code)
    for variant, units in zip(variants, (5, 0), strict=True):
        StockLevel.objects.create(variant=variant, warehouse=place, on_hand=units)
    _beside_stock(place, variants, text, code)
    for n, person in enumerate((people[0], people[1], people[0])):
        VisitorLink.objects.create(
            visitor=text(), customer=person, linked_at=AT + timedelta(seconds=n)
        )
    Event.objects.create(
        event_id=code() + "1", kind="search", occurred_at=AT, received_at=AT + timedelta(hours=1),
        session=text(), visitor=text(), customer=people[0], variant=variants[0], order=order,
        units=2, query=text(), properties={text(): [text(), 1, None, {"b": True}]}, consent=True,
    )  # fmt: skip
    Review.objects.create(
        key=code() + "1", product=variants[0].product, customer=people[1], rating=4, title=text(),
        body=text(), language="en", written_at=AT,
    )  # fmt: skip
    _supplier(variants, text, code)
    _support(people[0], order, text, code)
    _evidence(variants[0].product, text, code)
    way, month = Channel.objects.first(), AT.date().replace(day=1)
    for key, channel in (("2026-03", None), (f"2026-03/{way.code}", way)):
        AcquisitionCost.objects.create(
            key=key, month=month, channel=channel, amount_minor=12_345, source=text()
        )


def _evidence(product: Product, text, code) -> None:
    """A certificate that was renewed, and one that waits; what they prove, whole and half."""
    named = "E" + code()
    states = [("withdrawn", named, 1), ("approved", named, 2), ("pending", named, 3)]
    for state, called, revision in [*states, ("pending", "N" + code(), 1)]:
        document = Evidence.objects.create(
            code=called, revision=revision, title=text(), excerpt=text(), state=state,
            url="https://lab.example/a?x=1,2", valid_from=AT.date(), keeps_uses=revision == 2,
            valid_until=AT.date() + timedelta(days=revision), created_at=AT,
            decided_at=None if state == "pending" else AT + timedelta(days=1, microseconds=3),
        )  # fmt: skip
        for language, about in (("en", product), ("zh", None)):
            EvidenceUse.objects.create(
                evidence=document, kind="health", sentence=" ".join(text().split()) or "x",
                language=language, product=about, attached_at=AT,
            )  # fmt: skip


def _beside_stock(place: Warehouse, variants: list[Variant], text, code) -> None:
    for n, (units, ends) in enumerate(((2, AT.date()), (0, None), (3, None))):
        Batch.objects.create(
            variant=variants[0], warehouse=place, code=f"{n}{code()}", expires_on=ends,
            on_hand=units, received_at=AT + timedelta(days=n),
        )  # fmt: skip
    for n, (variant, days) in enumerate(((0, 3), (0, None), (1, 4))):
        SellingHold.objects.create(
            variant=variants[variant], reason=text()[:200], began_at=AT + timedelta(days=n),
            ended_at=days and AT + timedelta(days=days, microseconds=1),
        )  # fmt: skip
    for country, points, on in (("GB", 2_000, 1), ("GB", 1_750, 0), ("FR", 0, 1)):
        TaxRate.objects.create(
            country=country, tax_class=text()[:20].strip() or "reduced", basis_points=points,
            valid_from=AT.date() + timedelta(days=on),
        )  # fmt: skip


def _catalogue(text: Callable[[], str], code: Callable[[], str]) -> list[Variant]:
    channel = Channel.objects.create(code="C" + code(), name=text())
    brand = Brand.objects.create(code="B" + code(), name=text())
    top = Category.objects.create(code="T" + code(), name=text(), name_zh=text())
    below = Category.objects.create(code="U" + code(), name=text(), parent=top)
    named = "a" + code()
    Attribute.objects.create(code=named, name=text(), kind="choice", choices=[text()], unit="cm")
    product = Product.objects.create(
        code="P" + code(), name=text(), name_zh=text(), description=text(), description_zh=text(),
        brand=brand, category=below, state="draft", tax_class="reduced", created_at=AT,
        attributes={named: text(), "odd": 5, " spaced ": text(), "list": [text()]},
    )  # fmt: skip
    ProductImage.objects.create(product=product, url="https://shop.example/a.jpg?x=1,2", position=0)
    variants = [
        Variant.objects.create(
            product=product, sku=f"{n}{code()}", name=text(), barcode=text(), cost_minor=n * 105,
            weight_g=n, is_active=not n, tracks_stock=True, min_shelf_life_days=n,
            attributes={"size": text()}, created_at=AT + timedelta(days=n),
        )
        for n in range(2)
    ]  # fmt: skip
    rows = [
        (PriceKind.LIST, None, 1_000, 0, None),
        (PriceKind.LIST, None, 1_250, 2, None),
        (PriceKind.FLASH, channel, 999, 3, 4),
        (PriceKind.LIST, channel, 1_150, 3, None),
    ]
    for n, (kind, where, amount, day, end) in enumerate(rows):
        Price.objects.create(
            variant=variants[0], kind=kind, channel=where, amount_minor=amount, currency="GBP",
            valid_from=AT + timedelta(days=day), source=text(), key=f"odd:{n}",
            valid_until=end and AT + timedelta(days=end),
        )  # fmt: skip
    KitComponent.objects.create(kit=variants[1], component=variants[0], units=3)
    return variants


def _order(customer: Customer, variants: list[Variant], text, code) -> Order:
    order = Order.objects.create(
        number="O" + code(), customer=customer, channel=Channel.objects.get(), state="shipped",
        currency="GBP", country=text(), placed_at=AT, is_history=True, prices_include_tax=False,
        items_minor=2 * 1_000 + 295 - 100, total_minor=2 * 1_000 + 295 - 100 + 459, tax_minor=459,
    )  # fmt: skip
    lines = [
        (LineKind.ITEM, variants[0], 2, 1_000, 100, 2_000, 400),
        (LineKind.SHIPPING, None, 1, 295, 0, 2_000, 59),
        (LineKind.DISCOUNT, None, 1, -100, 0, 0, 0),
    ]
    made = [
        OrderLine.objects.create(
            order=order, position=place, kind=kind, variant=variant, text=text(), units=units,
            unit_price_minor=price, total_minor=units * price, discount_minor=share,
            cancelled_units=units - 1,
            tax_basis_points=points, tax_minor=tax,
        )
        for place, (kind, variant, units, price, share, points, tax) in enumerate(lines, 1)
    ]  # fmt: skip
    back = Return.objects.create(
        number="R" + code(), order=order, customer=customer, currency="GBP", refund_minor=1_000,
        reason=text(), returned_at=AT + timedelta(days=9), is_history=True,
    )  # fmt: skip
    ReturnLine.objects.create(
        parent=back, position=1, variant=variants[0], order_line=made[0], text=text(), units=1,
        unit_refund_minor=1_000, total_minor=1_000,
    )  # fmt: skip
    return order


def _supplier(variants: list[Variant], text, code) -> None:
    supplier = Supplier.objects.create(
        code="S" + code(), name=text(), email="s@example.com", currency="GBP", lead_time_days=14,
        lead_time_sd_days=2.125, order_cost_minor=1_234, minimum_order_minor=5_000, is_active=False,
        capacity_litres=28_000, capacity_kg=24_000,
    )  # fmt: skip
    for n, variant in enumerate(variants):
        item = SupplierItem.objects.create(
            supplier=supplier, variant=variant, supplier_sku=text(), moq=n + 1, pack_size=6,
            unit_cost_minor=n * 399, lead_time_days=n * 21 or None, is_preferred=not n,
            unit_volume_ml=n * 750 or None, shelf_life_days=n * 90 or None, is_alternative=bool(n),
        )  # fmt: skip
        for units in (12, 120)[: n + 1]:
            PriceBreak.objects.create(item=item, from_units=units, unit_cost_minor=n * 300 + units)


def _support(customer: Customer, order: Order, text, code) -> None:
    KnowledgeArticle.objects.create(
        code=code() + "1", title=text(), body=text(), title_zh=text(), intent=Intent.INVOICE,
        is_published=False,
    )  # fmt: skip
    ticket = Ticket.objects.create(
        number="H" + code(), customer=customer, order=order, email="h@example.com", subject=text(),
        intent=Intent.DAMAGED, intent_source=IntentSource.AGENT, opened_at=AT, state="pending",
    )  # fmt: skip
    Message.objects.create(
        ticket=ticket, key="m", kind=MessageKind.INBOUND, body=text(), written_at=AT
    )
