"""The caveats that the spelling of a pathogen's change can add: one code each, never reused."""

from fhir_pgx.model.finding import Caveat

WILD_TYPE = "PGX-750"
OLD_NUMBERING = "PGX-751"
PROMOTER = "PGX-752"
UNREAD = "PGX-753"
FROM_LENGTH = "PGX-754"
AMBIGUOUS = "PGX-755"

SENTENCES = {
    WILD_TYPE: "{stated} names {letter} as the reference at codon {position} of {gene}; it is"
    " {reference}. The change was used; check its name.",
    OLD_NUMBERING: "{stated} was read in E. coli numbering: {name} in H37Rv.",
    PROMOTER: "{stated} was read as the promoter of fabG1 and inhA: fabG1 {name}.",
    UNREAD: "{stated} of {gene} could not be read as a change and counts for nothing.",
    FROM_LENGTH: "{stated} was read as a frameshift from the length of what is lost or gained.",
    AMBIGUOUS: "{stated} does not say which amino acids were seen and counts for nothing.",
}


def note(code: str, /, **words: object) -> Caveat:
    """The caveat of a code, its sentence filled in."""
    return Caveat(code, SENTENCES[code].format(**words))
