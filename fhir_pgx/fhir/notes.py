"""The caveats that reading can add to a statement: one code each, never reused.

The sentences hold gene names, codes and resource references; never a patient's data.
"""

from fhir_pgx.model.finding import Caveat

STATUS = "PGX-501"
GENES_DISAGREE = "PGX-502"
CODE_AND_WORDS = "PGX-503"
VALUES_DISAGREE = "PGX-504"
NO_COORDINATE_SYSTEM = "PGX-505"
LENGTH = "PGX-506"
PLACE_DISAGREES = "PGX-507"
NOT_PLACED = "PGX-508"
REVERSED = "PGX-509"
PAIRED = "PGX-510"
NO_REFERENCE_ALLELE = "PGX-511"
HLA_SLASH = "PGX-512"
REPORT_STATUS = "PGX-513"
FREE_TEXT = "PGX-514"
NO_ASSESSMENT = "PGX-515"
POSITIONS_DISAGREE = "PGX-516"
UNCONFIRMED = "PGX-517"
SAME_ID = "PGX-518"
STRANDS_DISAGREE = "PGX-519"
NO_STATUS = "PGX-520"
CONTRADICTORY = "PGX-522"  # of one resource; two that disagree have the same code
ALLELE_FRACTION = "PGX-730"
LIMITED_TEST = "PGX-734"
NOT_A_NUMBER = "PGX-735"
BY_PROTEINS = "PGX-736"
NOT_SAID_WHICH = "PGX-739"
RANGE = "PGX-743"

SENTENCES = {
    STATUS: "The result's status is {status}: it may still change.",
    GENES_DISAGREE: "The resource names {kept} and also {other}; {kept} was used.",
    CODE_AND_WORDS: "The code {code} means {term}, but the words beside it say otherwise.",
    VALUES_DISAGREE: "The value's text and its codings state different genotypes.",
    NO_COORDINATE_SYSTEM: "No coordinate system is stated; the positions were read as {base}-based"
    " because of {why}.",
    LENGTH: "The stated end does not fit the reference allele's length; the start and the allele"
    " were used.",
    PLACE_DISAGREES: "The accession {kept} and the stated {other} disagree; the accession was"
    " used.",
    NOT_PLACED: "The variant is not placed: {why}.",
    REVERSED: "The alleles were stated on the reverse strand and were complemented.",
    PAIRED: "Two single alleles of one report were read as one diplotype; the other is"
    " {reference}.",
    NO_REFERENCE_ALLELE: "The reference allele is not stated.",
    HLA_SLASH: "`/` between HLA alleles was read as two chromosomes; in a GL String it would mean"
    " one ambiguous allele.",
    REPORT_STATUS: "The report that holds the result has the status {status}.",
    FREE_TEXT: "Read from free text, not from a coded result.",
    NO_ASSESSMENT: "The resource does not say whether the variant was found.",
    POSITIONS_DISAGREE: "The HGVS name and the stated range give different positions; the range"
    " was used.",
    UNCONFIRMED: "The entry's verification status is {status}.",
    SAME_ID: "{reference} came twice with different content; both were read.",
    STRANDS_DISAGREE: "Strand and orientation disagree; the strand was used.",
    CONTRADICTORY: "The resource states {what} more than once, and not the same; it was not used.",
    ALLELE_FRACTION: "The stated allele fraction is neither a fraction nor a percentage; it was not"
    " used.",
    LIMITED_TEST: "The test looks at a part of the gene alone: not found there is not unmutated.",
    NOT_A_NUMBER: "The stated number is not in a unit that the test is measured in ({unit}); it was"
    " not used.",
    BY_PROTEINS: "Taken from the stains of the single repair proteins; the report does not state it"
    " as a whole.",
    NOT_SAID_WHICH: "The test looks for {changes} and does not say which of them it found.",
    RANGE: "A range is stated; its lower end was used.",
    NO_STATUS: "The result's status is {what}: it may not be final.",
}


def note(code: str, /, **words: object) -> Caveat:
    """The caveat of a code, its sentence filled in."""
    return Caveat(code, SENTENCES[code].format(**words))
