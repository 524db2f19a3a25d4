"""Who may import whom. A new arrow is a decision: write it down here, with its reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "fhir_pgx"

NOUNS = {"model", "errors", "terminology"}
STAGES = {"normalize", "genotype", "phenotype", "recommendation", "cards", "reports"}
# What the rooms that people reach us through may use.
HOUSE = NOUNS | {
    "settings", "pipeline", "services", "operations", "rest", "plugins", "storage", "fhir",
}  # fmt: skip

MAY_IMPORT: dict[str, set[str]] = {
    "model": {"errors", "terminology"},
    "errors": set(),
    "terminology": set(),
    "version": set(),
    "settings": {"errors"},
    **dict.fromkeys(STAGES, NOUNS),
    "fhir": NOUNS,
    "vcf": NOUNS,
    "outside": NOUNS,
    "knowledge": NOUNS,
    "storage": NOUNS,
    "security": NOUNS,
    # Checks a document against schemas: reads FHIR, and the schemas that knowledge holds.
    "validation": NOUNS | {"fhir", "knowledge"},
    # The one room that knows all stages. A report names the version that made it.
    "pipeline": NOUNS | STAGES | {"memory", "settings", "fhir", "sources", "knowledge", "version"},
    "memory": NOUNS,
    # Documents told apart and read: each format's room, and the spelling of variants.
    "sources": NOUNS | {"fhir", "vcf", "outside", "normalize"},
    # A service reads the call (fhir), asks the store, and leaves the judgement to the pipeline.
    # What Consents keep from the caller (security) it takes out of the evidence, by the words for
    # genes that knowledge holds.
    "services": NOUNS | {"fhir", "storage", "pipeline", "security", "knowledge"},
    # FHIR's REST interactions: what is written is checked and indexed, what is asked is searched.
    # Beside a mislabelled result its DetectedIssue is kept (reports).
    "rest": NOUNS | {"fhir", "storage", "pipeline", "validation", "knowledge", "reports"},
    # An operation asks the store and the pipeline, and writes what it found (reports).
    "operations": NOUNS | {"fhir", "storage", "pipeline", "validation", "normalize", "reports"},
    "plugins": NOUNS | {"services", "operations"},
    "web": HOUSE | {"cards", "knowledge", "security", "validation", "version"},
    # The examples that the workbench opens are files, which knowledge reads.
    "workbench": HOUSE | {"web", "knowledge"},
    "batch": HOUSE,
    # serve starts the web; hook writes cards as the web does; a file is told to be a VCF (vcf) by
    # its first bytes, because it is read in pieces and never whole.
    "cli": HOUSE
    | {"cards", "knowledge", "security", "sources", "validation", "version", "vcf", "web"},
    # A pytest plugin for teams that test a client of theirs: it starts the whole application with
    # the example patients (cli loads them), and checks messages.
    "testing": NOUNS | {"settings", "pipeline", "storage", "cli", "knowledge", "validation", "web"},
    "__main__": {"cli"},
    # The package offers create_app and FhirPgx.
    "__init__": {"web"},
}

# Things of the world outside, and the only rooms or modules that may touch them.
ONLY = {
    "os.environ": {"settings"},
    "os.getenv": {"settings"},
    "requests": {"fhir/client.py"},
    "httpx": set(),
    "urllib.request": set(),
    "http.client": {"cli/demo.py"},  # asks our own server, as a client would
    "socket": {"fhir/client.py", "cli/serve.py"},  # a name looked up; a port tried
    "sqlite3": {"storage", "knowledge"},
    "psycopg": {"storage/postgres.py"},  # an extra, imported where a URL asks for it
    "sqlalchemy": {"storage"},
    "subprocess": {"cli/demo.py"},
    "pysam": {"cli/tabix.py"},  # reads an indexed file from the disk
    "flask": {"web", "workbench", "cli/serve.py"},  # the last for its type alone
}
DISK = {"knowledge", "storage", "cli"}
DISK_CALLS = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink", "iterdir",
    "glob", "rglob", "rmdir", "touch",
}  # fmt: skip
DISK_TOO = {
    "settings.py",  # its one TOML file, and the operator's of who may call
    "fhir/xml/elements.py",  # a table in the package, read once at import
    "rest/parameters.py",  # likewise
    "workbench/assets.py",  # the pages' own files in the package, read once
    "workbench/words/__init__.py",  # likewise: the patient's page, a table a language
}
CLOCK = {"datetime.now", "datetime.today", "time.time", "uuid.uuid4", "random"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module and name that a tree imports, in full."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute chain; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def rooms_imported(tree: ast.AST) -> set[str]:
    found = {name.split(".")[1] for name in imports(tree) if name.startswith("fhir_pgx.")}
    # `from fhir_pgx import create_app` is the package's own door.
    return found - {"create_app", "FhirPgx"}


def strangers(tree: ast.AST, own: str) -> set[str]:
    """The rooms that a tree of the room `own` imports against the table."""
    return rooms_imported(tree) - MAY_IMPORT[own] - {own}


def named(tree: ast.AST) -> frozenset[str]:
    """Every module and name that a tree imports, and every attribute chain in it."""
    chains = (dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name))
    return frozenset((*imports(tree), *chains)) - {""}


def uses(names: frozenset[str], thing: str) -> bool:
    """Whether a thing, or something in it, is among the names of a tree."""
    return thing in names or any(name.startswith(f"{thing}.") for name in names)


def touches_disk(tree: ast.AST) -> set[str]:
    """The calls in a tree that read or write files."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {name for call in calls if (name := called(call)) in DISK_CALLS}


def called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    name = getattr(call.func, "attr", "")
    # `path.open()` and `path.open("rb")` open a file; `writer.open(element)` does not.
    is_mode = all(isinstance(each, ast.Constant) for each in call.args)
    return "" if name == "open" and not is_mode else name


@pytest.fixture(scope="module")
def names(trees) -> dict[Path, frozenset[str]]:
    return {path: named(tree) for path, tree in trees.items()}


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.AST]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in modules()}


def test_every_room_has_its_row_in_the_table():
    assert {room(path) for path in modules()} <= MAY_IMPORT.keys()


def test_no_room_imports_one_that_the_table_does_not_name(trees):
    found = {
        place(path): unwanted
        for path, tree in trees.items()
        if (unwanted := strangers(tree, room(path)))
    }
    assert found == {}


def test_imports_run_one_way():
    """The table itself holds no circle: facts flow from the edges to the model."""
    done: set[str] = set()

    def walk(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, f"a circle: {(*above, name)}"
        if name not in done:
            for below in MAY_IMPORT.get(name, ()):
                walk(below, (*above, name))
            done.add(name)

    for each in MAY_IMPORT:
        walk(each, ())


def test_a_stage_never_imports_another_stage():
    for stage in STAGES:
        assert not MAY_IMPORT[stage] & STAGES


@pytest.mark.parametrize("thing", sorted(ONLY))
def test_the_world_outside_is_touched_in_few_places(names, thing):
    allowed = ONLY[thing]
    found = {
        place(path)
        for path, used in names.items()
        if uses(used, thing) and not {place(path), room(path)} & allowed
    }
    assert found == set()


def test_knowledge_storage_and_the_command_alone_touch_files(trees):
    found = {
        place(path): calls
        for path, tree in trees.items()
        if room(path) not in DISK and place(path) not in DISK_TOO and (calls := touches_disk(tree))
    }
    assert found == {}


@pytest.mark.parametrize("thing", sorted(CLOCK))
def test_a_stage_has_neither_clock_nor_chance(names, thing):
    found = {
        place(path) for path, used in names.items() if room(path) in STAGES and uses(used, thing)
    }
    assert found == set()


# The guard itself can fail


@pytest.mark.parametrize(
    ("source", "own", "unwanted"),
    [
        ("from fhir_pgx.genotype import caller", "phenotype", {"genotype"}),
        ("import fhir_pgx.web.app", "services", {"web"}),
        ("def f():\n    from fhir_pgx.storage import SqlStore", "cards", {"storage"}),
        ("from fhir_pgx.model.card import Card", "cards", set()),
        ("from fhir_pgx.phenotype.score import x", "phenotype", set()),
    ],
)
def test_an_import_against_the_table_is_found(source, own, unwanted):
    assert strangers(ast.parse(source), own) == unwanted


@pytest.mark.parametrize(
    ("source", "thing", "found"),
    [
        ("import os\nos.environ['A']", "os.environ", True),
        ("from os import environ", "os.environ", True),
        ("import requests.adapters", "requests", True),
        ("from datetime import datetime\ndatetime.now()", "datetime.now", True),
        ("import os\nos.cpu_count()", "os.environ", False),
        ("requested = 1", "requests", False),
    ],
)
def test_a_use_of_the_world_outside_is_found(source, thing, found):
    assert uses(named(ast.parse(source)), thing) is found


def test_a_file_that_is_opened_is_found():
    assert touches_disk(ast.parse("open('x')\np.read_text()\np.name")) == {"open", "read_text"}
    assert touches_disk(ast.parse("p.open('rb')")) == {"open"}
    assert touches_disk(ast.parse("writer.open(element)")) == set()
