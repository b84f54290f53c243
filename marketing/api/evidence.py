"""Documents that prove a sentence, for staff and their programs."""

from __future__ import annotations

import base64
import binascii
from pathlib import PurePath
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView
from marketing.models import ClaimKind, Evidence, EvidenceState, EvidenceUse
from marketing.models.evidence import FILE_TYPES
from marketing.services.content import claim_ledger
from marketing.services.content import evidence as documents
from marketing.services.content.evidence_records import Document, create_evidence, revise_evidence
from shop.models import Product

describe(
    "evidence",
    _("The document cannot be kept, decided or attached like that."),
    _("Read the reason in `detail`."),
)
COPIED = (
    "id", "code", "revision", "title", "url", "excerpt", "valid_from", "valid_until", "state",
    "keeps_uses", "created_at", "decided_at",
)  # fmt: skip
MOST_USES = 200
# Django reads bodies of 2.5 MB; base64 takes a third more, the words around it the rest.
SENT_FILE_BYTES, SENT_BYTES = 1_500_000, 2_200_000


class EvidenceFilter(s.Serializer):
    state = s.ChoiceField(EvidenceState.choices, required=False)
    code = s.CharField(required=False, max_length=64)
    is_valid = s.BooleanField(required=False, allow_null=True, default=None)


class FileIn(s.Serializer):
    name = s.CharField(max_length=80, help_text=f"Ends in one of {', '.join(FILE_TYPES)}.")
    content = s.CharField(
        help_text="base64; at most 1.5 MB once decoded; larger ones in the back office."
    )

    def validate_name(self, name: str) -> str:
        if PurePath(name).name != name or PurePath(name).suffix[1:].lower() not in FILE_TYPES:
            raise s.ValidationError(f"A plain name that ends in one of {', '.join(FILE_TYPES)}.")
        return name

    def validate_content(self, content: str) -> bytes:
        try:
            found = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError) as error:
            raise s.ValidationError("No base64.") from error
        if not found or len(found) > SENT_FILE_BYTES:
            raise s.ValidationError("Empty, or larger than 1.5 MB.")
        return found


class DocumentIn(s.Serializer):
    title = s.CharField(max_length=200)
    excerpt = s.CharField(max_length=4000, help_text="The words of the document that prove it.")
    valid_from = s.DateField()
    valid_until = s.DateField(required=False, allow_null=True, help_text="The last day.")
    url = s.URLField(required=False, allow_blank=True, max_length=200)
    file = FileIn(required=False, help_text="A url or a file; both may be given.")


class EvidenceIn(DocumentIn):
    code = s.RegexField(
        r"\A[^\s/]+\Z", max_length=64, help_text="The shop's own name of it: no spaces, no slashes."
    )


class RevisionIn(DocumentIn):
    keeps_uses = s.BooleanField(
        default=False,
        help_text="It proves every sentence that the revision before it proves. "
        "False: approving it pulls the copy that rests on them.",
    )


class DecisionIn(s.Serializer):
    to = s.ChoiceField([EvidenceState.APPROVED.value, EvidenceState.WITHDRAWN.value])


class UseIn(s.Serializer):
    sentence = s.CharField(max_length=documents.MOST_SENTENCE)
    kind = s.ChoiceField(ClaimKind.choices)
    language = s.ChoiceField(["en", "zh"])
    product = s.CharField(
        required=False, allow_null=True, max_length=64, help_text="Its code; empty: of the shop."
    )


class EvidenceOut(s.Serializer):
    id = s.IntegerField()
    code = s.CharField()
    revision = s.IntegerField()
    title = s.CharField()
    url = s.CharField()
    file = s.CharField(help_text="Its name; fetched in the back office. Empty: none.")
    excerpt = s.CharField()
    valid_from = s.DateField()
    valid_until = s.DateField(allow_null=True)
    state = s.ChoiceField(EvidenceState.choices)
    is_valid = s.BooleanField(help_text="Approved, and today lies within its days.")
    keeps_uses = s.BooleanField()
    added_by = s.CharField(allow_null=True)
    decided_by = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    decided_at = s.DateTimeField(allow_null=True)


class UseOut(s.Serializer):
    sentence = s.CharField()
    kind = s.ChoiceField(ClaimKind.choices)
    language = s.CharField()
    product = s.CharField(allow_null=True)
    attached_at = s.DateTimeField()


class EvidenceDetailOut(EvidenceOut):
    uses = UseOut(many=True, help_text=f"Newest first, at most {MOST_USES}.")
    live_claims = s.IntegerField(help_text="Published statements that rest on it now.")


class Documents(MerchantView):
    needs = {"GET": "marketing.view_evidence", "POST": "marketing.add_evidence"}
    needs_idempotency_key = ("POST",)
    max_body_bytes = SENT_BYTES

    @extend_schema(parameters=[EvidenceFilter], responses=EvidenceOut(many=True))
    def get(self, request: Request) -> Response:
        """Every revision of every document, newest first."""
        wanted = self.checked(EvidenceFilter, request.query_params)
        valid, rows = wanted.pop("is_valid"), _documents().filter(**wanted)
        if valid is not None:
            holding = Evidence.objects.valid(timezone.now()).values("pk")
            rows = rows.filter(pk__in=holding) if valid else rows.exclude(pk__in=holding)
        return self.page(rows, lambda page: [_row(one) for one in page])

    @extend_schema(request=EvidenceIn, responses={201: EvidenceDetailOut})
    def post(self, request: Request) -> Response:
        """Add a document; it proves nothing until it is approved. The same code and content sent
        again is the same document; another content under a known code is refused."""
        wanted = self.checked(EvidenceIn, request.data)
        code = wanted.pop("code")
        return _answered(lambda: create_evidence(_document(wanted), code=code, by=request.user))


class DocumentDetail(MerchantView):
    needs = {"GET": "marketing.view_evidence"}

    @extend_schema(responses=EvidenceDetailOut)
    def get(self, request: Request, pk: int) -> Response:
        """One revision, the sentences that it proves, and how much live copy rests on it."""
        return Response(_detail(pk))


class DocumentRevisions(MerchantView):
    needs = {"POST": "marketing.change_evidence"}
    needs_idempotency_key = ("POST",)
    max_body_bytes = SENT_BYTES

    @extend_schema(request=RevisionIn, responses={201: EvidenceDetailOut})
    def post(self, request: Request, pk: int) -> Response:
        """Change the revision that waits for approval; where none waits, add the next one.

        What is published rests on the approved one until the new one is approved.
        """
        wanted, found = self.checked(RevisionIn, request.data), get_object_or_404(Evidence, pk=pk)
        return _answered(lambda: revise_evidence(found, _document(wanted), by=request.user))


class DocumentDecision(MerchantView):
    needs = {"POST": "marketing.change_evidence"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=DecisionIn, responses=EvidenceDetailOut)
    def post(self, request: Request, pk: int) -> Response:
        """approved: whose key this is vouches for it. withdrawn: live copy that rests on it is
        pulled in the same transaction. What is decided so already stays as it is."""
        wanted, found = self.checked(DecisionIn, request.data), get_object_or_404(Evidence, pk=pk)
        if wanted["to"] == EvidenceState.WITHDRAWN:
            documents.withdraw_evidence(found, request.user)
            return Response(_detail(pk))
        if found.state == EvidenceState.WITHDRAWN:
            raise Problem("evidence", str(_("It is withdrawn: add a revision.")))
        try:
            documents.approve_evidence(found, request.user)
        except documents.EvidenceError as error:
            raise Problem("evidence", str(error)) from error
        return Response(_detail(pk))


class DocumentUses(MerchantView):
    needs = {"POST": "marketing.add_evidenceuse"}
    needs_idempotency_key = ("POST",)

    @extend_schema(request=UseIn, responses={201: EvidenceDetailOut})
    def post(self, request: Request, pk: int) -> Response:
        """Say that the document proves this sentence, of one product or of the whole shop."""
        wanted, found = self.checked(UseIn, request.data), get_object_or_404(Evidence, pk=pk)
        code = wanted.pop("product", None)
        product = get_object_or_404(Product, code=code) if code else None
        return _answered(
            lambda: documents.attach(found, **wanted, product=product, by=request.user).evidence
        )


def _document(wanted: dict[str, Any]) -> Document:
    sent = wanted.pop("file", None)
    if sent:
        wanted |= {"file": sent["content"], "file_name": sent["name"]}
    return Document(**wanted)


def _answered(kept: Any) -> Response:
    try:
        return Response(_detail(kept().pk), status=201)
    except documents.EvidenceError as error:
        raise Problem("evidence", str(error)) from error


def _documents() -> QuerySet[Evidence]:
    return Evidence.objects.select_related("added_by", "decided_by")


def _row(one: Evidence) -> dict[str, Any]:
    return {name: getattr(one, name) for name in COPIED} | {
        "file": one.file.name.rsplit("/", 1)[-1] if one.file else "",
        "is_valid": one.is_valid(timezone.now()),
        "added_by": one.added_by.get_username() if one.added_by else None,
        "decided_by": one.decided_by.get_username() if one.decided_by else None,
    }


def _detail(pk: int) -> dict[str, Any]:
    one = get_object_or_404(_documents(), pk=pk)
    uses = EvidenceUse.objects.filter(evidence=one).select_related("product")[:MOST_USES]
    return _row(one) | {
        "uses": [
            {name: getattr(use, name) for name in ("sentence", "kind", "language", "attached_at")}
            | {"product": use.product.code if use.product else None}
            for use in uses
        ],
        "live_claims": claim_ledger.resting_on([pk]).count(),
    }
