"""Learn anew what sentences and passages of copy state, after examples or phrases changed: minutes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from language.embeddings import load_embedder
from language.passages import SHIPPED as PASSAGES
from language.passages import learn_passages, passages_digest
from language.statements import SHIPPED, examples_digest, learn, sentence_model


class Command(BaseCommand):
    help = "Learn statements.npz and passages.npz of language/seeds from the examples beside them."

    def handle(self, *args: Any, **options: Any) -> None:
        from language.ml.passages import save_passages
        from language.ml.statements import save_statements

        embedder = load_embedder()
        if not embedder.is_semantic:
            self.stderr.write("The sentence encoder is missing: nothing is learned for shipping.")
            raise SystemExit(1)
        save_statements(learn(), SHIPPED, embedder=embedder.name, digest=examples_digest())
        sentence_model.cache_clear()  # what was shipped before may be in it
        save_passages(learn_passages(), PASSAGES, digest=passages_digest())
        for path in (SHIPPED, PASSAGES):
            self.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes")
