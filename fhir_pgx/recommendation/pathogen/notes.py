"""The caveats that judging a pathogen can add: one code each, never reused."""

from fhir_pgx.model.finding import Caveat

UNKNOWN_ORGANISM = "PGX-756"
HIV_2 = "PGX-757"
ARCHIVE = "PGX-759"
SPAN = "PGX-760"
FAILED_SINCE = "PGX-761"
UNREAD = "PGX-762"
NOT_HELD = "PGX-763"
BOOSTED = "PGX-764"
LABORATORY = "PGX-765"
BORDERLINE = "PGX-766"
ONE_SITE = "PGX-768"
SEVERAL_FOLDS = "PGX-769"
OTHER_GENOTYPE = "PGX-770"
NO_DATE = "PGX-771"
NO_TARGET = "PGX-776"

SENTENCES = {
    UNKNOWN_ORGANISM: "{organism}: not an organism that we hold resistance rules for; its changes"
    " were not judged.",
    HIV_2: "HIV-2: the rules of HIVDB for HIV-1 do not hold for it, and it was not scored.",
    ARCHIVE: "Results of {dates} were taken together: HIV keeps earlier variants in its archive,"
    " and a later test under other drugs may not show them.",
    SPAN: "Results of {dates} were taken together; they may be of different strains or episodes.",
    FAILED_SINCE: "A later test of {gene} ({date}) gave no answer.",
    UNREAD: "Changes of {gene} could not be read ({what}): resistance may be greater than shown.",
    NOT_HELD: "The WHO catalogue's groups 3 and 4 are not held here: a change that is not listed is"
    " neither resistance nor susceptibility.",
    BOOSTED: "HIVDB scores {drug} with a booster; none was seen among the orders and medicines.",
    LABORATORY: "The laboratory says {said} for {drug}, our rules say {ours}: ask the laboratory.",
    BORDERLINE: "{change} is a borderline rpoB mutation: low-level resistance that a phenotypic"
    " test may miss.",
    ONE_SITE: "The grading of {change} rests in part on a site that sent resistant strains alone.",
    SEVERAL_FOLDS: "Fold changes are of one change each; how several act together is not known.",
    OTHER_GENOTYPE: "{change} is graded for HCV genotype {graded}; the result says {stated}.",
    NO_TARGET: "{change} is not in a gene that {drug} is known to act by: a lone report.",
    NO_DATE: "A result of {organism} has no date.",
}


def note(code: str, /, **words: object) -> Caveat:
    """The caveat of a code, its sentence filled in."""
    return Caveat(code, SENTENCES[code].format(**words))
