"""Learn anew what a sentence of copy states, after examples or phrases have changed; a minute."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from language.embeddings import load_embedder
from language.statements import SHIPPED, examples_digest, learn


class Command(BaseCommand):
    help = "Learn language/seeds/statements.npz from statements.csv and the phrase bank."

    def handle(self, *args: Any, **options: Any) -> None:
        from language.ml.statements import save_statements

        embedder = load_embedder()
        if not embedder.is_semantic:
            self.stderr.write("The sentence encoder is missing: nothing is learned for shipping.")
            raise SystemExit(1)
        save_statements(learn(), SHIPPED, embedder=embedder.name, digest=examples_digest())
        self.stdout.write(f"{SHIPPED.name}: {SHIPPED.stat().st_size:,} bytes")
