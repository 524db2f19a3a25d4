"""What incoming resources say, before anything is concluded from it.

A reader turns each resource into statements; which of several statements counts, and what they
mean together, is decided later (`genotype`, `phenotype`). Nothing here is inferred.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Presence(StrEnum):
    """What a test says of its target. The four never stand for one another."""

    PRESENT = "present"
    ABSENT = "absent"  # tested, and not there: evidence for the reference
    NO_CALL = "no-call"  # tested, without an answer: evidence for nothing
    INDETERMINATE = "indeterminate"


class StatementKind(StrEnum):
    """How a resource speaks of a gene."""

    DIPLOTYPE = "diplotype"  # both alleles: `*1/*17`, `C/T`, `HLA-B*57:01+HLA-B*08:01`
    HAPLOTYPE = "haplotype"  # one allele; the other is not stated
    ALLELE_PRESENCE = "allele-presence"  # a test for one allele: `HLA-B*57:01` present or absent
    PHENOTYPE = "phenotype"
    ACTIVITY_SCORE = "activity-score"


class SourceClass(StrEnum):
    """Whose genome: the patient's own or the tumour's. Unknown is neither."""

    GERMLINE = "germline"
    SOMATIC = "somatic"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Caveat:
    """A sentence that must travel with a result: a stable code and our words."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a statement comes from.

    `reference` is `Type/id` (or the fullUrl, or `#id` inside its container as `Parent/x#id`);
    `path` the FHIRPath inside what was read; `subject` the patient reference as sent; `when` the
    clinically relevant time (effective, else issued, else the report's; FHIR text, empty when
    unknown); `status` the resource's status; `corrected` True for corrected or amended results.
    """

    reference: str
    path: str
    subject: str = ""
    when: str = ""
    status: str = ""
    corrected: bool = False


def bound_anew(item: T, **changed: Any) -> Callable[[Origin], T]:
    """Makes a dataclass with an `origin` again for another one; what it keeps of it names none.
    Quicker than `dataclasses.replace`: the fields are looked at once."""
    kind: Any = type(item)
    names = [each.name for each in fields(item)]  # type: ignore[arg-type]
    place = names.index("origin")
    values = [changed.get(name, getattr(item, name)) for name in names]
    before, after = tuple(values[:place]), tuple(values[place + 1 :])
    return lambda origin: kind(*before, origin, *after)


@dataclass(frozen=True, slots=True)
class Statement:
    """What one resource says of one gene.

    `value` is the text or code as stated, with a leading gene name left in place; `code` is the
    code that came along with it: an answer (`LA9657-3`), a ClinVar or PharmVar id. An allele
    presence has the allele as `value` and the zygosity's answer as `code` where it was stated
    (`LA6705-3` homozygous). `drugs` are the drug names of an implication the statement stood in.
    `is_outside`: a call made elsewhere that was handed in beside the data, and wins over them.
    Source: reference shapes 1 to 16 of the PGx Observation.
    """

    gene: str
    kind: StatementKind
    value: str
    origin: Origin
    presence: Presence = Presence.PRESENT
    code: str = ""
    source_class: SourceClass = SourceClass.UNKNOWN
    drugs: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class StatedImplication:
    """A therapeutic implication as a report states it; kept beside what we conclude ourselves.

    `level` is the evidence level, `significance` the clinical significance and `contexts` the
    conditions it holds for, all as stated; `of` are the findings it is derived from that are at
    hand, as `Origin.reference` has them.
    """

    genes: tuple[str, ...]
    texts: tuple[str, ...]  # as stated
    normalised: tuple[str, ...]  # the standard terms that the texts or codes map to
    drugs: tuple[str, ...]
    origin: Origin
    level: str = ""
    significance: str = ""
    contexts: tuple[str, ...] = ()
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedDiagnosis:
    """A diagnostic implication as a report states it: clinical significance and condition.

    `of` are the references of the findings it was derived from, as sent; `variants` those of them
    that are at hand, as `Origin.reference` has them; `level` is the evidence or the review as
    stated.
    """

    genes: tuple[str, ...]
    significance: tuple[str, ...]
    conditions: tuple[str, ...]
    of: tuple[str, ...]
    origin: Origin
    variants: tuple[str, ...] = ()
    level: str = ""


@dataclass(frozen=True, slots=True)
class StatedRecommendation:
    """A recommended action (Task) as a report states it: `LA26421-0` or text."""

    value: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class StatedPhase:
    """A sequence phase relationship: `Cis` or `Trans` of the referenced observations.

    `of` are the references as sent; `variants` those of them that are at hand, as
    `Origin.reference` has them.
    """

    value: str
    of: tuple[str, ...]
    origin: Origin
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedSequence:
    """A MolecularSequence, or one of its relative parts: where it lies, and what it is of.

    Its variants are the ObservedVariants of the same `origin.reference`. `window` is the 0-based
    interval on `accession` that the sequence says it covers, None where it states none or is not
    placed. `kind` is `dna`, `rna`, `aa` or empty; `specimen` its reference, empty where not stated.
    `is_complete` is False where the sequence holds something that could not be read as a variant:
    a base that it does not mention may then be there. `is_reverse`: its strand is the reverse one.
    """

    origin: Origin
    accession: str = ""
    build: str = ""
    chromosome: str = ""
    window: tuple[int, int] | None = None
    kind: str = ""
    specimen: str = ""
    is_reverse: bool = False
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class ObservedVariant:
    """A variant as one resource states it.

    `start` and `end` are 0-based interval positions on `accession` (forward strand), None where
    the resource does not place the variant. Where `accession` is no chromosome of a known build
    (`NG_…`, or empty), `build` is empty too and the positions are only what was stated. `ref`
    and `alt` are as stated, without trimming; an empty text means nothing (a pure insertion or
    deletion), None means not stated. `build` is `GRCh37`, `GRCh38`, `both` (mitochondrial) or
    empty. `zygosity` is `heterozygous`, `homozygous`, `hemizygous`, `homoplasmic`,
    `heteroplasmic` or empty: never assumed. `change_type` is the Sequence Ontology's name.

    The last fields are what a tumour's or an inherited finding is told by: `frequency` of the
    allele in the sample as a fraction; `specimen` as `model.tumour.Specimen`; `significance` and
    `review` as stated for this variant; `consequences` Sequence Ontology names; `repeats` pairs of
    motif and number; `iscn` the cytogenetic name; `words` what else names the change in text.
    `content` is a digest of all that the resource says, the same for every patient of whom it is
    said; empty where the resource was read for this call alone, and where another resource
    added to what it says (whoever replaces a field empties it).
    """

    origin: Origin
    genes: tuple[str, ...] = ()
    accession: str = ""
    build: str = ""
    chromosome: str = ""
    start: int | None = None
    end: int | None = None
    ref: str | None = None
    alt: str | None = None
    presence: Presence = Presence.PRESENT
    zygosity: str = ""
    source_class: SourceClass = SourceClass.UNKNOWN
    ids: tuple[str, ...] = ()  # `rs…`, ClinVar and the like, as `system|code`
    genomic_hgvs: str = ""
    coding_hgvs: str = ""
    protein_hgvs: str = ""
    change_type: str = ""
    copy_number: str = ""
    inner: tuple[int, int] | None = None
    outer: tuple[int, int] | None = None
    from_sequence: bool = False  # a MolecularSequence: it has no zygosity
    caveats: tuple[Caveat, ...] = ()
    frequency: Decimal | None = None
    specimen: str = ""
    significance: str = ""
    review: str = ""
    consequences: tuple[str, ...] = ()
    repeats: tuple[tuple[str, str], ...] = ()
    iscn: str = ""
    words: tuple[str, ...] = ()
    content: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A resource or element that was met and not used: where it is and why."""

    reference: str
    reason: str
    path: str = ""
