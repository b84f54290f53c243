"""What the stock ledger should say, in plain numbers: no database, no SQL, no locks.

The rules are docs/ledgers.md's, written down a second time on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Lot:
    code: str
    days: int | None  # until its expiry date; None: it has none
    units: int = 0
    aside: int = 0

    @property
    def free(self) -> int:
        return self.units - self.aside


@dataclass
class Shelf:
    """One SKU in one warehouse."""

    keeps_days: int  # must be left of a unit's life when it is sold
    loose: int = 0
    allocated: int = 0
    reserved: int = 0
    fences: dict[int, int] = field(default_factory=dict)
    lots: dict[str, Lot] = field(default_factory=dict)  # in the order of arrival

    @property
    def on_hand(self) -> int:
        return self.loose + sum(lot.units for lot in self.lots.values())

    @property
    def ring_fenced(self) -> int:
        return sum(self.fences.values()) + sum(lot.aside for lot in self.lots.values())

    @property
    def promised(self) -> int:
        return self.allocated + self.reserved + self.ring_fenced

    @property
    def available(self) -> int:
        return self.on_hand - self.promised

    def in_order(self) -> list[Lot]:
        lots = list(self.lots.values())
        return sorted(lots, key=lambda lot: 10**6 if lot.days is None else lot.days)

    def for_sale(self) -> list[Lot | None]:
        """First expired first, then goods without a batch, then what was promised too long ago."""
        alive = [lot for lot in self.in_order() if lot.days is None or lot.days >= 0]
        fresh = [lot for lot in alive if lot.days is None or lot.days >= self.keeps_days]
        return [*fresh, None, *(lot for lot in alive if lot not in fresh)]

    def take(self, units: int, order: list[Lot | None]) -> list[tuple[str, int]] | None:
        """Pieces (code, units) in that order, taken; None, and nothing taken, when it is too little."""
        if sum(self._free(lot) for lot in order) < units:
            return None
        pieces = []
        for lot in order:
            part = min(self._free(lot), units)
            units -= part
            if part and lot is None:
                self.loose -= part
            elif part and lot is not None:
                lot.units -= part
            if part:
                pieces.append((lot.code if lot else "", part))
        return pieces

    def put(self, units: int, code: str = "", days: int | None = None) -> None:
        if not code:
            self.loose += units
            return
        self.lots.setdefault(code, Lot(code, days)).units += units

    def _free(self, lot: Lot | None) -> int:
        return self.loose if lot is None else lot.free

    def set_aside(self) -> None:
        """In the order in which the batches were made."""
        for lot in self.lots.values():
            if lot.days is not None and lot.days < self.keeps_days:
                lot.aside += max(0, min(lot.free, self.available))

    def write_off(self, code: str) -> int:
        """What is set aside of a lot, and what else of it is nobody's."""
        lot = self.lots[code]
        rest = min(lot.free, self.available)
        gone = lot.aside + max(rest, 0)
        lot.units -= gone
        lot.aside = 0
        return gone
