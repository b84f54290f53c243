"""What products are said to be, as vectors: the way to what nobody has bought yet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from language.embeddings import load_embedder
from recommendations.frames import ShopInteractions, described_products
from recommendations.services.kept_vectors import encoded

MOST_DESCRIBED = 50_000  # products; the encoder reads about a thousand texts a second


def with_descriptions(history: ShopInteractions) -> ShopInteractions:
    """The same rows over all products on sale, each with the vector of its description.

    What nobody has touched yet gets a number too. A catalogue past MOST_DESCRIBED stays as it is.
    """
    ids, on_sale, texts = described_products()
    wanted = on_sale | np.isin(ids, history.product_ids)
    if not 0 < wanted.sum() <= MOST_DESCRIBED:
        return history
    ids, chosen = ids[wanted], np.flatnonzero(wanted)
    vectors = encoded(load_embedder(), [texts[place] for place in chosen])
    product_ids = np.union1d(ids, history.product_ids)
    content = np.zeros((len(product_ids), vectors.shape[1]), dtype=np.float32)
    content[np.searchsorted(product_ids, ids)] = vectors
    item = np.searchsorted(product_ids, history.product_ids)[history.rows.item]
    rows = replace(history.rows, item=item, n_items=len(product_ids), content=content)
    return replace(history, rows=rows, product_ids=product_ids)
