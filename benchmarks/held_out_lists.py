"""What the claim check makes of lists that nothing of it learned from: without the tuned encoder, and with it.

    python benchmarks/held_out_lists.py [--held 2219:3418] [--tuned FILE]

Passages and encoder are learned anew without these rows of language/seeds/passages.csv (the two newest lists
of strangers among them), a quarter of an hour; then those rows, and the lists of tests/language that are never
learned from, are read as a provider's texts. `--tuned` keeps the trained encoder there, or reads it if it is there.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NEVER_LEARNED = ("eighth", "ninth")


def main() -> int:
    options = _options()
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="held-out-lists-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from language import passages

    rows = passages.passage_examples()
    first, last = map(int, options.held.split(":"))
    held = rows[first:last]
    lists = {"held": held} | {name: _list_of(name) for name in NEVER_LEARNED}
    unseen = {text for _label, text in held}
    passages.passage_examples = lambda: [row for row in rows if row[1] not in unseen]
    model = passages.learn_passages()
    passages._model = lambda: model
    reader = _tuned_reader(options.tuned)
    for name, chosen in (("without", None), ("with", reader)):
        passages._tuned = lambda chosen=chosen: chosen
        passages._chance.cache_clear()
        for which, texts in lists.items():
            print(json.dumps({"tuned": name, "list": which} | _measured(texts)), flush=True)
    return 0


def _tuned_reader(path: Path | None):
    from language import passages
    from language.embeddings import load_embedder
    from language.ml.tuned_encoder import load_tuned, save_tuned, weights_of

    encoder, digest = load_embedder(), passages.passages_digest()
    own = weights_of(encoder.backend)
    tuned = load_tuned(path, own, digest=digest) if path else None
    if tuned is None:
        tuned = passages.learn_tuned(encoder, lambda line: print(line, file=sys.stderr))
        if path:
            save_tuned(tuned, own, path, digest=digest)
    return tuned.reader(encoder.backend)


def _measured(texts: list[tuple[str, str]]) -> dict[str, int]:
    from language.claims import refusals
    from language.passages import EXAMPLE_FACTS

    read = [(label, bool(refusals(text, EXAMPLE_FACTS, slots_only=True))) for label, text in texts]
    false = [refused for label, refused in read if label != "none"]
    true = [refused for label, refused in read if label == "none"]
    return {
        "false": len(false), "passing": false.count(False),
        "true": len(true), "refused": true.count(True),
    }  # fmt: skip


def _list_of(name: str) -> list[tuple[str, str]]:
    path = ROOT / "tests" / "language" / f"{name}_claim_texts.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["label"], row["text"]) for row in csv.DictReader(file)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--held", default="2219:3418", help="Rows of passages.csv, from:to.")
    parser.add_argument("--tuned", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
