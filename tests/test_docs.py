"""What the papers say of the code is so: caveats, commands, links, files, addresses, settings."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from fhir_pgx.cli.command import COMMANDS
from fhir_pgx.knowledge.loader import read_release

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAPERS = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")

# PGX-5xx are caveats of reading, PGX-6xx of results and advice, PGX-7xx and 8xx of precision
# therapy; every other code is an error.
CAVEAT = re.compile(r"PGX-[5-8][0-9]{2}")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def text_of(path):
    return path.read_text(encoding="utf-8")


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def caveats_in_the_code():
    found = set()
    for path in (ROOT / "fhir_pgx").rglob("*.py"):
        found |= set(CAVEAT.findall(text_of(path)))
    return found


def documented_caveats(text):
    """The codes that have a row of their own; a code that is only mentioned is not documented."""
    return re.findall(rf"^\| `({CAVEAT.pattern})` \|", text, re.MULTILINE)


def anchor(heading):
    """The anchor that a Markdown page gets for a heading (GitHub's rule)."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return words.replace(" ", "-")


def broken_links(path, text):
    """The relative links of a page that lead nowhere."""
    broken = []
    for link in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, fragment = link.partition("#")
        target = (path.parent / unquote(file)).resolve() if file else path
        if not target.exists():
            broken.append(link)
        elif fragment and target.suffix == ".md":
            anchors = {
                anchor(heading) for heading in HEADING.findall(FENCE.sub("", text_of(target)))
            }
            if fragment not in anchors:
                broken.append(link)
    return broken


def commands_of(text):
    """The first word after `fhir-pgx` wherever a page writes a command."""
    return set(re.findall(r"fhir-pgx (?!--)([a-z]+(?:-[a-z]+)*)", text))


def files_sent(text):
    """The files that curl, pip and hook lines name."""
    named = re.findall(r"@([\w./-]+)", text)
    named += re.findall(r"fhir-pgx hook ([a-z][\w./-]*\.json)", text)
    return set(named)


def test_every_caveat_of_the_code_has_its_row_and_every_row_its_caveat():
    documented = documented_caveats(text_of(DOCS / "caveats.md"))
    assert len(documented) == len(set(documented)), "a code has two rows"
    assert set(documented) == caveats_in_the_code()


def test_a_caveat_that_is_only_mentioned_does_not_count_as_documented():
    assert documented_caveats("see PGX-601\n| `PGX-602` | sentence | act |") == ["PGX-602"]


@pytest.mark.parametrize("path", PAPERS, ids=name_of)
def test_every_relative_link_leads_somewhere(path):
    assert broken_links(path, text_of(path)) == []


@pytest.mark.parametrize(
    "link", ["[a](nowhere.md)", "[a](errors.md#no-such-heading)", "[a](#no-such-heading)"]
)
def test_a_link_that_leads_nowhere_is_found(link):
    assert broken_links(DOCS / "caveats.md", link)


@pytest.mark.parametrize("path", PAPERS, ids=name_of)
def test_every_command_named_exists(path):
    known = set(COMMANDS)
    assert commands_of(text_of(path)) <= known


def test_the_readme_names_every_command():
    known = set(COMMANDS)
    assert commands_of(README) == known


@pytest.mark.parametrize("path", PAPERS, ids=name_of)
def test_every_module_that_a_page_tells_to_run_is_there(path):
    for module in re.findall(r"python -m (fhir_pgx[\w.]*)", text_of(path)):
        file = ROOT / module.replace(".", "/")
        assert file.with_suffix(".py").exists() or (file / "__main__.py").exists(), module


def test_every_file_that_the_readme_sends_is_there():
    sent = files_sent(README)
    assert "examples/order-sign-clopidogrel/request.json" in sent
    assert [name for name in sent if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?m)(?:^    |`)make ([a-z]+)", README))))
def test_every_make_target_of_the_readme_exists(target):
    assert re.search(rf"^{target}:", text_of(ROOT / "Makefile"), re.MULTILINE)


def test_the_counts_in_the_readme_are_those_of_the_release():
    release = read_release()
    counts = release["counts"]
    said = (
        f"release {release['release']} (tables of {release['sources'][0]['as_of']}): "
        f"{counts['guidelines']} guidelines, {counts['drugs']} drugs, "
        f"{counts['rows']} recommendation rows, {counts['genes']} genes"
    )
    assert said in README


@pytest.mark.parametrize(
    ("count", "said"),
    [
        ("tumour_rows", "{} rows on tumours"),
        ("tumour_statements", "{} statements on diagnosis and outlook"),
        ("inherited_rows", "{} rows on inherited disease"),
        ("risk_genes", "{} genes of actionable findings"),
        ("hiv_rules", "{} rules of HIV resistance"),
        ("tb_rows", "{} rows on tuberculosis"),
        ("herpes_rows", "{} on herpesviruses"),
    ],
)
def test_the_counts_of_precision_therapy_in_the_readme_are_those_of_the_release(count, said):
    assert said.format(read_release()["counts"][count]) in README


def test_every_example_that_the_readme_runs_is_of_a_domain_or_the_first():
    run = re.findall(r"fhir-pgx hook examples/([\w-]+)/", README)
    begins = {name.split("-")[0] for name in run}
    assert {"tumour", "pathogen", "inherited", "prevention", "transplant"} <= begins


def test_the_genes_with_advice_are_as_many_as_the_readme_says(knowledge):
    advised = {gene for drug in knowledge.drugs for gene in drug.genes}
    assert f"of which {len(advised)} have advice" in README


def test_the_card_in_the_readme_is_the_one_that_comes_back():
    shown = json.loads(re.search(r"```json\n(.*?)```", README, re.DOTALL)[1])["cards"][0]
    asked = ROOT / "examples" / "order-sign-clopidogrel" / "request.json"
    run = subprocess.run(
        [sys.executable, "-m", "fhir_pgx", "hook", str(asked)],
        capture_output=True, check=True, cwd=ROOT,
    )  # fmt: skip
    (card,) = json.loads(run.stdout)["cards"]
    for member in ("uuid", "summary", "indicator", "selectionBehavior"):
        assert shown[member] == card[member]
    assert shown["source"]["topic"]["code"] == card["source"]["topic"]["code"]
    assert [s["label"] for s in shown["suggestions"]] == [s["label"] for s in card["suggestions"]]
    assert [link["label"] for link in shown["links"]] == [link["label"] for link in card["links"]]
    sections = re.findall(r"\*\*[A-Z][a-z]+\*\*", shown["detail"])
    assert all(section in card["detail"] for section in sections)


def test_every_decision_has_a_number_of_its_own():
    numbers = [page.name[:4] for page in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=name_of)
def test_every_decision_says_context_decision_and_consequences(page):
    parts = re.findall(
        r"^(?:## |\*\*)(Context|Decision|Consequences)\b", text_of(page), re.MULTILINE
    )
    assert parts == ["Context", "Decision", "Consequences"]
