"""Hand-made findings, rows and cancers for the tests of tumour matching. All synthetic."""

from decimal import Decimal

from fhir_pgx.model.finding import Origin, Presence, SourceClass
from fhir_pgx.model.therapy import Provenance, TherapyDrug
from fhir_pgx.model.tumour import (
    Alteration,
    Atom,
    Cancer,
    Disease,
    Marker,
    MarkerTest,
    Profile,
    StatedCancer,
    TumourRow,
)
from fhir_pgx.normalize.protein import parse_protein

SOMATIC, GERMLINE, UNKNOWN = SourceClass.SOMATIC, SourceClass.GERMLINE, SourceClass.UNKNOWN
PRESENT, ABSENT, NO_CALL = Presence.PRESENT, Presence.ABSENT, Presence.NO_CALL

DISEASES = (
    Disease("DOID:162", "cancer", ()),
    Disease("DOID:1324", "lung cancer", ("DOID:162",)),
    Disease("DOID:3908", "lung non-small cell carcinoma", ("DOID:1324", "DOID:162")),
    Disease("DOID:3910", "lung adenocarcinoma", ("DOID:3908", "DOID:1324", "DOID:162")),
    Disease("DOID:9256", "colorectal cancer", ("DOID:162",)),
    Disease("DOID:219", "colon cancer", ("DOID:9256", "DOID:162")),
    Disease("DOID:1909", "melanoma", ("DOID:162",)),
    Disease("DOID:1612", "breast cancer", ("DOID:162",)),
    Disease("DOID:2531", "hematologic cancer", ("DOID:162",)),
    Disease("DOID:9119", "acute myeloid leukemia", ("DOID:2531", "DOID:162")),
)


def origin(name="Observation/made", when="2026-10-01"):
    return Origin(name, "Observation", when=when)


def small(gene, change, presence=PRESENT, **more):
    """A small variant by its protein name; `change` may be a codon (`p.Val600`)."""
    parsed = parse_protein(change)
    assert parsed is not None, change
    fields = {
        "source_class": SOMATIC, "specimen": "tissue", "origin": origin(), "protein": parsed,
    } | more  # fmt: skip
    return Alteration(
        genes=(gene,), kind="variant", presence=presence, label=f"{gene} {change}", **fields
    )


def other(kind, *genes, presence=PRESENT, **more):
    """An alteration without a protein name."""
    fields = {"source_class": SOMATIC, "specimen": "tissue", "origin": origin()} | more
    label = fields.pop("label", f"{'::'.join(genes)} {kind}")
    return Alteration(genes=genes, kind=kind, presence=presence, label=label, **fields)


def marker(name, verdict="", number=None, **more):
    value = None if number is None else Decimal(str(number))
    copies = more.pop("copies", None)
    fields = {"origin": origin(), "specimen": "tissue"} | more
    return Marker(
        name=name,
        verdict=verdict,
        number=value,
        copies=None if copies is None else Decimal(str(copies)),
        **fields,
    )


def cancer(node, label="a cancer", state="active", reference="Condition/made"):
    stated = StatedCancer(label, (), state, origin(reference))
    return Cancer(stated, (node,) if node else (), "code")


# Profiles


def atom(kind, *genes, **more):
    proteins = tuple(parse_protein(each).text for each in more.pop("protein", ()))
    return Atom(kind=kind, name=kind, genes=genes, protein=proteins, **more)


def leaf(kind, *genes, **more):
    return Profile("is", atom(kind, *genes, **more))


def asks(name, *verdicts, **more):
    limits = {k: Decimal(str(v)) if k in ("at_least", "below") else v for k, v in more.items()}
    return Profile("is", Atom("marker", name, marker=MarkerTest(name, tuple(verdicts), **limits)))


def all_of(*parts):
    return Profile("and", of=parts)


def any_of(*parts):
    return Profile("or", of=parts)


def none_of(part):
    return Profile("not", of=(part,))


def row(profile, drugs, effect="sensitive", level="FDA-label", doid="DOID:3908", **more):
    drugs = tuple(TherapyDrug(name) for name in ([drugs] if isinstance(drugs, str) else drugs))
    name = f"{level}:{'+'.join(d.name for d in drugs)}:{effect}:{more.get('id', '')}"
    system = "FDA" if level.startswith("FDA") else "CIViC"
    fields = {
        "id": name, "text": "made", "genes": ("EGFR",), "origin": "",
        "disease": next((d.label for d in DISEASES if d.doid == doid), "a disease"),
        "joined": "combination" if len(drugs) > 1 else "single",
        "provenance": Provenance(system, system, level, name, as_of="2026-10-01"),
    } | {k: v for k, v in more.items() if k != "id"}  # fmt: skip
    return TumourRow(profile=profile, doid=doid, drugs=drugs, effect=effect, **fields)
