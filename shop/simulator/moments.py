"""Local days and seconds of the shop → aware UTC."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import polars as pl

from .world import World


def moments(world: World, day: Any, second: Any) -> pl.Expr:
    """Expression of aware UTC from two columns (names or expressions): day number and second.

    An hour that the clocks skip or repeat never occurs here: the shop's day is 5:00 to 23:59, and
    midnight exists in every zone the shop is likely to keep; a skipped one moves on by an hour.
    """
    local = (
        pl.lit(datetime.combine(world.start, time()))
        + pl.duration(days=day)
        + pl.duration(seconds=second)
    )
    zone = world.time_zone
    aware = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    later = local.dt.offset_by("1h").dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    )
    return pl.coalesce(aware, later).dt.convert_time_zone("UTC").dt.cast_time_unit("us")
