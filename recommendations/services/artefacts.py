"""The recommender's file: an uncompressed .npz whose arrays are mapped, not read, into memory."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from recommendations.ml.als import Scale
from recommendations.ml.attention import SelfAttention
from recommendations.ml.blend import Blend
from recommendations.ml.complements import Trending
from recommendations.ml.item_facts import FACT_ARRAYS, ItemFacts
from recommendations.ml.ranker import Ranker
from recommendations.ml.ranker_features import Attributes, FeatureReader
from recommendations.ml.sources import Factors, HistoryRule, Neighbours, Popular, Source
from recommendations.services.sku_index import SkuIndex

# 1: first version. 2: the ranker's trees, facts and attributes.
FORMAT_VERSION = 2
ALIGNMENT = 64  # bytes; what numpy itself aligns to, and a cache line


class ArtefactFormatError(Exception):
    """The file was written by another version of this code; train again."""


@dataclass(frozen=True)
class Recommender:
    """Everything that serves, with the map from item index to database key.

    product_ids: int64 (n_items,) ascending. category_ids: int64 (n_items,), 0 for none, as they
    were when the model was trained. sources hold at least the baselines; weights are
    those of the model that won; a ranker's are its blend's. skus: where the shop's SKUs led then.
    """

    product_ids: np.ndarray
    category_ids: np.ndarray
    sources: dict[str, Source]
    params: dict[str, dict]
    model: str
    weights: dict[str, float]
    ranker: Ranker | None = None
    skus: SkuIndex | None = None

    def blend(self, weights: dict[str, float] | None = None) -> Blend:
        chosen = self.weights if weights is None else weights
        return Blend({name: self.sources[name] for name in chosen}, chosen)

    def item_idx(self, product_ids: np.ndarray) -> np.ndarray:
        """int64 per product, −1 for one that the model does not know."""
        if not len(product_ids):  # as of most things that a request may name
            return np.zeros(0, dtype=np.int64)
        place = np.searchsorted(self.product_ids, product_ids)
        safe = np.minimum(place, len(self.product_ids) - 1)
        return np.where(self.product_ids[safe] == product_ids, safe, -1)


def write_recommender(recommender: Recommender, path: Path) -> None:
    """Stored without compression, every array on a 64-byte boundary, no pickle."""
    head = {
        "format_version": FORMAT_VERSION,
        "model": recommender.model,
        "weights": recommender.weights,
        "params": recommender.params,
        "sources": sorted(recommender.sources),
    }
    arrays = {"product_ids": recommender.product_ids, "category_ids": recommender.category_ids}
    if recommender.skus:
        arrays |= {"skus.codes": recommender.skus.codes, "skus.items": recommender.skus.items}
    for name, source in sorted(recommender.sources.items()):
        for key, values in source.arrays().items():
            arrays[f"{name}.{key}"] = values
    if recommender.ranker:
        head["ranker"] = _ranker_head(recommender.ranker)
        for key, values in recommender.ranker.arrays().items():
            arrays[f"ranker.{key}"] = values
    arrays["head"] = np.frombuffer(json.dumps(head, sort_keys=True).encode(), dtype=np.uint8)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, values in arrays.items():
            _write_aligned(archive, f"{name}.npy", np.ascontiguousarray(values))


def read_recommender(path: Path) -> Recommender:
    """Map the file. Raises ArtefactFormatError for another format version."""
    arrays = _mapped(path)
    head = json.loads(bytes(arrays.pop("head")))
    if head["format_version"] != FORMAT_VERSION:
        raise ArtefactFormatError(
            f"{path.name} has format {head['format_version']}, this code reads {FORMAT_VERSION}"
        )
    product_ids, category_ids = arrays.pop("product_ids"), arrays.pop("category_ids")
    sources = {
        name: _source(name, head["params"][name], arrays, len(product_ids))
        for name in head["sources"]
    }
    ranker = _ranker(head["ranker"], arrays, sources) if "ranker" in head else None
    skus = SkuIndex(arrays["skus.codes"], arrays["skus.items"]) if "skus.codes" in arrays else None
    params, model, weights = head["params"], head["model"], head["weights"]
    return Recommender(product_ids, category_ids, sources, params, model, weights, ranker, skus)


def _ranker_head(ranker: Ranker) -> dict:
    reader = ranker.reader
    return {
        "slope": ranker.slope,
        "sources": list(reader.sources),
        "weights": reader.weights,
        "reading": reader.facts.reading,
        "now": reader.facts.now,
        "codes": list(reader.attributes.codes),
        "figures": list(reader.attributes.figures),
    }


def _ranker(head: dict, arrays: dict[str, np.ndarray], sources: dict[str, Source]) -> Ranker:
    """The order of sources and of attributes is that of the features: it is kept in the head."""
    own = {key[7:]: values for key, values in arrays.items() if key.startswith("ranker.")}
    facts = ItemFacts(head["reading"], head["now"], **{name: own[name] for name in FACT_ARRAYS})
    attributes = Attributes(
        own.get("price"),
        {name: own[f"code.{name}"] for name in head["codes"]},
        {name: own[f"figure.{name}"] for name in head["figures"]},
    )
    asked = {name: sources[name] for name in head["sources"]}
    reader = FeatureReader(asked, head["weights"], facts, attributes)
    return Ranker.of(reader, head["slope"], bytes(own["trees"]).decode())


def _source(name: str, params: dict, arrays: dict[str, np.ndarray], n_items: int) -> Source:
    rule = HistoryRule.of(params)
    if name == "popularity":
        return Popular(arrays["popularity.popularity"])
    if name in ("als", "bpr"):
        factors = arrays[f"{name}.item_factors"]
        scale = Scale(*arrays[f"{name}.scale"].tolist()) if f"{name}.scale" in arrays else None
        return Factors.of(factors, params["alpha"], params["regularization"], rule, scale)
    if name == "trend":
        return Trending(arrays["trend.trend"])
    if name == "sasrec":
        own = (key for key in arrays if key.startswith("sasrec."))
        return SelfAttention.of({key.removeprefix("sasrec."): arrays[key] for key in own})
    weights = sparse.csr_matrix((n_items, n_items), dtype=np.float32)
    # Set, not passed: the constructor copies what is a small part of a larger mapping.
    weights.data, weights.indices, weights.indptr = (
        arrays[f"{name}.{key}"] for key in ("data", "indices", "indptr")
    )
    return Neighbours(weights, rule)


def _write_aligned(archive: zipfile.ZipFile, name: str, values: np.ndarray) -> None:
    """Pad the entry's extra field, so that the array's header begins on a boundary."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, values, allow_pickle=False)
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))  # same content, same bytes
    begins = archive.fp.tell() + 30 + len(name) + 4  # type: ignore[union-attr]
    padding = -begins % ALIGNMENT
    entry.extra = b"\xd9\x35" + padding.to_bytes(2, "little") + bytes(padding)
    archive.writestr(entry, buffer.getvalue())


def _mapped(path: Path) -> dict[str, np.ndarray]:
    """Every array of the archive as a read-only view of one mapping of the file."""
    whole = np.memmap(path, dtype=np.uint8, mode="r")
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            local = entry.header_offset
            # The local header, not the directory, says how long its extra field is.
            name_bytes, extra_bytes = np.frombuffer(whole[local + 26 : local + 30], dtype="<u2")
            start = local + 30 + int(name_bytes) + int(extra_bytes)
            arrays[entry.filename.removesuffix(".npy")] = _array_at(whole, start, entry.file_size)
    return arrays


def _array_at(whole: np.memmap, start: int, size: int) -> np.ndarray:
    head = io.BytesIO(whole[start : start + min(size, 4096)].tobytes())
    np.lib.format.read_magic(head)
    shape, _fortran, dtype = np.lib.format.read_array_header_1_0(head)
    begin = start + head.tell()
    count = int(np.prod(shape))
    flat = np.asarray(whole[begin : begin + count * dtype.itemsize]).view(dtype)
    return flat.reshape(shape)
