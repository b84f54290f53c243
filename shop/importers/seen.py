"""What the file had before, in eight bytes a key: sorted 64-bit hashes, never the keys themselves.

Kept in runs of bounded length, so that adding to a million copies a part of them and not all.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

RUN = 100_000


def hashes_of(keys: pl.Series) -> pl.Series:
    """The same value under the same name has the same hash for the life of this process."""
    return pl.select(pl.lit(f"{keys.name}:") + keys).to_series().hash(seed=1).rename("hash")


class Seen:
    """Whether a key was there before."""

    def __init__(self) -> None:
        self.runs: list[pl.Series] = []

    def has(self, hashes: pl.Series) -> pl.Series:
        """Row by row, whether the hash is known."""
        found = pl.repeat(False, len(hashes), dtype=pl.Boolean, eager=True)
        for run in self.runs:
            found |= run.gather(_place(run, hashes)) == hashes
        return found

    def add(self, hashes: Sequence[pl.Series]) -> None:
        new = [part for part in hashes if len(part)]
        if new and self.runs and len(self.runs[-1]) < RUN:
            new.append(self.runs.pop())
        if new:
            self.runs.append(pl.concat(new, rechunk=True).sort())


class Counted:
    """A number for each key: twelve bytes a key, more only for a key that comes again much later."""

    def __init__(self) -> None:
        self.runs: list[pl.DataFrame] = []

    def of(self, keys: pl.Series) -> pl.Series:
        """Row by row, the key's number; 0 where it has none."""
        hashes = hashes_of(keys)
        found = pl.repeat(0, len(keys), dtype=pl.Int64, eager=True)
        for run in self.runs:  # the newest word counts
            place = _place(run["hash"], hashes)
            is_here = run["hash"].gather(place) == hashes
            found = run["number"].gather(place).cast(pl.Int64).zip_with(is_here, found)
        return found

    def put(self, keys: pl.Series, numbers: pl.Series) -> None:
        """keys: each once. A number that was there is replaced."""
        if keys.is_empty():
            return
        rows = pl.DataFrame({"hash": hashes_of(keys), "number": numbers.cast(pl.UInt32)})
        if self.runs and self.runs[-1].height < RUN:
            before = self.runs.pop().filter(~pl.col("hash").is_in(rows["hash"].implode()))
            rows = pl.concat([before, rows], rechunk=True)
        self.runs.append(rows.sort("hash"))


def _place(known: pl.Series, hashes: pl.Series) -> pl.Series:
    """Where each hash stands in the sorted ones, or would stand; never beyond the end."""
    return known.search_sorted(hashes, side="left").clip(0, len(known) - 1)
