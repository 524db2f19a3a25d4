"""Every error raised on purpose: one base, one stable code each, all listed in docs/errors.md.

A message says what was found, where (FHIRPath, line) and what was expected. It never holds
patient data. `web/errors.py` alone turns an error into an HTTP status; the command turns it into
an exit code.
"""

from dataclasses import dataclass
from typing import Literal

IssueType = Literal[
    "structure", "required", "value", "invariant", "not-supported", "not-found", "too-long",
    "too-costly", "conflict", "incomplete", "exception", "throttled", "login", "processing",
]  # fmt: skip
Severity = Literal["fatal", "error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding of an OperationOutcome: what is wrong, where (FHIRPath), and how to mend it."""

    text: str
    where: str = ""
    mend: str = ""
    kind: IssueType = "value"
    severity: Severity = "error"
    code: str = ""


class PgxError(Exception):
    """The base of every error raised on purpose.

    `code` is listed in docs/errors.md and never reused; `where` is a FHIRPath, a line or an option;
    `mend` says what to do. `issues` carries more than one finding where there are several.
    """

    code = "PGX-000"
    kind: IssueType = "processing"

    def __init__(
        self, text: str, *, where: str = "", mend: str = "", issues: tuple[Issue, ...] = ()
    ) -> None:
        super().__init__(text)
        self.text, self.where, self.mend = text, where, mend
        self.issues = issues or (Issue(text, where, mend, self.kind, "error", self.code),)


class UnreadableJson(PgxError):
    """The bytes are not JSON we accept: syntax, encoding, duplicate key, NaN, lone surrogate."""

    code = "PGX-101"
    kind: IssueType = "structure"


class TooDeep(PgxError):
    """The document nests deeper than the limit."""

    code = "PGX-102"
    kind: IssueType = "too-costly"


class TooLarge(PgxError):
    """The document is larger than the limit."""

    code = "PGX-103"
    kind: IssueType = "too-long"


class UnreadableXml(PgxError):
    """The bytes are not the FHIR XML we accept: syntax, DOCTYPE, namespace, unknown element."""

    code = "PGX-104"
    kind: IssueType = "structure"


class NotFhir(PgxError):
    """The document is well formed but is not a FHIR resource we read."""

    code = "PGX-105"
    kind: IssueType = "structure"


class MixedPatients(PgxError):
    """The data speak of more than one patient."""

    code = "PGX-106"
    kind: IssueType = "conflict"


class UnreadableText(PgxError):
    """Data that cannot be unpacked or read as text."""

    code = "PGX-107"
    kind: IssueType = "structure"


class UnreadableVcf(PgxError):
    """A VCF whose header or line cannot be read, or which holds no genotypes."""

    code = "PGX-108"
    kind: IssueType = "structure"


class UnreadableCalls(PgxError):
    """A file of calls made elsewhere that has the shape of no format we read."""

    code = "PGX-110"
    kind: IssueType = "structure"


class UnknownDrug(PgxError):
    """A drug name or code that resolves to no ingredient."""

    code = "PGX-203"
    kind: IssueType = "not-found"


class BrokenKnowledge(PgxError):
    """The knowledge artefact does not match its hash, or a knowledge file breaks its schema."""

    code = "PGX-204"
    kind: IssueType = "exception"


class InvalidHookRequest(PgxError):
    """A CDS Hooks request that breaks the specification: 400."""

    code = "PGX-301"
    kind: IssueType = "required"


class UnknownService(PgxError):
    """No CDS service has this id: 404."""

    code = "PGX-302"
    kind: IssueType = "not-found"


class DataUnavailable(PgxError):
    """Needed FHIR data were neither prefetched nor retrievable: 412 (CDS Hooks, Prefetch)."""

    code = "PGX-303"
    kind: IssueType = "incomplete"


class InvalidFeedback(PgxError):
    """A feedback message that breaks the specification: 400, nothing stored."""

    code = "PGX-305"
    kind: IssueType = "required"


class UnsupportedMedia(PgxError):
    """A body in a media type we do not read: 415."""

    code = "PGX-306"
    kind: IssueType = "not-supported"


class InvalidParameter(PgxError):
    """A query parameter or part of a request to `/api` that cannot be used: 400."""

    code = "PGX-307"
    kind: IssueType = "value"


class InvalidSetting(PgxError):
    """A setting whose value cannot be used."""

    code = "PGX-401"
    kind: IssueType = "value"


class StoreFailure(PgxError):
    """The store could not be read or written; nothing was stored by halves."""

    code = "PGX-402"
    kind: IssueType = "exception"


class BrokenPlugin(PgxError):
    """A package's entry point that does not load, or offers a service we cannot run."""

    code = "PGX-403"
    kind: IssueType = "exception"


class UnknownPatient(PgxError):
    """A patient of whom nothing is stored."""

    code = "PGX-404"
    kind: IssueType = "not-found"


class InvalidPolicy(InvalidSetting):
    """A site policy file that cannot be read, or that says what we do not understand."""

    code = "PGX-405"
