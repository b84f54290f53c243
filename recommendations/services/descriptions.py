"""What products are said to be, as vectors: the way to what nobody has bought yet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from language.embeddings import load_embedder
from recommendations.frames import ShopInteractions, described_products
from recommendations.ml.content import MANY, projected
from recommendations.services.kept_vectors import encoded

# Products: the encoder reads about a thousand texts a second, and 512 numbers of each are kept.
MOST_DESCRIBED = 200_000
AT_ONCE = 10_000


def with_descriptions(history: ShopInteractions) -> ShopInteractions:
    """The same rows over all products on sale, each with the vector of its description.

    What nobody has touched yet gets a number too. A catalogue past MOST_DESCRIBED stays as it is.
    """
    ids, on_sale, texts = described_products()
    wanted = on_sale | np.isin(ids, history.product_ids)
    if not 0 < wanted.sum() <= MOST_DESCRIBED:
        return history
    ids, chosen = ids[wanted], np.flatnonzero(wanted)
    vectors = _vectors([texts[place] for place in chosen])
    product_ids = np.union1d(ids, history.product_ids)
    content = np.zeros((len(product_ids), vectors.shape[1]), dtype=np.float32)
    content[np.searchsorted(product_ids, ids)] = vectors
    item = np.searchsorted(product_ids, history.product_ids)[history.rows.item]
    rows = replace(history.rows, item=item, n_items=len(product_ids), content=content)
    return replace(history, rows=rows, product_ids=product_ids)


def _vectors(texts: list[str]) -> np.ndarray:
    """Of a large catalogue as many directions as its neighbours are found by, so that hashed n-grams
    (2,048 numbers each) never stand in memory for all of them."""
    embedder = load_embedder()
    if len(texts) <= MANY:
        return encoded(embedder, texts)
    starts = range(0, len(texts), AT_ONCE)
    if embedder.is_semantic:
        known = encoded(embedder, texts)
        parts = [projected(known[start : start + AT_ONCE]) for start in starts]
    else:
        parts = [projected(embedder.encode(texts[start : start + AT_ONCE])) for start in starts]
    return np.concatenate(parts)
