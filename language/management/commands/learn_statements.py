"""Learn anew what sentences and passages of copy state, after examples or phrases changed: minutes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from language.embeddings import SentenceEncoder, load_embedder
from language.passages import SHIPPED as PASSAGES
from language.passages import TUNED, learn_passages, learn_tuned, passages_digest
from language.statements import SHIPPED, examples_digest, learn, sentence_model


class Command(BaseCommand):
    help = "Learn what language/seeds/*.npz hold from the examples beside them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tune",
            action="store_true",
            help="Train the encoder on, too (tuned.npz): a quarter of an hour of one core.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from language.ml.passages import save_passages
        from language.ml.statements import save_statements
        from language.ml.tuned_encoder import load_tuned, save_tuned, weights_of

        embedder = load_embedder()
        if not isinstance(embedder, SentenceEncoder):
            self.stderr.write("The sentence encoder is missing: nothing is learned for shipping.")
            raise SystemExit(1)
        save_statements(learn(), SHIPPED, embedder=embedder.name, digest=examples_digest())
        sentence_model.cache_clear()  # what was shipped before may be in it
        save_passages(learn_passages(), PASSAGES, digest=passages_digest())
        own, digest = weights_of(embedder.backend), passages_digest()
        if options["tune"]:
            tuned = learn_tuned(embedder, self.stdout.write)
            save_tuned(tuned, own, TUNED, digest=digest)
        elif load_tuned(TUNED, own, digest=digest) is None:
            self.stderr.write(f"{TUNED.name} is of other examples and lies idle: see --tune.")
        for path in (SHIPPED, PASSAGES, TUNED):
            self.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes")
