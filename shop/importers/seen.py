"""What the file had before, in eight bytes a key: sorted 64-bit hashes, never the keys themselves."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def hashes_of(keys: pl.Series) -> pl.Series:
    """The same value under the same name has the same hash for the life of this process."""
    return pl.select(pl.lit(f"{keys.name}:") + keys).to_series().hash(seed=1).rename("hash")


class Seen:
    def __init__(self) -> None:
        self.hashes = pl.Series("hash", [], dtype=pl.UInt64)

    def has(self, hashes: pl.Series) -> pl.Series:
        """Row by row, whether the hash is known."""
        if self.hashes.is_empty():
            return pl.repeat(False, len(hashes), dtype=pl.Boolean, eager=True)
        return self.hashes.gather(_place(self.hashes, hashes)) == hashes

    def add(self, hashes: Sequence[pl.Series]) -> None:
        if hashes:
            self.hashes = pl.concat([self.hashes, *hashes], rechunk=True).sort()


class Counted:
    """A number for each key: twelve bytes a key."""

    def __init__(self) -> None:
        self.rows = pl.DataFrame(schema={"hash": pl.UInt64, "number": pl.UInt32})

    def of(self, keys: pl.Series) -> pl.Series:
        """Row by row, the key's number; 0 where it has none."""
        hashes, known = hashes_of(keys), self.rows["hash"]
        if known.is_empty():
            return pl.repeat(0, len(keys), dtype=pl.Int64, eager=True)
        place = _place(known, hashes)
        number = self.rows["number"].gather(place).cast(pl.Int64)
        return number.zip_with(known.gather(place) == hashes, pl.Series([0]))

    def put(self, keys: pl.Series, numbers: pl.Series) -> None:
        """keys: each once. A number that was there is replaced."""
        given = pl.DataFrame({"hash": hashes_of(keys), "number": numbers.cast(pl.UInt32)})
        left = self.rows.filter(~pl.col("hash").is_in(given["hash"].implode()))
        self.rows = pl.concat([left, given], rechunk=True).sort("hash")


def _place(known: pl.Series, hashes: pl.Series) -> pl.Series:
    """Where each hash stands in the sorted ones, or would stand; never beyond the end."""
    return known.search_sorted(hashes, side="left").clip(0, len(known) - 1)
