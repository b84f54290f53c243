"""Prove that the ledgers hold, with real servers that are started for it and stopped after it.

    python -m benchmarks.ledger_proof                 every proof, small: about two minutes
    python -m benchmarks.ledger_proof r1 r3 --full    the sizes of docs/performance.md
    python -m benchmarks.ledger_proof r1 r4 --embedded       SQLite and `manage.py up`

r1 never oversold nor undersold · r2 the control: without the guard the same harness sees it ·
r3 PostgreSQL restarted and killed · r4 web workers killed · r7 no deadlock · r8 linearizable.
Needs PostgreSQL's programs (initdb, pg_ctl), no running server. Exit 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import time
from collections.abc import Callable

from benchmarks.ledger_proof import proofs
from benchmarks.ledger_proof.proofs import FULL, QUICK, Size, Verdicts
from benchmarks.ledger_proof.world import Verdict

PROOFS: dict[str, list[Callable[[Size, bool], Verdicts]]] = {
    "r1": [proofs.no_oversell, proofs.attempts_in_bulk],
    "r2": [lambda size, _embedded: proofs.control(size)],
    "r3": [lambda size, _embedded: proofs.restarts(size)],
    "r4": [proofs.killed_workers],
    "r7": [lambda size, _embedded: proofs.no_deadlock(size)],
    "r8": [lambda size, _embedded: proofs.linearizable(size)],
}
ON_SQLITE = ("r1", "r4")


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is closed
    wrong = 0
    for name in options.proofs or (ON_SQLITE if options.embedded else PROOFS):
        if options.embedded and name not in ON_SQLITE:
            raise SystemExit(f"{name} is about PostgreSQL")
        for proof in PROOFS[name]:
            wrong += _run(name, proof, options)
    print(f"{wrong} violations" if wrong else "no violation")
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("proofs", nargs="*", metavar="r1 … r8", help=", ".join(PROOFS))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--embedded", action="store_true")
    for field in dataclasses.fields(Size):
        flag = f"--{field.name.replace('_', '-')}"
        parser.add_argument(flag, type=int, help="instead of the chosen size's")
    options = parser.parse_args()
    if unknown := set(options.proofs) - set(PROOFS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return options


def _size(options: argparse.Namespace) -> Size:
    said = {field.name: getattr(options, field.name) for field in dataclasses.fields(Size)}
    named = {name: value for name, value in said.items() if value is not None}
    return dataclasses.replace(FULL if options.full else QUICK, **named)


def _run(name: str, proof: Callable[[Size, bool], Verdicts], options: argparse.Namespace) -> int:
    began, rows, wrong = time.monotonic(), [], 0
    for run, verdict in proof(_size(options), options.embedded):
        if not rows:
            _print_row(["run", *verdict.counts])
        _print_row([run, *map(str, verdict.counts.values())])
        for fault in verdict.faults[:10]:
            print(f"  WRONG {fault}")
        rows.append((run, verdict))
        wrong += len(verdict.faults)
    _print_sum([verdict for _run, verdict in rows])
    print(f"{name}: {wrong} violations, {time.monotonic() - began:.0f} s\n", flush=True)
    return wrong


def _print_row(cells: list[str]) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def _print_sum(verdicts: list[Verdict]) -> None:
    if len(verdicts) < 2:
        return
    sums = [
        sum(found)
        if len(found := [v.counts[name] for v in verdicts if isinstance(v.counts.get(name), int)])
        else "–"
        for name in verdicts[0].counts
    ]
    _print_row(["sum", *map(str, sums)])


if __name__ == "__main__":
    sys.exit(main())
