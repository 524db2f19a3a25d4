"""All that is known of a patient's tumours at once: what a view is written from."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from fhir_pgx.model.finding import Caveat, StatedImplication
from fhir_pgx.model.tumour import Alteration, Marker, MarkerName, Specimen
from fhir_pgx.model.tumour_answer import Board, Held, Judged


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A limit that labels set for a marker in a cancer: a number of at least, or below, on the
    marker's scale; `specimen` is empty where the label does not say. `drugs` are those that it is
    the limit for, `rows` the ids of the rows."""

    marker: MarkerName
    scale: str
    specimen: Specimen
    at_least: Decimal | None
    below: Decimal | None
    drugs: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InUse:
    """A medicine in use that findings speak against; `label` is the order's own words."""

    label: str
    reference: str
    judged: Judged


@dataclass(frozen=True, slots=True)
class CancerFound:
    """One cancer. `opposites` are, for a row that another contradicts, the rows that say the
    opposite of the same finding and drugs: by the row's id."""

    board: Board
    in_use: tuple[InUse, ...]
    opposites: Mapping[str, tuple[Held, ...]]
    cutoffs: tuple[Cutoff, ...]


@dataclass(frozen=True, slots=True)
class TumourFound:
    """`alterations` are those of the tumour, of the patient's own genome and of neither by word,
    told apart by their `source_class`; germline results of the genes of drug response stand
    elsewhere. `cancers` is empty where nothing of a tumour is on file; one without a cancer in it
    means findings without a cancer. `reported` is what the laboratory says itself."""

    alterations: tuple[Alteration, ...] = ()
    markers: tuple[Marker, ...] = ()
    cancers: tuple[CancerFound, ...] = ()
    reported: tuple[StatedImplication, ...] = ()
    caveats: tuple[Caveat, ...] = ()
