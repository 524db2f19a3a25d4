"""What stands on the workbench: the form as a value, and back.

Nothing of it is kept on the server. Everything that was pasted or changed travels in the body of a
POST, never in an address: a genome must not stand in a log. The names of examples, drugs, EHRs and
hooks may stand in one, so that a link opens the workbench on them.
"""

from dataclasses import dataclass, replace
from typing import Final

from werkzeug.datastructures import FileStorage, MultiDict

from fhir_pgx.model.document import Document

MOST_DRUGS: Final = 20
MOST_FACTS: Final = 40
_LONGEST: Final = 200  # characters of a name or a value


@dataclass(frozen=True, slots=True)
class State:
    """`data` is the text in the box and `files` what a browser without scripts uploaded beside it;
    empty `ehr` and `hook` leave it to the data. `genotypes` are pairs of gene and diplotype or
    phenotype, `medicines` names, `weight` a text in kg, `age` one in years; `gene` is the one that
    is looked at closely; `over` are the controls (`drug`, `fact`, `medicine`) that were given more
    than the workbench holds: the first ones count."""

    example: str = ""
    data: str = ""
    files: tuple[Document, ...] = ()
    hook: str = ""
    ehr: str = ""
    trouble: str = ""
    drugs: tuple[str, ...] = ()
    genotypes: tuple[tuple[str, str], ...] = ()
    medicines: tuple[str, ...] = ()
    weight: str = ""
    age: str = ""
    gene: str = ""
    cyp2d6_from_snvs: bool = False
    missing_as_reference: bool = False
    over: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether a fact was changed by hand."""
        return bool(self.genotypes or self.medicines or self.weight or self.age)

    @property
    def is_built(self) -> bool:
        """Whether something was chosen that a request as it stands cannot be sent with."""
        return bool(self.ehr or self.trouble not in ("", "none") or self.drugs or self.hook)

    @property
    def documents(self) -> tuple[Document, ...]:
        """The data as sent, in their order; empty where there are none."""
        pasted = (Document(self.data.encode(), "", ""),) if self.data.strip() else ()
        return (*self.files, *pasted)


def read_state(
    sent: "MultiDict[str, str]", files: "MultiDict[str, FileStorage] | None" = None
) -> State:
    """The state that a form or an address names. What a control offers to add (`add-drug`, `set`)
    is added to what is there; of more than the workbench holds the first are taken."""
    drugs = _several(sent, "drug", "add-drug")
    medicines = _several(sent, "medicine", "add-medicine")
    facts = _several(sent, "fact", "set")
    counted = (("drug", drugs, MOST_DRUGS), ("fact", facts, MOST_FACTS),
               ("medicine", medicines, MOST_FACTS))  # fmt: skip
    genotypes: dict[str, str] = {}
    for fact in facts[:MOST_FACTS]:
        gene, _, said = fact.partition("=")
        if gene.strip() and said.strip():
            genotypes[gene.strip()] = said.strip()  # the last word on a gene counts
    return State(
        example=_one(sent, "example"),
        data=sent.get("data", "").replace("\r\n", "\n"),
        files=_uploaded(files) if files is not None else (),
        hook=_one(sent, "hook"),
        ehr=_one(sent, "ehr"),
        trouble=_one(sent, "trouble"),
        drugs=drugs[:MOST_DRUGS],
        genotypes=tuple(genotypes.items()),
        medicines=medicines[:MOST_FACTS],
        weight=_one(sent, "weight"),
        age=_one(sent, "age"),
        gene=(_several(sent, "gene") or ("",))[-1],  # a button's value comes after the one kept
        cyp2d6_from_snvs="cyp2d6-from-snvs" in sent,
        missing_as_reference="missing-as-reference" in sent,
        over=tuple(name for name, given, most in counted if len(given) > most),
    )


def without(state: State, removed: "MultiDict[str, str]") -> State:
    """The state after a button took something off it (`remove-drug` and the like)."""
    return replace(
        state,
        drugs=_less(state.drugs, removed.getlist("remove-drug")),
        medicines=_less(state.medicines, removed.getlist("remove-medicine")),
        genotypes=tuple(
            each for each in state.genotypes if "=".join(each) not in removed.getlist("remove-fact")
        ),
    )


def _less(held: tuple[str, ...], removed: list[str]) -> tuple[str, ...]:
    return tuple(each for each in held if each not in removed)


def _one(sent: "MultiDict[str, str]", name: str) -> str:
    return sent.get(name, "").strip()[:_LONGEST]


def _several(sent: "MultiDict[str, str]", *names: str) -> tuple[str, ...]:
    values = (value.strip()[:_LONGEST] for name in names for value in sent.getlist(name))
    return tuple(dict.fromkeys(value for value in values if value))


def _uploaded(files: "MultiDict[str, FileStorage]") -> tuple[Document, ...]:
    """The files that a form brought; a form without a chosen file sends an empty one."""
    found = (
        Document(each.read(), each.filename or "", each.mimetype) for each in files.getlist("file")
    )
    return tuple(each for each in found if each.data)
