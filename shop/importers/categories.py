"""Category paths (`Home > Kitchen > Tea`) as rows with parents."""

from __future__ import annotations

import polars as pl

from shop.models import Category

from .slugs import code_of
from .write import upsert

ARROW = ">"


def category_ids(paths: pl.Series, paths_zh: pl.Series) -> pl.Series:
    """The id of each path's last step; every step on the way is created where it is unknown."""
    wanted = {path: zh for path, zh in zip(paths, paths_zh, strict=True) if path}
    ids: dict[tuple[str, ...], int] = {}
    deepest = max((len(steps_of(path)) for path in wanted), default=0)
    for depth in range(1, deepest + 1):
        ids |= _write_level(depth, wanted, ids)
    return pl.Series(
        "category_id", [ids.get(steps_of(path)) if path else None for path in paths], pl.Int64
    )


def steps_of(path: str) -> tuple[str, ...]:
    return tuple(step.strip() for step in path.split(ARROW) if step.strip())


def _write_level(
    depth: int, wanted: dict[str, str | None], parents: dict[tuple[str, ...], int]
) -> dict[tuple[str, ...], int]:
    rows = {}
    for path, path_zh in wanted.items():
        steps, steps_zh = steps_of(path)[:depth], steps_of(path_zh or "")
        if len(steps) < depth:
            continue
        zh = steps_zh[depth - 1] if len(steps_zh) >= depth else None
        rows[steps] = (code_of(" ".join(steps)), steps[-1][:200], zh, parents.get(steps[:-1]))
    columns = {"code": pl.String, "name": pl.String, "name_zh": pl.String, "parent_id": pl.Int64}
    table = pl.DataFrame(list(rows.values()), schema=columns, orient="row")
    done = upsert(
        Category, table.unique("code", keep="first"), "code", only_new=["name", "parent_id"]
    )
    by_code = dict(done.rows.select("code", "id").iter_rows())
    return {steps: by_code[row[0]] for steps, row in rows.items()}
