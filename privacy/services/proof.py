"""The proof: every table and every file searched, what was read and what was found."""

from __future__ import annotations

from typing import Any

from privacy.services import searching, stored_files
from privacy.services.words import Words, weak_kinds

MOST_FOUND = 200


def prove(words: Words) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(what was searched, at most MOST_FOUND places where she still stands). Nothing names her here:
    places and kinds of identifier, never the identifier."""
    tables = searching.tables()
    found = []
    for hit in searching.search(words, tables):
        found.append(
            {"where": f"{hit.table}.{hit.column}", "row": str(hit.key), "kinds": list(hit.kinds)}
        )
        if len(found) >= MOST_FOUND:
            break
    files, read = stored_files.search_files(words)
    found += [
        {"where": "file", "row": words.without_her(hit.path, "…"), "kinds": list(hit.kinds)}
        for hit in files
    ]
    searched = {
        "tables": len(tables),
        "columns": sum(len(one.texts) + len(one.links) for one in tables),
        "files": read,
        "kinds": sorted({word.kind for word in words.words} | {"key"}),
        "whole_values_only": weak_kinds(words),
        "unread": [f"{one.name}.{column}" for one in tables for column in one.unread],
    }
    return searched, found[:MOST_FOUND]
