"""What an import did, counted: rows read = new + changed + unchanged + rejected, always."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

MANY_REASONS = 200
OTHER = "other reasons (the rejects file names each)"


@dataclass
class MoneyTotals:
    """Sums of the file's own amounts, exact. read = accepted + rejected."""

    read: Decimal = Decimal(0)
    accepted: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    unreadable_rows: int = 0  # rejected rows whose amount is no number: in no sum

    def __bool__(self) -> bool:
        return bool(self.read or self.accepted or self.rejected or self.unreadable_rows)


@dataclass
class ImportReport:
    kind: str
    format: str
    file: str = ""
    dry_run: bool = False
    rows_read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    written: Counter = field(default_factory=Counter)  # rows added or changed, by what they are
    reasons: Counter = field(default_factory=Counter)  # rejected rows by column and reason
    money: MoneyTotals = field(default_factory=MoneyTotals)
    sums: dict[str, Decimal] = field(default_factory=dict)  # what was written, by what it is
    notes: list[str] = field(default_factory=list)
    rejects_file: str = ""
    seconds: float = 0.0
    peak_memory_mb: float | None = None

    def count_reason(self, reason: str, rows: int) -> None:
        """Each by its own words while they are few; a file cannot fill the memory with sentences."""
        known = reason in self.reasons or len(self.reasons) < MANY_REASONS
        self.reasons[reason if known else OTHER] += rows

    @property
    def rows_per_second(self) -> float:
        return self.rows_read / self.seconds if self.seconds else 0.0

    def as_dict(self) -> dict:
        """Plain JSON, for a job's result."""
        return {
            "kind": self.kind,
            "format": self.format,
            "file": self.file,
            "dry_run": self.dry_run,
            "rows_read": self.rows_read,
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "written": dict(self.written),
            "reasons": dict(self.reasons.most_common()),
            "money": {
                "read": _plain(self.money.read),
                "accepted": _plain(self.money.accepted),
                "rejected": _plain(self.money.rejected),
                "unreadable_rows": self.money.unreadable_rows,
            }
            if self.money
            else {},
            "sums": {name: _plain(amount) for name, amount in self.sums.items()},
            "notes": self.notes,
            "rejects_file": self.rejects_file,
            "seconds": round(self.seconds, 3),
            "peak_memory_mb": self.peak_memory_mb and round(self.peak_memory_mb, 1),
        }

    def lines(self) -> list[str]:
        """The report as a person reads it."""
        memory = f", peak memory {self.peak_memory_mb:,.0f} MB" if self.peak_memory_mb else ""
        said = [
            f"{self.file or self.kind}: {self.rows_read:,} rows read in {self.seconds:.1f} s "
            f"({self.rows_per_second:,.0f} rows/s{memory})",
            f"  new {self.new:,} · changed {self.changed:,} · unchanged {self.unchanged:,} "
            f"· rejected {self.rejected:,}",
        ]
        said += [f"  {what}: {count:,}" for what, count in sorted(self.written.items())]
        if self.money:
            said.append(
                f"  money read {_plain(self.money.read)} = accepted {_plain(self.money.accepted)} "
                f"+ rejected {_plain(self.money.rejected)}"
            )
        said += [f"  {what}: {_plain(amount)}" for what, amount in self.sums.items()]
        said += [f"  rejected, {why}: {count:,}" for why, count in self.reasons.most_common(12)]
        said += [f"  note: {note}" for note in self.notes]
        if self.rejects_file:
            said.append(f"  rejected rows are in {self.rejects_file}")
        if self.dry_run:
            said.append("  dry run: nothing was written")
        return said


def _plain(amount: Decimal) -> str:
    """12.5 → 12.50; 0.0040 → 0.004: two decimals, more only where they carry something."""
    shortest = f"{amount.normalize():f}"
    decimals = len(shortest.partition(".")[2])
    return shortest if decimals > 2 else f"{amount:.2f}"
