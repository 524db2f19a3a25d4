"""A synthetic cohort, the same at every run: each patient is a mixture of results by chance, with
what tells results of the same words apart (dates, specimens, phase, sex, whose they are)."""

import random
from collections.abc import Iterator

from .people import phase, sequence
from .synthetic import (
    coded,
    coding,
    condition_part,
    drug,
    effect,
    gene,
    genotype,
    implication,
    observation,
    part,
    patient,
    placed,
    problem,
    protein,
    report,
    variant,
)

GERMLINE, SOMATIC = "LA6683-2", "LA6684-0"
CHR10, CHR12, CHR6 = "NC_000010.11", "NC_000012.12", "NC_000006.12"
STAR_2, RS4149056 = 94781858, 21178614  # CYP2C19*2, SLCO1B1 c.521T>C: 0-based on GRCh38
TPMT_460, TPMT_719 = 18138996, 18130686  # together on one chromosome TPMT*3A
HETEROZYGOUS, HOMOZYGOUS = "LA6706-1", "LA6705-3"
MOTHER = {"focus": [{"reference": "RelatedPerson/synthetic-mother"}]}
DIPLOTYPES = (
    ("CYP2C19", ("*1/*1", "*1/*2", "*2/*2", "*1/*17")),
    ("CYP2D6", ("*1/*4", "*4/*4", "*1/*41")),
    ("TPMT", ("*1/*3A", "*3A/*3C")),
    ("DPYD", ("c.1905+1G>A (*2A)/Reference", "Reference/Reference")),
    ("G6PD", ("B (reference)/Mediterranean, Dallas, Panama, Sassari, Cagliari, Birmingham",)),
    ("CFTR", ("F508del/G551D",)),
)
TUMOUR = (
    ("EGFR", "p.Leu858Arg"), ("EGFR", "p.Thr790Met"), ("BRAF", "p.Val600Glu"),
    ("KRAS", "p.Gly12Asp"), ("TP53", "p.Arg175His"), ("PIK3CA", "p.His1047Arg"),
)  # fmt: skip
INHERITED = (
    ("BRCA1", "NM_007294.4:c.5266dup"), ("BRCA2", "NM_000059.4:c.5946del"),
    ("KCNQ1", "NM_000218.3:c.1032G>A"), ("F5", "NM_000130.5:c.1601G>A"),
    ("SCN1A", "NM_001165963.4:c.3637C>T"), ("RYR1", "NM_000540.3:c.6617C>T"),
    ("LDLR", "NM_000527.5:c.1060+1G>A"),
)  # fmt: skip
DISEASES = (
    ("Malignant melanoma", "372244006"), ("Non-small cell lung cancer", "254637007"),
    ("Breast cancer", "254837009"), ("Colorectal cancer", "363406005"),
    ("Essential hypertension", "59621000"), ("Epilepsy", "84757009"),
)  # fmt: skip
BIOMARKERS = (
    ("81695-9", "MSI-H"), ("94076-7", "High"), ("85337-4", "Positive"), ("78205-2", "Detected"),
    ("85319-2", "3+"),
)  # fmt: skip
MEANINGS = ("", "LA6668-3", "LA6675-8", "LA26333-7")  # pathogenic, benign, uncertain


class Person:
    """One patient's results; the same for the same number."""

    def __init__(self, number: int) -> None:
        self.chance, self.id = random.Random(f"patient {number}"), f"c{number:03}"
        self.made = 0

    def name(self) -> str:
        self.made += 1
        return f"{self.id}-{self.made}"

    def has(self, share: float) -> bool:
        return self.chance.random() < share

    def when(self) -> str:
        return self.chance.choice(("2021-05-01", "2023-05-01", "2026-03-01"))

    def around(self) -> dict[str, object]:
        """What a result says beside its value: mostly nothing."""
        members: dict[str, object] = {"effectiveDateTime": self.when()}
        if self.has(0.06):
            members["status"] = self.chance.choice(("preliminary", "entered-in-error"))
        if self.has(0.05):
            members |= MOTHER
        return members

    def record(self) -> Iterator[dict[str, object]]:
        kinds = (
            self.genotypes, self.placed, self.tumour, self.inherited, self.biomarkers,
            self.stated, self.sequences,
        )  # fmt: skip
        shares = (0.6, 0.3, 0.45, 0.4, 0.15, 0.12, 0.06)
        sex = {"gender": self.chance.choice(("male", "female"))} if self.has(0.5) else {}
        yield patient(self.id, **sex)
        for kind, share in zip(kinds, shares, strict=True):
            if self.has(share):
                yield from kind()
        for words, code in self.chance.sample(DISEASES, self.chance.choice((0, 0, 1, 1, 2))):
            found = problem(self.name(), self.id, words, code)
            if self.has(0.2):
                found["clinicalStatus"]["coding"][0]["code"] = "resolved"
            yield found
        if self.has(0.05):
            yield problem(self.name(), self.id, "Pregnancy", "77386006")

    def genotypes(self):
        for symbol, names in self.chance.sample(DIPLOTYPES, 2):
            for _ in range(2 if self.has(0.2) else 1):  # the second may contradict the first
                name = self.chance.choice(names)
                yield genotype(self.name(), self.id, symbol, name, **self.around())
        if self.has(0.3):
            words = self.chance.choice(("Poor metabolizer", "Normal metabolizer"))
            yield observation(self.name(), "79714-2", self.id,
                              valueCodeableConcept={"text": words}, **self.around())  # fmt: skip
        if self.has(0.2):
            value = {"text": self.chance.choice(("HLA-B*57:01", "HLA-B*15:02", "HLA-A*02:01"))}
            locus = value["text"][:5]
            yield observation(self.name(), "84414-2", self.id, gene(locus),
                              valueCodeableConcept=value, **self.around())  # fmt: skip
        if self.has(0.2):
            value = {"text": "Mediterranean, Dallas, Panama, Sassari, Cagliari, Birmingham"}
            yield observation(self.name(), "84414-2", self.id, gene("G6PD"),
                              valueCodeableConcept=value, **self.around())  # fmt: skip

    def placed(self):
        choice = self.chance.choice
        state = choice((HETEROZYGOUS, HOMOZYGOUS))
        yield variant(self.name(), self.id, "SLCO1B1",
                      *placed(CHR12, RS4149056, "T", choice("CCT"), state),
                      **self.around())  # fmt: skip
        if self.has(0.4):
            yield variant(self.name(), self.id, "CYP2C19", *placed(CHR10, STAR_2, "G", "A", state),
                          **self.around())  # fmt: skip
        if self.has(0.4):
            one, other = self.name(), self.name()
            yield variant(one, self.id, "TPMT", *placed(CHR6, TPMT_460, "C", "T"))
            yield variant(other, self.id, "TPMT", *placed(CHR6, TPMT_719, "T", "C"))
            if self.has(0.5):
                yield phase(self.name(), self.id, one, other, choice(("Cis", "Trans")))

    def _named(self, symbol, name, source):
        meaning = self.chance.choice(MEANINGS)
        parts = [part("53037-8", valueCodeableConcept=coded(meaning))] if meaning else []
        members = self.around()
        if self.has(0.15):
            source = "LA18194-3"  # unknown: only the specimen may tell
        if self.has(0.25):
            kind = self.chance.choice(("Tumor tissue", "Venous blood", "Plasma", "Amniotic fluid"))
            held = self.name()
            members["specimen"] = {"reference": f"Specimen/{held}"}
            yield {"resourceType": "Specimen", "id": held, "type": {"text": kind},
                   "subject": {"reference": f"Patient/{self.id}"}}  # fmt: skip
        id_ = self.name()
        made = variant(id_, self.id, symbol, name, *parts, source=source, **members)
        if self.has(0.1):
            made["valueCodeableConcept"] = coded("LA9634-2")  # absent
        yield made
        if not meaning and self.has(0.3):
            said = coded(self.chance.choice(MEANINGS[1:]))
            yield implication(
                self.name(), self.id, "diagnostic-implication",
                part("53037-8", valueCodeableConcept=said), parents=[id_],
            )  # fmt: skip
        if self.has(0.1):
            yield report(self.name(), self.id, [id_])

    def tumour(self):
        for symbol, change in self.chance.sample(TUMOUR, self.chance.choice((1, 1, 2))):
            source = SOMATIC if self.has(0.8) else GERMLINE
            yield from self._named(symbol, protein(change), source)

    def inherited(self):
        for symbol, change in self.chance.sample(INHERITED, self.chance.choice((1, 1, 2))):
            source = GERMLINE if self.has(0.85) else SOMATIC
            yield from self._named(symbol, coding(change), source)

    def biomarkers(self):
        code, value = self.chance.choice(BIOMARKERS)
        yield observation(self.name(), code, self.id, valueCodeableConcept={"text": value},
                          **self.around())  # fmt: skip

    def stated(self):
        said = self.chance.choice(("Poor metabolizer", "Responsive"))
        whose = self.chance.choice(("phenprocoumon", "osimertinib"))
        yield implication(self.name(), self.id, "therapeutic-implication", effect(said),
                          drug("", whose), condition_part("Melanoma"), **self.around())  # fmt: skip
        yield implication(
            self.name(), self.id, "diagnostic-implication",
            condition_part("Malignant hyperthermia", "405501007"), **self.around(),
        )  # fmt: skip

    def sequences(self):
        state = self.chance.choice((("G", "A"), ("G", "G")))
        yield sequence(self.name(), self.id, CHR10, (STAR_2, *state))


def cohort(size: int) -> list[dict[str, object]]:
    """All resources of so many patients."""
    return [each for number in range(size) for each in Person(number).record()]
