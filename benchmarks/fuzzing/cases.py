"""One fuzzed import file per seed, and what must hold of every one of them.

A case is a file of rows that are fine (`intact`), rows that are broken on purpose, and things done to
the whole file. It is imported, and beside it a plain file of the intact rows alone: whatever that
one puts into the database, the fuzzed one must put there too. Then the rejects file is repaired and
imported, twice. Everything happens inside a transaction that is taken back.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

NASTY = [
    "1e309", "NaN", "inf", "-inf", "-1", "0", "12,5", "1.234,50", "1,234.50", "99999999999999999999",
    "=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-", "'", '"', "''=1", "\x00", "a\x00b", "\u202e", "﷽",
    "٣", "½", "½ pcs", "é" * 40, "x" * 310, "x" * 25_000, "x" * 120_000, "a b", "a/b", "nothing", "null", "NULL",
    "None", "N/A", "\\N", "#REF!", "true", "2025-13-01", "31/31/2026", "0000-00-00", "1899-12-31",
    "29/02/2025", "2025-02-29", "20250304", "45721", "2025-03-04T25:61", "2025-03-04T10:00:00+99:00",
    "9999-12-31", "2025-03-04 10:00:00.123456789", "\t", "\u00a0", " ", "\ufeff", "line\nbreak", "cr\rhere",
    "a@b", "@", "person@example", "2.005", "0.005", "1.", ".", ",", "--5", "5-", "1 000", "£5", "5 €", "1_000",
    "0x10", "S1 ", "s1", "C1;C2", "{}", "[]", '{"a":', "<script>", "%s%s%n", "../../etc/passwd", "😀", "王伟",
]  # fmt: skip
DELIMITERS = [",", ",", ",", ";", "\t", "|"]
ENCODINGS = ["utf-8", "utf-8", "utf-8-sig", "utf-16", "gb18030", "cp1252"]
REPAIRED_EVERY = 3  # the repair takes two more imports
HEADERS_TRIED = 12
KNOWN = 20  # SKUs, customers and orders that are there before: S1 … S20, C1 …, H1 …
REFERENCES = {
    "sku": "S{0}", "component": "S{0}", "customer_code": "C{0}", "customer": "C{0}",
    "order_number": "H{0}", "order": "H{0}", "currency": "GBP", "warehouse": "MAIN",
    "channel": "web", "country": "GB", "attribute": "colour", "category": "Home > Tea",
    "Quantity": "3", "UnitPrice": "2.50", "StockCode": "85{0}23A", "CustomerID": "17{0}", "parent": "",
    "properties": '{"a": 1}', "image_urls": "https://example.com/{0}.png", "choices": "", "order_line": "1",
    "valid_until": "", "kit": "K{0}", "attributes_json": '{"a": 1}',
    "variant_attributes_json": '{"b": "2"}', "price_breaks": "100:4.20 500:3.90",
    "window_days": "365", "enter_at": "10", "stay_at": "5", "starts_on": "2025-01-01", "ends_on": "", "offer_code": "",
    "tier": "t{0}",
    "url": "https://example.com/{0}.pdf", "file": "", "time_zone": "Europe/London", "birthday": "02-29", "supplier_code": "F{0}",
    # Of other systems' files, where a column is text and yet means something:
    "Type": "simple", "Published": "1", "ID": "{0}", "SKU": "S{0}", "Variant SKU": "V{0}",
    "Lineitem sku": "S{0}", "item_sku": "S{0}", "item_subtotal": "50", "item_total": "50",
    "On hand": "{0}", "On hand (new)": "{0}", "Stock": "{0}", "Parent": "", "Currency": "GBP",
    "order_currency": "GBP", "Image Src": "https://example.com/{0}.png",
    "Images": "https://example.com/{0}.png, https://example.com/{0}b.png",
}  # fmt: skip
# Without one of these most rows are refused, and a file of refused rows proves little.
OFTEN = {
    "SKU", "Lineitem sku", "Lineitem quantity", "Lineitem price", "Total", "item_sku",
    "item_quantity", "item_subtotal", "Title", "Name", "body", "order_number", "url", "excerpt",
    "sentence",
}  # fmt: skip
CLOCK = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


class Fault(AssertionError):
    """The importer broke a promise; the case's seed brings it back."""


@dataclass
class Row:
    cells: dict[str, str]
    raw: str | None = None  # the line as it stands, where no writer would write it so
    is_intact: bool = True
    repaired: dict[str, str] | None = None
    line: int = 0


@dataclass
class Case:
    kind: str
    format: str
    seed: int
    header: list[str]
    rows: list[Row]
    did: list[str] = field(default_factory=list)
    is_table: bool = True  # False: nobody knows how many rows this is
    refused: bool | None = False  # True: must be refused as a whole; None: may be
    content: bytes = b""
    name: str = "fuzz.csv"


class Maker:
    """Rows of one kind and format, made from what its columns say of themselves."""

    def __init__(self, importer: Any, rng: random.Random):
        self.importer, self.rng = importer, rng
        self.columns = {column.name: column for column in importer.columns}
        self.key = importer.required[0] if importer.required else next(iter(self.columns))

    def header(self) -> list[str]:
        """Mostly one that the importer takes; now and then one of which it must refuse the file."""
        for _ in range(HEADERS_TRIED):
            header = self._some_columns()
            if is_enough(self.importer, header) or self.rng.random() < 0.1:
                return header
        return list(self.columns)

    def _some_columns(self) -> list[str]:
        optional = [n for n in self.columns if n not in self.importer.required]
        dated = [n for n in optional if self.columns[n].kind == "moment" and n != "valid_until"]
        kept = [
            n for n in optional if n in dated or self.rng.random() < (0.97 if n in OFTEN else 0.7)
        ]
        return [name for name in self.columns if name in {*self.importer.required, *kept}]

    def row(self, number: int, header: list[str]) -> dict[str, str]:
        return {name: self._value(name, number) for name in header}

    def _value(self, name: str, number: int) -> str:
        if own := self._own_key(name, number):
            return own
        if name in REFERENCES:
            return REFERENCES[name].replace("{0}", str(number % KNOWN + 1))
        column = self.columns[name]
        if column.wrong.startswith("is none of "):
            words = column.wrong.removeprefix("is none of ").split(", ")
            return words[0]
        if column.wrong == "is neither yes nor no":
            return self.rng.choice(["yes", "no", "1", "False", "是"])
        if column.kind == "moment":
            return f"2025-{number % 12 + 1:02}-{number % 28 + 1:02} 10:{number % 60:02}"
        if column.kind == "number":
            return "12.50" if column.wrong.startswith("is no amount") else str(number % 5 + 1)
        if "email" in name.lower():
            return f"person{number}@example.com"
        if column.wrong != "is no text":
            return f"v{number}"
        return self.rng.choice([f"{name} {number}", f'{name}, "{number}"', f"{name} {number}é"])

    def _own_key(self, name: str, number: int) -> str:
        """What the row is called, where it is a thing of its own; "" where it names another."""
        kind = self.importer.kind
        if kind == "products" and name in ("ID", "SKU"):
            return f"9{number}"  # what is there already may be changed by a broken row
        if kind == "customer_attributes" and name == "name":
            return f"size-{number}"
        if kind == "acquisition_costs" and name == "month":
            return f"{2000 + number // 12 % 100}-{number % 12 + 1:02}-01"
        if name != self.key or name in ("kit", "Type"):
            return ""
        if kind == "tax_rates":
            return f"{chr(65 + number % 26)}{chr(65 + number // 26)}"
        if name in ("sku", "customer_code"):
            return f"F{number}" if kind in ("products", "customers") else ""
        return f"A{number}" if self.importer.format == "online-retail" else f"F{number}"


def is_enough(importer: Any, header: list[str]) -> bool:
    """Whether a file with these columns may be read: the importer itself says so, without a row.

    Some need one column of several, which is no column that every row must fill.
    """
    from shop.importers.encodings import UnusableFileError
    from shop.importers.run import ImportRun, Options
    from shop.importers.source import FrameSource

    if importer.start is None:
        return True
    frame = pl.DataFrame(schema=dict.fromkeys(header, pl.String))
    try:
        importer.start(ImportRun(importer, FrameSource([frame], importer.kind), Options()))
    except UnusableFileError:
        return False
    return True


def make_case(importer: Any, seed: int) -> Case:
    rng = random.Random(f"{importer.kind}/{importer.format}/{seed}")
    maker = Maker(importer, rng)
    header = maker.header()
    case = Case(importer.kind, importer.format, seed, header, [])
    if not is_enough(importer, header):
        case.did.append("columns:too few")
        case.refused = True
    for number in range(rng.randint(1, 12)):
        case.rows.append(Row(maker.row(number + 1, header)))
    delimiter = rng.choice(DELIMITERS)
    for number in range(rng.choice([0, 0, 1, 1, 2, 3, 5])):
        bad = _broken_row(case, maker, rng, 13 + number, delimiter)
        case.rows.insert(rng.randint(0, len(case.rows)), bad)
    for _ in range(rng.choice([0, 0, 0, 1])):
        _repeat_a_row(case, rng)
    if delimiter == ";" and rng.random() < 0.5 and all(row.raw is None for row in case.rows):
        _use_decimal_commas(case, maker)
    _write(case, rng, delimiter)
    return case


def _broken_row(case: Case, maker: Maker, rng: random.Random, number: int, delimiter: str) -> Row:
    good = maker.row(number, case.header)
    row = Row(dict(good), is_intact=False, repaired=good)
    shape = rng.choice(["cell"] * 6 + ["empty", "nulls", "short", "long", "open", "quote", "marks"])
    case.did.append(f"row:{shape}")
    if shape == "cell":
        for name in rng.sample(case.header, min(len(case.header), rng.randint(1, 3))):
            row.cells[name] = rng.choice(NASTY)
        _keep_the_decimal_mark(case, maker, row)
    elif shape == "empty":
        row.cells[rng.choice(case.header)] = ""
    elif shape == "nulls":
        row.cells = dict.fromkeys(case.header, "")
        row.raw = delimiter.join('""' for _ in case.header)
    elif shape in ("short", "long"):
        values = list(good.values())
        values = values[: rng.randint(0, len(values) - 1)] or ["x"]
        extra = [] if shape == "short" else [*good.values(), "one", "more"]
        row.raw = one_line(extra or values, delimiter)
    elif shape == "open":
        values = [f"v{place}" for place in range(len(case.header))]
        values[rng.randrange(len(values))] = '"opened and never closed'
        row.raw = delimiter.join(values)
    elif shape == "quote":
        values = [f'5" x "{place}"y' for place in range(len(case.header))]
        row.raw = delimiter.join(values)
    else:
        row.raw = delimiter * max(1, len(case.header) - 1)
    return row


def _keep_the_decimal_mark(case: Case, maker: Maker, row: Row) -> None:
    """A file in which most numbers have a comma is a file with decimal commas: not meant here."""
    odd = [n for n in case.header if maker.columns[n].kind == "number" and "," in row.cells[n]]
    spared = 1 if sum(one.is_intact for one in case.rows) >= 8 else 0
    for name in odd[spared:]:
        row.cells[name] = "1e309"


def _use_decimal_commas(case: Case, maker: Maker) -> None:
    case.did.append("decimal:comma")
    for row in case.rows:
        for cells in (row.cells, row.repaired or {}):
            for name in cells:
                if maker.columns[name].kind == "number" and cells[name] in ("12.50", "2.50"):
                    cells[name] = cells[name].replace(".", ",")


def _repeat_a_row(case: Case, rng: random.Random) -> None:
    if case.kind in ("orders", "returns"):
        return  # there it is another line of the same document
    row = rng.choice([row for row in case.rows if row.is_intact])
    place = case.rows.index(row)
    again = Row(dict(row.cells), is_intact=False, repaired=None)
    case.rows.insert(rng.randint(place + 1, len(case.rows)), again)
    case.did.append("row:repeated")


def one_line(values: list[str], delimiter: str, *, everything: bool = False) -> str:
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerow(values)
    return out.getvalue()[:-2]


def _write(case: Case, rng: random.Random, delimiter: str) -> None:
    names = list(case.header)
    _change_columns(case, rng, names)
    everything, ending = rng.random() < 0.3, rng.choice(["\n", "\n", "\r\n"])
    lines, at = [one_line(names, delimiter, everything=everything)], 2
    for row in case.rows:
        if rng.random() < 0.05:
            lines.append("")
            at += 1
        values = [row.cells.get(_own(name, case), "extra") for name in names]
        text = (
            row.raw if row.raw is not None else one_line(values, delimiter, everything=everything)
        )
        row.line = at
        at += 1 + text.replace("\r\n", "\n").replace("\r", "\n").count("\n")
        lines.append(text)
    text = ending.join(lines) + (ending if rng.random() < 0.8 else "")
    _encode(case, rng, text)
    _pack(case, rng)


def _own(name: str, case: Case) -> str:
    plain = name.strip().lower()
    return next((own for own in case.header if own.lower() == plain), "")


def _change_columns(case: Case, rng: random.Random, names: list[str]) -> None:
    done = rng.choice(["", "", "", "", "shuffle", "case", "extra", "missing", "twice", "odd"])
    if not done:
        return
    case.did.append(f"columns:{done}")
    if done == "shuffle" and all(row.raw is None for row in case.rows):
        rng.shuffle(names)
    elif done == "case":
        names[:] = [f" {name.upper()} " for name in names]
    elif done == "extra":
        names.append("somebody's own")
        for row in case.rows:
            if row.raw is not None:
                case.is_table = True
    elif done == "missing":
        required = _required(case)
        names[:] = [name for name in names if name not in required[:1]]
        case.refused = case.refused or bool(required)
    elif done == "twice":
        names.append(names[0])
        case.refused = True
    elif done == "odd":
        names.append("")


def _required(case: Case) -> tuple[str, ...]:
    from shop.importers.registry import importer_of

    return importer_of(case.kind, case.format).required


def _encode(case: Case, rng: random.Random, text: str) -> None:
    encoding = rng.choice(ENCODINGS)
    case.did.append(f"encoding:{encoding}")
    try:
        case.content = text.encode(encoding)
    except UnicodeEncodeError:
        case.content = text.encode("utf-8")
    if encoding == "cp1252" and any(ord(letter) > 127 for letter in text):
        case.is_table, case.refused = False, case.refused or None  # may look like GB18030
    if encoding == "utf-16" and "\x00" in text:
        case.refused = None


def _pack(case: Case, rng: random.Random) -> None:
    done = rng.choice(
        [""] * 12 + ["gzip", "gzip", "cut", "bytes", "binary", "empty", "zip", "bomb", "header"]
    )
    if not done:
        return
    case.did.append(f"file:{done}")
    body = case.content
    if done == "gzip":
        case.content, case.name = gzip.compress(body, 1), "fuzz.csv.gz"
        return
    case.is_table = False
    case.refused = True if done != "bytes" else None
    if done == "cut":
        case.content, case.name = gzip.compress(body)[: -rng.randint(5, 12)], "fuzz.csv.gz"
    elif done == "bytes":
        broken = bytearray(body)
        for _ in range(rng.randint(1, 6)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        case.content = bytes(broken)
    elif done == "binary":
        case.content = rng.randbytes(rng.randint(1, 4_000))
        case.refused = None
    elif done == "empty":
        case.content = rng.choice([b"", b"\n\n", b"\xef\xbb\xbf", b" "])
    elif done == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("sheet1.xml", body * rng.randint(1, 50))
        case.content = out.getvalue()
    elif done == "bomb":
        case.content, case.name = gzip.compress(b"0" * 3_000_000, 9), "bomb.csv.gz"
    else:
        case.content, case.rows = b",".join(n.encode() for n in case.header) + b"\n", []
        case.refused, case.is_table = None, True
