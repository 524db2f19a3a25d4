"""A wallet card: one patient's results of drug response, on paper in a purse and signed.

A card is short by its nature, and says so: it counts every gene that is not on it, apart by why.
Four states of a gene stay apart here as everywhere: a result, a result that is open (several
diplotypes, two results that disagree, a function that nobody knows), tested without an answer, and
not tested.
"""

from dataclasses import dataclass
from typing import Final, Literal

QUIET: Final = 4  # modules around a QR code, by ISO/IEC 18004
# Our own codes for what a card says that no code system has a code for (docs/wallet-card.md).
CARD_CODES: Final = "urn:fhir-pgx:card"

OpenWhy = Literal["", "ambiguous", "conflict", "indeterminate"]


@dataclass(frozen=True, slots=True)
class CardHolder:
    """Whose card it is. `given` and `family` are as the record has them, or their initials;
    `text` is a whole name where the record has no parts. `birth_date` is FHIR date text."""

    family: str = ""
    given: tuple[str, ...] = ()
    text: str = ""
    birth_date: str = ""

    @property
    def name(self) -> str:
        """The name in one line."""
        return self.text or " ".join((*self.given, self.family)).strip()

    def with_initials(self) -> "CardHolder":
        """The same person by initials: `A. E.`; the birth date stays."""
        parts = self.text.split() if self.text else [*self.given, self.family]
        letters = [f"{part[0].upper()}." for part in parts if part]
        return CardHolder(given=tuple(letters[:-1]), family=letters[-1] if letters else "",
                          birth_date=self.birth_date)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CardGene:
    """One gene's result as it stands on a card.

    `gene` is the HGNC symbol. `genotype` is empty where a report states the phenotype alone;
    several possible ones are joined by `or`, two that disagree by `against`. `phenotype` is the
    standard term, joined likewise, or the statuses of HLA alleles; empty where there is none.
    `score` is the activity score as text.
    `is_partial`: positions that were not read could hide an allele that changes the advice.
    `when` is a FHIR date (no time), `laboratory` a name; both empty where not stated.
    """

    gene: str
    genotype: str
    phenotype: str
    score: str = ""
    open_why: OpenWhy = ""
    is_partial: bool = False
    when: str = ""
    laboratory: str = ""


@dataclass(frozen=True, slots=True)
class CardContent:
    """What could stand on a card, before it is known how much fits.

    `genes` are those with a result and with advice on a drug, the ones that matter most first;
    `others` counts results without advice on any drug. `no_answer` were tested without an answer.
    The four make up the genes that this release of the knowledge reads.
    """

    holder: CardHolder
    genes: tuple[CardGene, ...]
    others: int
    no_answer: int
    not_tested: int
    release: str


@dataclass(frozen=True, slots=True)
class WalletCard:
    """A card as it is signed, and as it is read back. `left_out` counts the genes with a result
    that are not on it. `issued` is in seconds since 1970. `is_demonstration`: signed with a key
    that everybody has, so that it proves nothing."""

    holder: CardHolder
    genes: tuple[CardGene, ...]
    left_out: int
    no_answer: int
    not_tested: int
    release: str
    issuer: str
    issued: int
    is_demonstration: bool = False


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """A card and its signed forms: `jws`, and `text`, which the QR code holds (`shc:/…`)."""

    card: WalletCard
    jws: str
    text: str
    key_id: str


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code. `modules` is its width without the quiet zone; `path` draws the dark modules, in
    modules from the corner of the quiet zone, for the attribute `d` of an SVG path. `correction` is
    the level of error correction, L (about 7 % of the code) or M (15 %)."""

    version: int
    correction: Literal["L", "M"]
    modules: int
    path: str

    @property
    def width(self) -> int:
        """In modules, with the quiet zone."""
        return self.modules + 2 * QUIET
