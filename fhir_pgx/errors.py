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
    "deleted", "invalid", "multiple-matches", "lock-error", "forbidden",
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


class UnknownResource(PgxError):
    """No resource of this type has this id or this version: 404."""

    code = "PGX-310"
    kind: IssueType = "not-found"


class DeletedResource(PgxError):
    """The resource was deleted: 410."""

    code = "PGX-311"
    kind: IssueType = "deleted"


class UnknownType(PgxError):
    """A resource type that is not kept here, or an operation that is not offered: 404."""

    code = "PGX-312"
    kind: IssueType = "not-supported"


class InvalidInteraction(PgxError):
    """A FHIR request that breaks the rules of its interaction: 400."""

    code = "PGX-313"
    kind: IssueType = "invalid"


class VersionMismatch(PgxError):
    """The version that a change was made to is no longer the current one: 412."""

    code = "PGX-314"
    kind: IssueType = "conflict"


class SeveralMatches(PgxError):
    """The criteria of a conditional interaction or reference do not lead to one resource: 412."""

    code = "PGX-315"
    kind: IssueType = "multiple-matches"


class OfAnotherPatient(MixedPatients):
    """A change that would give a resource to another patient: 409."""

    code = "PGX-316"


class InvalidBundle(PgxError):
    """A batch or transaction whose entries cannot be carried out: 400."""

    code = "PGX-317"
    kind: IssueType = "invalid"


class TooManyEntries(PgxError):
    """A Bundle with more entries than the limit: 413."""

    code = "PGX-318"
    kind: IssueType = "too-long"


class RejectedResource(PgxError):
    """A resource that the server's validation refuses: 422."""

    code = "PGX-319"
    kind: IssueType = "processing"


class GenomicsNotIndexed(PgxError):
    """A resource was stored whose genomic content could not be read into the index."""

    code = "PGX-320"
    kind: IssueType = "incomplete"


class MislabelledResult(PgxError):
    """A genomic result whose code, gene, alleles and words name different things. Never raised:
    its code stands in the findings of validation and in the DetectedIssue made of one."""

    code = "PGX-345"
    kind: IssueType = "conflict"


class LiftoverFailed(PgxError):
    """A region that has no exact place on the other build."""

    code = "PGX-340"
    kind: IssueType = "not-supported"


class UnreadableVariant(PgxError):
    """A text that is no name of a variant: neither SPDI, nor HGVS, nor an rs number."""

    code = "PGX-341"
    kind: IssueType = "value"


class UnplacedVariant(PgxError):
    """A name of a variant that was read, but cannot be placed on a chromosome from what is here."""

    code = "PGX-342"
    kind: IssueType = "not-supported"


class InvalidSearch(PgxError):
    """A search parameter that cannot be used, or that the type does not have: 400."""

    code = "PGX-325"
    kind: IssueType = "value"


class TooManyIncluded(PgxError):
    """More resources belong to one page by `_include` and `_revinclude` than the limit: 400."""

    code = "PGX-326"
    kind: IssueType = "too-costly"


class InvalidSetting(PgxError):
    """A setting whose value cannot be used."""

    code = "PGX-401"
    kind: IssueType = "value"


class StoreFailure(PgxError):
    """The store could not be read or written; nothing was stored by halves."""

    code = "PGX-402"
    kind: IssueType = "exception"


class WriteConflict(StoreFailure):
    """Two writers needed the same resources at once, and the database chose the other; nothing was
    stored. The same again succeeds."""

    code = "PGX-406"
    kind: IssueType = "lock-error"


class BrokenPlugin(PgxError):
    """A package's entry point that does not load, or offers a service we cannot run."""

    code = "PGX-403"
    kind: IssueType = "exception"


class UnknownPatient(PgxError):
    """A patient of whom nothing is stored."""

    code = "PGX-404"
    kind: IssueType = "not-found"


class OfAnotherServer(PgxError):
    """The store has the id already, of a resource that came from elsewhere."""

    code = "PGX-410"
    kind: IssueType = "conflict"


class PullFailed(PgxError):
    """A record or an export of another FHIR server was not obtained whole; none of it is stored."""

    code = "PGX-411"
    kind: IssueType = "incomplete"


class InvalidPolicy(InvalidSetting):
    """A site policy file that cannot be read, or that says what we do not understand."""

    code = "PGX-405"


class Unauthenticated(PgxError):
    """No credential, or one that does not hold. Which check it failed is in the log alone."""

    code = "PGX-421"
    kind: IssueType = "login"


class Forbidden(PgxError):
    """The caller is known, and was not granted this."""

    code = "PGX-422"
    kind: IssueType = "forbidden"
    caller: object = None  # whose credential held, where the door had not let them in yet


class TooManyRequests(PgxError):
    """The caller asked more often than it may; `retry_after` is in seconds."""

    code = "PGX-423"
    kind: IssueType = "throttled"

    def __init__(self, text: str, *, retry_after: int, mend: str = "") -> None:
        super().__init__(text, mend=mend)
        self.retry_after = retry_after


class InvalidAccess(InvalidSetting):
    """The file of who may call cannot be read, or says what we do not understand."""

    code = "PGX-424"


class BrokenAudit(PgxError):
    """A row of the record of accesses was changed or removed."""

    code = "PGX-425"
    kind: IssueType = "conflict"


class LaunchFailed(PgxError):
    """A launch of our SMART app that cannot be taken up: unknown issuer, state or answer."""

    code = "PGX-426"
    kind: IssueType = "login"


class InvalidCard(PgxError):
    """A wallet card that does not hold, or that cannot be made of the data that were given."""

    code = "PGX-427"
    kind: IssueType = "invalid"
