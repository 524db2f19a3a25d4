"""Which entry of `guidelines/fda` answers a sentence of FDA's, for a key and a population.

One sentence of FDA's may advise several groups differently. Of the entries that list its digest in
`from` the first whose `for` fits a key answers it, else the one without `for`. `for` names keys or
phenotypes by gene, and may also name `drug` (one sentence serves several) and `population` (the
row is then written once for each population named).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fhir_pgx.knowledge.imports.fda_groups import Keys
from fhir_pgx.knowledge.imports.sentences import digest

Answer = Mapping[str, Any]  # an advice entry of a guideline file

TABLE, LABEL = "FDA_PGX_TABLE", "FDA_LABEL"  # the sources of the facts' rows
NO_GENES = ("drug", "population")  # what `for` may name beside genes


class Advice:
    """The entries of `guidelines/fda`, by the digest of the sentence they re-express.

    What none answers is added to `missing`.
    """

    def __init__(self, guidelines: Sequence[Mapping[str, Any]], missing: set[str]) -> None:
        self.missing = missing
        self._guidelines = {each["guideline"]: each for each in guidelines}
        self._labels = [
            each["guideline"] for each in guidelines if not is_table(each["source_name"])
        ]
        self._tables = {
            each["source_name"]: each["guideline"]
            for each in guidelines
            if is_table(each["source_name"])
        }

    def guideline_of(self, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The file that answers a row: of its section by name, of a label by its sentence."""
        if row["source"] == TABLE:
            name = self._tables.get(row["guideline"])
            if name is None:
                self.missing.add(f"{row['guideline']}: no guideline file has this source_name")
        else:
            name = next((each for each in self._labels if self._answers(each, row)), None)
            if name is None:
                self._none(row, "labels")
        return self._guidelines[name] if name else None

    def answers(self, row: Mapping[str, Any]) -> dict[str, Answer]:
        """Each entry, by name, that re-expresses a row's sentence for its drug."""
        guideline = self.guideline_of(row)
        if guideline is None:
            return {}
        found = self._answers(guideline["guideline"], row)
        if not found:
            self._none(row, guideline["guideline"])
        return found

    def _answers(self, guideline: str, row: Mapping[str, Any]) -> dict[str, Answer]:
        key = digest(row["source_text"], row["drug"])
        return {
            name: entry
            for name, entry in self._guidelines[guideline]["advice"].items()
            if key in entry["from"]
            and row["drug"] in entry.get("for", {}).get("drug", [row["drug"]])
        }

    def implication(self, row: Mapping[str, Any], gene: str) -> str | None:
        """The entry that says what the gene's result means; None where none is written."""
        guideline = self.guideline_of(row)
        key = digest(row["source_text"], row["drug"])
        found = [
            name
            for name, entry in (guideline or {"implications": {}})["implications"].items()
            if entry["gene"] == gene and key in entry["from"]
        ]
        if len(found) > 1:
            self.missing.add(f"{row['id']}: {' and '.join(found)} both speak of {gene}")
        return found[0] if found else None

    def population(self, row: Mapping[str, Any], name: str) -> str:
        """The code of a population, as it stands in the ids of rules."""
        populations = (self.guideline_of(row) or {"populations": {}})["populations"]
        if name not in populations:
            self.missing.add(f"{row['id']}: no entry in populations for {name}")
            return ""
        code: str = populations[name]["code"]
        return code

    def _none(self, row: Mapping[str, Any], where: str) -> None:
        key = digest(row["source_text"], row["drug"])
        self.missing.add(f"{where}: no entry in advice for {row['id']} {key}: {row['source_text']}")


def is_table(source_name: str) -> bool:
    return source_name.startswith("FDA Table of Pharmacogenetic Associations")


def fits(entry: Answer, population: str, keys: Keys) -> bool:
    """Whether an entry's `for` holds for a population and for one key of each gene."""
    wanted = entry.get("for", {})
    if population not in wanted.get("population", [population]):
        return False
    return all(
        set(named) & set(keys.get(gene, ()))
        for gene, named in wanted.items()
        if gene not in NO_GENES
    )


def choose(answers: Mapping[str, Answer], population: str, keys: Keys) -> str | None:
    """The name of the entry that answers: the first whose `for` fits, else one without `for`."""
    fitting = [name for name, entry in answers.items() if fits(entry, population, keys)]
    fitting.sort(key=lambda name: "for" not in answers[name])  # stable: the file's order decides
    return fitting[0] if fitting else None


def populations_of(row: Mapping[str, Any], answers: Mapping[str, Answer]) -> list[str]:
    named = [
        name for entry in answers.values() for name in entry.get("for", {}).get("population", [])
    ]
    return list(dict.fromkeys(named)) or [row["population"]]
