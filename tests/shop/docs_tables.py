"""Tables of docs/ledgers.md, so that tests assert the very figures that people read."""

from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "ledgers.md").read_text()


def table(*first_columns: str) -> list[dict[str, str]]:
    """The rows under the one header that begins with these columns, as column → cell."""
    lines = PAGE.splitlines()
    heads = [
        index
        for index, line in enumerate(lines)
        if cells(line)[: len(first_columns)] == list(first_columns)
    ]
    assert len(heads) == 1, f"{first_columns}: {len(heads)} tables"
    header, rows = cells(lines[heads[0]]), []
    for line in lines[heads[0] + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(header, cells(line), strict=True)))
    return rows


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def minor(cell: str) -> int:
    """`4.84 (4.835)` → 484."""
    return round(float(cell.split(" ")[0]) * 100)
