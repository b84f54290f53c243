"""A file that a person hands in: kept under VAR_DIR, imported by a job, its rejects given back."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.utils.translation import gettext as _

from decisions.models import Job, JobState
from decisions.services.jobs import enqueue

JOB = "import_data"
DAY_S = 86_400
TRIAL_MB_ON_SQLITE = 20
# Who may bring in what: the permission that adds the same rows by hand. Any other kind: owners.
PERMISSIONS = {
    "acquisition_costs": "marketing.add_acquisitioncost",
    "attributes": "shop.add_attribute",
    "batches": "shop.add_stockmovement",
    "brands": "shop.add_brand",
    "categories": "shop.add_category",
    "channels": "shop.add_channel",
    "consents": "shop.add_consent",
    "customer_attributes": "shop.add_customerattribute",
    "customers": "shop.add_customer",
    "events": "shop.add_event",
    "evidence": "marketing.change_evidence",  # a file may approve and withdraw
    "inventory": "shop.add_stockmovement",
    "kits": "shop.add_kitcomponent",
    "knowledge": "support.add_knowledgearticle",
    "orders": "shop.add_order",
    "prices": "shop.add_price",
    "products": "shop.add_product",
    "returns": "shop.add_return",
    "reviews": "shop.add_review",
    "selling_holds": "shop.add_sellinghold",
    "stock": "shop.add_stockmovement",
    "suppliers": "inventory.add_supplier",
    "tax_rates": "shop.add_taxrate",
    "tickets": "support.add_ticket",
    "tiers": "marketing.change_tierprogramme",
    "visitor_links": "shop.add_visitorlink",
    "warehouses": "shop.add_warehouse",
}
OWNERS = "decisions.change_job"


class UploadRefusedError(ValueError):
    """The file is not taken; its text says what to do."""


@dataclass(frozen=True)
class Wish:
    """What to do with a file. dates: "", "dmy" or "mdy"; encoding: "" finds out."""

    kind: str
    format: str = "backroom"
    dry_run: bool = False
    dates: str = ""
    encoding: str = ""


def may_import(user: Any, kind: str) -> bool:
    return user.has_perm(PERMISSIONS.get(kind, OWNERS))


def start_import(uploaded: UploadedFile, wish: Wish, *, token: str, by: Any) -> Job:
    """Keep the file and queue its import. The same token (a form sent twice) gives the same job.

    So does the same file with the same wish while its job is not finished. A finished import may be
    repeated: what is in the shop already is counted as unchanged.
    Raises UploadRefusedError.
    """
    _refuse_size(uploaded, wish)
    path, digest = _keep(uploaded)
    payload = {"path": str(path), "name": _safe_name(uploaded.name), "sha256": digest}
    payload |= asdict(wish)
    waiting = Job.objects.unfinished().filter(kind=JOB, payload__sha256=digest)
    for job in waiting.order_by("-pk")[:20]:
        if job.payload == payload:
            return job
    return enqueue(JOB, payload, key=f"upload:{token}:{digest[:32]}", requested_by=by)


def import_for_real(trial: Job, *, by: Any) -> Job:
    """The same file as the trial run, written this time. Twice is once."""
    if not Path(trial.payload["path"]).is_file():
        raise UploadRefusedError(_("The file is no longer kept; hand it in again."))
    payload = {**trial.payload, "dry_run": False}
    return enqueue(JOB, payload, key=f"import-after-trial:{trial.pk}", requested_by=by)


def earlier_import(job: Job) -> Job | None:
    """The last time that the same file was written with the same wish, before this job."""
    same = {name: job.payload.get(name) for name in ("sha256", "kind", "format")}
    before = Job.objects.filter(kind=JOB, state=JobState.SUCCEEDED, pk__lt=job.pk)
    wanted = {f"payload__{name}": value for name, value in same.items()}
    return before.filter(**wanted, payload__dry_run=False).order_by("-pk").first()


def rejects_of(job: Job) -> Path | None:
    """The rejects file of a finished import, if there is one."""
    path = rejects_path(job.pk, job.payload.get("name") or Path(job.payload["path"]).name)
    return path if job.result.get("rejected") and path.is_file() else None


def rejects_path(job_id: int, name: str) -> Path:
    """Each job has its own: two files may have the same name."""
    return settings.VAR_DIR / "rejects" / f"{job_id}-{name.split('.')[0]}.rejects.csv"


def prune_uploads() -> int:
    """Remove uploads and rejects that are older than the jobs that name them; returns how many."""
    oldest, removed = time.time() - settings.JOB_DAYS * DAY_S, 0
    for folder in ("uploads", "rejects"):
        for path in (settings.VAR_DIR / folder).glob("*"):
            if path.is_file() and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _refuse_size(uploaded: UploadedFile, wish: Wish) -> None:
    size_mb = (uploaded.size or 0) / 1e6
    if size_mb > settings.IMPORT_MAX_MB:
        raise UploadRefusedError(
            _("The file has %(size)d MB; at most %(most)d MB are taken here. Pack it with gzip, cut it "
              "in parts, or use the command import_data on the server.")
            % {"size": size_mb, "most": settings.IMPORT_MAX_MB}
        )  # fmt: skip
    if wish.dry_run and connection.vendor == "sqlite" and size_mb > TRIAL_MB_ON_SQLITE:
        raise UploadRefusedError(
            _("A trial run of more than %(most)d MB would hold up every other write of the embedded "
              "database. Import it right away, or try a part of it.")
            % {"most": TRIAL_MB_ON_SQLITE}
        )  # fmt: skip


def _keep(uploaded: UploadedFile) -> tuple[Path, str]:
    """Written block by block under another name and then renamed: what is there is whole."""
    prune_uploads()
    folder = settings.VAR_DIR / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{secrets.token_hex(8)}.part"
    digest = hashlib.sha256()
    try:
        with part.open("xb") as file:
            for block in uploaded.chunks(1 << 20):
                digest.update(block)
                file.write(block)
        path = folder / f"{digest.hexdigest()}{_ending(uploaded.name)}"
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path, digest.hexdigest()


def _ending(name: str | None) -> str:
    return ".csv.gz" if (name or "").lower().endswith(".gz") else ".csv"


def _safe_name(name: str | None) -> str:
    return re.sub(r"[^\w.\- ]+", "_", Path(name or "file.csv").name)[-100:] or "file.csv"
