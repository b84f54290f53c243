"""The part of docs/webhooks.md that lists every kind, written from the register.

`python manage.py write_webhook_docs` puts it into the page; a test compares the two.
"""

from __future__ import annotations

import json

from outbox.kinds import MessageKind, all_kinds

BEGIN = "<!-- written by `manage.py write_webhook_docs`: do not edit below -->"


def pages_part() -> str:
    return "\n".join([BEGIN, "", *(_kind(kind) for kind in all_kinds())])


def with_kinds(page: str) -> str:
    """The page with its list of kinds renewed. Raises ValueError when the mark is missing."""
    head, mark, _old = page.partition(BEGIN)
    if not mark:
        raise ValueError("docs/webhooks.md has lost its mark")
    return head + pages_part()


def _kind(kind: MessageKind) -> str:
    rows = [f"| `{name}` | {one.shape} | {one.meaning} |" for name, one in kind.fields.items()]
    example = json.dumps(kind.example, ensure_ascii=False, indent=2)
    table = ["| field of `data` | type | |", "|---|---|---|", *rows]
    return "\n".join(
        [f"### {kind.name}", "", kind.when, "", *table, "", "```json", example, "```", ""]
    )
